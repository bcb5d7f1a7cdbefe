//! How large an index of source-tree-like paths is: `cargo run --release --example size`.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a report for people, in round figures"
)]

use std::ops::ControlFlow;

use futures::executor::block_on;
use ply_index::{Builder, KeyRange, MemoryPages, PageRef, Totals, encode_where, path_pages};
use ply_types::LogKey;

/// Bytes of a made-up value: about what a file's entry takes.
const VALUE_BYTES: usize = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for row_count in [100_000, 1_000_000] {
        report(row_count)?;
    }
    Ok(())
}

fn report(row_count: u64) -> Result<(), Box<dyn std::error::Error>> {
    let log = LogKey([1; 32]);
    let mut pages = MemoryPages::new(log);
    let weigh = |_: &[u8], value: &[u8]| Totals { count: 1, bytes: value.len() as u64 };
    let mut builder = Builder::new(&weigh, &mut pages);
    for number in 0..row_count {
        let value: Vec<u8> =
            (0..VALUE_BYTES as u64).map(|at| scramble(number ^ at << 40)).collect();
        builder.push(path(number).as_bytes(), &value)?;
    }
    let root = builder.finish()?;
    println!("{row_count} rows, {VALUE_BYTES} bytes of value each");
    for line in levels(&pages, root, log)?.iter().rev() {
        println!("  {line}");
    }
    Ok(())
}

/// A line for each level, leaves first, and one for all.
fn levels(
    pages: &MemoryPages,
    root: Option<PageRef>,
    log: LogKey,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut sums: Vec<(usize, usize, usize, usize)> = Vec::new();
    block_on(path_pages(pages, root, &KeyRange::all(), |_, page| {
        let level = usize::from(page.level());
        sums.resize(sums.len().max(level + 1), (0, 0, 0, 0));
        if let Some((count, rows, bytes, places)) = sums.get_mut(level) {
            *count += 1;
            *rows += page.row_count();
            *bytes += page.bytes().len();
            *places += encode_where(page.places(), log).len();
        }
        ControlFlow::Continue(())
    }))?;
    let mut lines: Vec<String> = sums
        .iter()
        .enumerate()
        .map(|(level, &(count, rows, bytes, places))| {
            let (mean, per_row) = (bytes as f64 / count as f64, bytes as f64 / rows as f64);
            let places = places as f64 / rows as f64;
            format!(
                "level {level}: {count:>6} pages of {mean:>6.0} bytes, {:>5.1} rows each; \
                 {per_row:.1} bytes a row, and {places:.1} for places",
                rows as f64 / count as f64
            )
        })
        .collect();
    let leaf_rows = sums.first().map_or(1, |&(_, rows, _, _)| rows);
    let total: usize = sums.iter().map(|&(_, _, bytes, _)| bytes).sum();
    lines.push(format!(
        "height {}, {} pages, {:.1} MB, {:.1} bytes a row in all",
        sums.len(),
        sums.iter().map(|&(count, ..)| count).sum::<usize>(),
        total as f64 / 1e6,
        total as f64 / leaf_rows as f64
    ));
    Ok(lines)
}

/// A path as source trees have them: some depth, names that share their beginnings.
fn path(number: u64) -> String {
    let kind = ["arch/riscv/kernel", "drivers/net", "include", "src", "tests"];
    let kind = kind.iter().cycle().nth((number / 120 % 5) as usize).unwrap_or(&"src");
    let (module, unit, part, stem) = (number / 600, number / 30 % 4, number % 30, scramble(number));
    format!("module-{module:04}/{kind}/unit_{unit:02}/part_{part:02}_{stem:02x}.c")
}

fn scramble(number: u64) -> u8 {
    let mixed = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 56) as u8
}
