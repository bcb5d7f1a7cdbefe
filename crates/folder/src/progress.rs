//! How far an import or export is, and whether it is to go on.

use std::ops::ControlFlow;

/// Hears how far it is, and says whether it is to go on. Who breaks gets an error that says so.
///
/// While it is still being found out what there is to do, all of [`Progress`] is zero.
pub type Report<'report> = dyn Fn(Progress) -> ControlFlow<()> + 'report;

/// How much is done. The totals are known before the first byte of content moves, and stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that are done, those that needed nothing among them.
    pub files_done: u64,
    /// All files, by name: a hard link counts like any other.
    pub files_total: u64,
    /// Bytes of the files that are done, and of those on their way.
    pub bytes_done: u64,
    /// Bytes of all files. An import reads what hard links share once, and counts it once.
    pub bytes_total: u64,
}
