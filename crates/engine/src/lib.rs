//! What Plywood asks of a storage engine, an engine in memory, and the suite that every engine passes.
//!
//! An engine keeps two things: **frames**, large and immutable, appended once and read by location;
//! and **rows**, small and ordered, changed in atomic batches. Everything a node remembers is one or
//! the other, so a host that brings an engine of its own can embed a drive.
//!
//! # Where this sits
//!
//! Rank 1, pure. `log` and `drive` are written against [`Engine`]; `store` implements it on disk.
//!
//! # Invariants
//!
//! - A batch is applied whole or not at all, also across a crash.
//! - When [`Engine::apply`] with [`Durability::Synced`] returns, that batch, every batch before it
//!   and every frame appended before it survive a loss of power.
//! - A row never outlives the frame that it names: rows that name frames are applied
//!   [`Durability::Synced`], and frames are made durable before rows.
//!
//! # Not here
//!
//! - What rows mean: `log` and `drive` encode them.
//! - Whether a frame's bytes are the right ones: `log` checks the leaf hash on every read. An engine
//!   promises only that it gives back what it was given, or an error.

mod batch;
mod error;
mod location;
mod memory;
mod seam;
#[cfg(feature = "suite")]
pub mod suite;
mod table;

pub use batch::{Batch, Change};
pub use error::EngineError;
pub use location::{LOCATION_BYTES, Location};
pub use memory::MemoryEngine;
pub use seam::{Durability, Engine, FRAME_BYTES_MAX, Frame, Order, Visit, prefix_end};
pub use table::Table;
