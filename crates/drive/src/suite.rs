//! What a drive must do on every engine. Call [`run`], or the parts one by one, from an engine's
//! own tests.
//!
//! Every part ends by opening the drive anew from its engine and finding the same tree.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a suite of tests"
)]
#![allow(clippy::missing_panics_doc, reason = "tests fail by panicking")]

mod attributes;
mod conflicts;
mod errors;
mod failing;
mod files;
mod history;
mod large;
mod links;
mod recut;
mod tree;
mod watching;
mod world;

use std::sync::Arc;

use ply_engine::Engine;

pub use failing::{Failing, law_5};
pub use world::{Bench, Dice, Line, Node, bytes, path};

/// Runs every part. `make` gives an empty engine; `reopen` closes one and opens it again, as after
/// the process ended (an engine in memory gives back the same one).
pub fn run<E: Engine>(make: impl Fn() -> Arc<E>, reopen: impl Fn(Arc<E>) -> Arc<E>) {
    let bench = Bench::new(&make, &reopen);
    files(&bench);
    recut(&bench);
    tree(&bench);
    errors(&bench);
    attributes(&bench);
    links(&bench);
    conflicts(&bench);
    history(&bench);
    large(&bench);
    watching(&bench);
}

/// Opening, reading and writing files at any offset.
pub fn files<E: Engine>(bench: &Bench<'_, E>) {
    files::run(bench);
}

/// What a change in the middle of a file costs.
pub fn recut<E: Engine>(bench: &Bench<'_, E>) {
    recut::run(bench);
}

/// Directories: making, renaming, removing.
pub fn tree<E: Engine>(bench: &Bench<'_, E>) {
    tree::run(bench);
}

/// What is refused, and with which error.
pub fn errors<E: Engine>(bench: &Bench<'_, E>) {
    errors::run(bench);
}

/// Permissions, owners, times, extended attributes, symlinks, special files.
pub fn attributes<E: Engine>(bench: &Bench<'_, E>) {
    attributes::run(bench);
}

/// Hard links and copies.
pub fn links<E: Engine>(bench: &Bench<'_, E>) {
    links::run(bench);
}

/// Two writers: conflicts, their ends, and content of others.
pub fn conflicts<E: Engine>(bench: &Bench<'_, E>) {
    conflicts::run(bench);
}

/// Commits, discarding, and the drive of the past.
pub fn history<E: Engine>(bench: &Bench<'_, E>) {
    history::run(bench);
}

/// Long lists, many names, long entries, growing layers.
pub fn large<E: Engine>(bench: &Bench<'_, E>) {
    large::run(bench);
}

/// What those who watch are told.
pub fn watching<E: Engine>(bench: &Bench<'_, E>) {
    watching::run(bench);
}
