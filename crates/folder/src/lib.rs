//! Plain folders in and out of a drive.
//!
//! ```text
//!   folder ── survey ──▶ plan ── N readers ──▶ one transaction      Import
//!   drive  ── walk ────▶ jobs ── N writers ──▶ folder               Export
//! ```
//!
//! An import compares a folder with what the drive shows, both in the order of their names, and
//! changes only what differs. An export makes a folder look like a view of a drive.
//!
//! # Where this sits
//!
//! Rank 4: it uses the file system and threads. Neither call waits for a peer: what is not held
//! here is an error that says so (`DriveError::Missing`), and the caller fetches and calls again.
//!
//! # Invariants
//!
//! - No symbolic link is followed below the folder that was named, in either direction.
//! - An import shows all of its changes or none.
//! - A file that did not change since the last import is not read; a file that could have changed
//!   unseen is.
//! - An export leaves no file of wrong or partial content behind, unless it is killed in the middle of one.
//!
//! # Not here
//!
//! - Archives, images, and following a folder as it changes: nowhere yet.

mod beneath;
mod export;
mod import;
mod meta;
mod progress;
mod warning;
mod workers;
mod xattr;

pub use export::{Existing, Export, ExportError, ExportSummary};
pub use import::{Extra, Import, ImportError, ImportSummary};
pub use progress::{Progress, Report};
pub use warning::{WARNINGS_MAX, Warning, Warnings};
