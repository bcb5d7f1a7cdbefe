//! Seeded histories of whole worlds, against a model that knows no clocks.
//!
//! `PLY_SEED=17` runs one history; `PLY_HISTORIES=10000` runs more of them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use ply_tests::history::{History, Plan};
use ply_tests::tally::Tally;

/// Histories in all, unless told otherwise.
const HISTORIES: u64 = 1000;
/// Operations in each.
const OPERATIONS: usize = 200;
/// Tests that share them, so that several cores work.
const SHARES: u64 = 4;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// Lives the histories of one share.
fn share(share: u64) {
    let count = number("PLY_HISTORIES").unwrap_or(HISTORIES);
    let seeds: Vec<u64> = match number("PLY_SEED") {
        Some(seed) if seed % SHARES == share => vec![seed],
        Some(_) => Vec::new(),
        None => (0..count).filter(|seed| seed % SHARES == share).collect(),
    };
    let began = Instant::now();
    let mut tally = Tally::default();
    for seed in seeds {
        let plan = Plan { seed, operations: OPERATIONS };
        match catch_unwind(AssertUnwindSafe(|| History::live(plan))) {
            Ok(one) => tally.add(&one),
            Err(panic) => {
                println!("history {seed} broke a law: run it again with PLY_SEED={seed}");
                resume_unwind(panic);
            }
        }
    }
    println!("{tally}, in {:.1} s", began.elapsed().as_secs_f64());
    assert!(tally.offline * 2 <= tally.operations, "most operations must be possible");
}

#[test]
fn law_2_nodes_that_know_the_same_show_the_same_first_share() {
    share(0);
}

#[test]
fn law_2_nodes_that_know_the_same_show_the_same_second_share() {
    share(1);
}

#[test]
fn law_3_and_4_nothing_is_lost_that_nobody_saw_first_share() {
    share(2);
}

#[test]
fn law_3_and_4_nothing_is_lost_that_nobody_saw_second_share() {
    share(3);
}
