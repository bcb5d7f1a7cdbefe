//! The laws of the tree, against a model that recomputes everything from all blocks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the trees of these tests are small")]

mod fuzz;
mod golden;
mod growth;
mod lies;
mod model;
mod ranges;
mod sparse;
