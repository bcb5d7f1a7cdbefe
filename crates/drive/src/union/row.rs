//! A row of the union: what is at one path.
//!
//! ```text
//!  offset 0   1 byte    marks
//!                         1  versions differ
//!                         2  what is shown is no directory
//!                         4  and yet something lives below it
//!         1  32 bytes   hash of all current versions, the shown one first:
//!                         32 bytes   author
//!                          8 bytes   length of the entry, little-endian
//!                              …     the entry, as its author's index has it
//! ```
//!
//! The third mark is about other paths than the row's own, so it is set in a second step, when the rows
//! of those paths are in the tree.

use ply_index::Totals;

use crate::entry::Kind;
use crate::versions::Versions;

const DIFFER: u8 = 1;
const NO_DIRECTORY: u8 = 2;
const INHABITED: u8 = 4;

/// Names the use of BLAKE3 for the versions of a path.
const CONTEXT: &str = "plywood 2026-11 versions of a path in the union";

/// Bytes of a row.
const ROW_BYTES: usize = 33;

/// See the module's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathRow {
    marks: u8,
    hash: [u8; 32],
}

impl PathRow {
    /// The row of a path; `None` where nothing is.
    pub(super) fn of(versions: &Versions) -> Option<Self> {
        let shown = versions.shown()?;
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        for version in versions.all() {
            let entry = version.entry.encode();
            hasher.update(&version.writer.0);
            hasher.update(&(entry.len() as u64).to_le_bytes());
            hasher.update(&entry);
        }
        let mut marks = 0;
        if versions.is_conflict() {
            marks |= DIFFER;
        }
        if shown.entry.kind() != Some(Kind::Directory) {
            marks |= NO_DIRECTORY;
        }
        Some(Self { marks, hash: *hasher.finalize().as_bytes() })
    }

    /// Reads what [`PathRow::encode`] wrote.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&marks, hash) = bytes.split_first()?;
        Some(Self { marks, hash: hash.try_into().ok()? })
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ROW_BYTES);
        bytes.push(self.marks);
        bytes.extend_from_slice(&self.hash);
        bytes
    }

    /// Whether the path would be hidden by anything that lives below it.
    pub(super) fn is_no_directory(self) -> bool {
        self.marks & NO_DIRECTORY != 0
    }

    /// Whether something lives below what is no directory.
    pub(super) fn is_inhabited(self) -> bool {
        self.marks & INHABITED != 0
    }

    /// The same row where something, or nothing, lives below.
    pub(super) fn inhabited(mut self, is_inhabited: bool) -> Self {
        self.marks &= !INHABITED;
        if is_inhabited {
            self.marks |= INHABITED;
        }
        self
    }
}

/// Counts the paths with more than one thing: versions that differ, or a version and what lives below.
pub(super) fn weigh(_: &[u8], row: &[u8]) -> Totals {
    let marks = row.first().copied().unwrap_or_default();
    Totals { count: u64::from(marks & (DIFFER | INHABITED) != 0), bytes: 0 }
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};
    use ply_types::LogKey;

    use super::*;
    use crate::entry::{Attributes, Body, Entry};
    use crate::versions::Version;

    #[test]
    fn fuzz_rows_of_paths() {
        let row = |body| {
            let entry = Entry::new(body, Attributes::default());
            let versions = Versions::only(Version { writer: LogKey([7; 32]), entry });
            PathRow::of(&versions).expect("something is there")
        };
        let device = row(Body::CharacterDevice(4, 64));
        Target::new("union-path", Form::Bytes, RoundTrip::Exact)
            .seed("directory", row(Body::Directory).encode())
            .seed("device", device.encode())
            .seed("inhabited", device.inhabited(true).encode())
            .run(|bytes| {
                // A page is weighed before its rows are read: whatever they are, no panic.
                let weight = weigh(b"", bytes);
                let row = PathRow::decode(bytes)?;
                assert!(weight.count <= 1 && (!row.is_inhabited() || weight.count == 1));
                assert!(row.inhabited(true).is_inhabited() && !row.inhabited(false).is_inhabited());
                Some(row.encode())
            });
    }
}
