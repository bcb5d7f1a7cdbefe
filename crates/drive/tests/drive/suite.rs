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

parts! { files tree errors attributes links conflicts history large watching }

#[test]
fn law_10_and_11_a_change_costs_a_chunk_and_equal_content_is_stored_once() {
    let make = || Arc::new(MemoryEngine::new());
    suite::recut(&Bench::new(&make, &|engine| engine));
}

#[test]
fn law_5_a_full_disk_costs_nothing_but_the_operation_that_met_it() {
    suite::law_5(|| Arc::new(Failing::new(MemoryEngine::new())), |engine| engine);
}
