//! How crates may depend on each other, and what lies at the top of the repository.

use std::collections::{BTreeMap, BTreeSet};

/// A crate of the workspace, as its manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// `rank` of its metadata: it depends on lower ranks only.
    pub rank: Option<u64>,
    /// `pure` of its metadata: it reaches no socket, disk, clock or dice.
    pub pure: Option<bool>,
    /// What it is built from.
    pub dependencies: Vec<String>,
    /// What its tests and build script are built from besides.
    pub others: Vec<String>,
}

/// What no pure crate is built from.
pub const IMPURE: [&str; 9] =
    ["tokio", "libp2p", "rocksdb", "fuser", "rand", "getrandom", "rustix", "socket2", "mio"];

/// The program: nothing is built from it.
pub const PROGRAM: &str = "ply";

/// What may lie at the top of the repository.
const TOP: [&str; 18] = [
    "Cargo.toml",
    "proto",
    "crates",
    "node",
    "tests",
    "scripts",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "deny.toml",
    "docs",
    ".ci",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "clippy.toml",
    "Cargo.lock",
    ".gitignore",
    ".config",
];

/// Every rule that the crates of a workspace break, in words.
pub fn faults(crates: &[Crate]) -> Vec<String> {
    let by_name: BTreeMap<&str, &Crate> = crates.iter().map(|c| (c.name.as_str(), c)).collect();
    let mut faults = Vec::new();
    for this in crates {
        let name = &this.name;
        let (Some(rank), Some(pure)) = (this.rank, this.pure) else {
            faults.push(format!("{name} does not say its rank and whether it is pure"));
            continue;
        };
        for lower in this.dependencies.iter().filter_map(|name| by_name.get(name.as_str())) {
            if lower.rank.is_none_or(|lower| rank <= lower) {
                faults.push(format!("{name} depends on {}, which does not rank lower", lower.name));
            }
        }
        if this.dependencies.iter().chain(&this.others).any(|other| other == PROGRAM) {
            faults.push(format!("{name} depends on the program"));
        }
        if pure {
            faults.extend(impurities(this, &by_name));
        }
    }
    faults
}

/// What makes a pure crate impure, however far below.
fn impurities(top: &Crate, by_name: &BTreeMap<&str, &Crate>) -> Vec<String> {
    let (mut faults, mut ahead, mut met) = (Vec::new(), vec![top], BTreeSet::new());
    while let Some(this) = ahead.pop() {
        for name in &this.dependencies {
            if IMPURE.contains(&name.as_str()) {
                faults.push(format!("{} is pure and is built from {name}", top.name));
            }
            if let Some(lower) = by_name.get(name.as_str())
                && met.insert(name)
            {
                if lower.pure != Some(true) {
                    faults.push(format!("{} is pure and is built from {name}", top.name));
                }
                ahead.push(lower);
            }
        }
    }
    faults
}

/// Tracked paths whose first part has no place at the top.
pub fn strays<'a>(tracked: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let tops: BTreeSet<&str> =
        tracked.into_iter().filter_map(|path| path.split('/').next()).collect();
    let may_be = |top: &&str| TOP.contains(top) || top.starts_with("LICENSE-");
    tops.into_iter().filter(|top| !may_be(top)).map(str::to_owned).collect()
}
