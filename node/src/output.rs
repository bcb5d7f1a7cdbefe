//! How things look: as text for people, as JSON for programs.

mod entry;
mod mode;
mod name;
mod time;

pub(crate) use entry::{EntryObject, Unfetched, VersionObject, long_rows};
pub(crate) use mode::{apply_mode, kind_word, letters};
pub(crate) use name::{Spelled, escape, escape_lines};
pub(crate) use time::{rfc3339, when};
