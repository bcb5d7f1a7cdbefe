//! Every part of the suite as a test of its own.

use std::sync::Arc;

use ply_drive::suite::{self, Bench, Failing};
use ply_engine::MemoryEngine;

macro_rules! parts {
    ($($part:ident)*) => {
        $(
            #[test]
            fn $part() {
                let make = || Arc::new(MemoryEngine::new());
                suite::$part(&Bench::new(&make, &|engine| engine));
            }
        )*
    };
}

parts! { files recut tree errors attributes links conflicts history large watching }

#[test]
fn temp_admission() {
    let make = || Arc::new(Failing::new(MemoryEngine::new()));
    let bench = Bench::new(&make, &|engine| engine);
    let mut node = bench.node();
    node.engine().fail_after(0);
    assert!(futures::executor::block_on(node.drive().write(&suite::path("f"), b"x")).is_err());
    node.engine().fail_after(-1);
    node.put("f", b"x");
    node.commit();
    let other = bench.join(2, &node);
    bench.restart(&mut node);
    println!("members {}", node.replica().records().len());
    other.pull(&node, true);
    println!("{:?}", other.names(""));
    assert_eq!(other.names(""), ["f"]);
}

#[test]
fn law_5_a_full_disk_costs_nothing_but_the_operation_that_met_it() {
    suite::law_5(|| Arc::new(Failing::new(MemoryEngine::new())), |engine| engine);
}
