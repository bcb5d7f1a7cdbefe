//! The shape of the workspace, checked: ranks, purity, what lies where, and tidy files.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "it runs in tests only, where to stop at once is what is wanted"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};
use ply_tests::layout::{self, Crate};
use ply_tests::tidy;

fn root() -> PathBuf {
    // Where it lies now: what is built may be kept and used by another checkout.
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| built.to_owned(), PathBuf::from)
        .join("..")
}

/// The crates of this workspace.
fn crates() -> Vec<Crate> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo describes the workspace");
    let packages = metadata.packages.iter();
    packages
        .map(|package| {
            let said = &package.metadata["plywood"];
            let named = |is_normal: bool| {
                let of_kind = package
                    .dependencies
                    .iter()
                    .filter(move |d| (d.kind == DependencyKind::Normal) == is_normal);
                of_kind.map(|d| d.name.clone()).collect()
            };
            Crate {
                name: package.name.to_string(),
                rank: said["rank"].as_u64(),
                pure: said["pure"].as_bool(),
                dependencies: named(true),
                others: named(false),
            }
        })
        .collect()
}

/// Every file that git tracks and that is there.
fn tracked() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists its files");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names are text");
    let names = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned);
    names.filter(|name| root().join(name).exists()).collect()
}

fn is_well(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn crates_depend_on_lower_ranks_and_pure_ones_on_nothing_impure() {
    let crates = crates();
    assert!(10 < crates.len(), "the workspace was found");
    is_well(&layout::faults(&crates));
}

#[test]
fn nothing_lies_at_the_top_that_has_no_place_there() {
    let tracked = tracked();
    is_well(&layout::strays(tracked.iter().map(String::as_str)));
}

#[test]
fn every_source_file_is_tidy() {
    let tracked = tracked();
    let is_source = |name: &&String| Path::new(name).extension().is_some_and(|end| end == "rs");
    let sources = tracked.iter().filter(is_source);
    let mut faults = Vec::new();
    for name in sources {
        let text = std::fs::read_to_string(root().join(name)).expect("a source file is text");
        faults.extend(tidy::faults(name, &text));
    }
    is_well(&faults);
}

/// A crate that says all it must.
fn made(name: &str, rank: u64, pure: bool, dependencies: &[&str]) -> Crate {
    Crate {
        name: name.to_owned(),
        rank: Some(rank),
        pure: Some(pure),
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        others: Vec::new(),
    }
}

#[test]
fn a_crate_that_depends_on_its_own_rank_or_a_higher_one_is_found() {
    let low = made("low", 1, true, &["blake3"]);
    let high = made("high", 2, true, &["low"]);
    assert_eq!(layout::faults(&[low.clone(), high.clone()]), Vec::<String>::new());
    let level = made("level", 2, true, &["high"]);
    assert_eq!(layout::faults(&[low, high, level]).len(), 1);
}

#[test]
fn what_makes_a_pure_crate_impure_is_found_however_far_below() {
    for impure in layout::IMPURE {
        assert_eq!(layout::faults(&[made("a", 0, true, &[impure])]).len(), 1);
    }
    let disk = made("disk", 0, false, &["rocksdb"]);
    assert_eq!(layout::faults(std::slice::from_ref(&disk)), Vec::<String>::new());
    let middle = made("middle", 1, true, &["disk"]);
    let top = made("top", 2, true, &["middle"]);
    let faults = layout::faults(&[disk, middle, top]);
    assert_eq!(faults.iter().filter(|fault| fault.starts_with("top is pure")).count(), 2);
}

#[test]
fn a_crate_that_does_not_say_what_it_is_is_found() {
    let silent = Crate { pure: None, ..made("silent", 3, true, &[]) };
    assert_eq!(layout::faults(&[silent]).len(), 1);
}

#[test]
fn whoever_depends_on_the_program_is_found_in_tests_too() {
    let program = made(layout::PROGRAM, 6, false, &[]);
    let user = made("user", 7, false, &[layout::PROGRAM]);
    let others = vec![layout::PROGRAM.to_owned()];
    let tester = Crate { others, ..made("tester", 7, false, &[]) };
    assert_eq!(layout::faults(&[program, user, tester]).len(), 2);
}

#[test]
fn a_stray_folder_is_found() {
    let tracked = ["Cargo.toml", "LICENSE-MIT", "crates/a/src/lib.rs", "src/main.rs", ".github/x"];
    assert_eq!(layout::strays(tracked), [".github", "src"]);
}

#[test]
fn each_untidy_thing_in_a_file_is_found() {
    let tidy = "//! A file.\n\nfn one() {}\n";
    assert_eq!(tidy::faults("crates/a/src/one.rs", tidy), Vec::<String>::new());
    let undone = concat!("//! A file.\n// TO", "DO: the rest\n");
    assert_eq!(tidy::faults("crates/a/src/one.rs", undone).len(), 1);
    assert_eq!(tidy::faults("crates/a/tests/one.rs", undone), Vec::<String>::new());
    let wide = format!("//! A file.\n//{}\n", " word".repeat(22));
    let golden = format!("//! A file.\nconst HASH: &str = \"{}\";\n", "0f".repeat(64));
    assert_eq!(tidy::faults("crates/a/src/one.rs", &golden), Vec::<String>::new());
    let long = format!("//! A file.\n{}", "fn one() {}\n".repeat(500));
    let local = concat!("//! A file.\nconst AT: &str = \"/wo", "rk/main\";\n");
    for untidy in ["fn one() {}\n", &wide, &long, local] {
        assert_eq!(tidy::faults("crates/a/src/one.rs", untidy).len(), 1, "{untidy:.40}");
    }
    assert_eq!(tidy::faults("crates/a/src/one/mod.rs", tidy).len(), 1);
}
