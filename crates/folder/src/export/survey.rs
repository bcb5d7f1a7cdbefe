//! Counts what there is to export.

use ply_drive::{Kind, View, Walk};
use ply_engine::Engine;
use ply_types::Path;

use super::ExportError;
use crate::progress::{Progress, Report};

/// Files and bytes below a directory. Fails if part of a directory is not held here.
pub(super) fn totals<E: Engine>(
    view: &View<E>,
    from: &Path,
    report: &Report<'_>,
) -> Result<Progress, ExportError> {
    let mut totals = Progress::default();
    let mut walk = Walk::new(view, from.clone());
    while let Some(named) = walk.next()? {
        if report(Progress::default()).is_break() {
            return Err(ExportError::Stopped);
        }
        if named.state.kind() == Some(Kind::File) {
            totals.files_total += 1;
            totals.bytes_total += named.state.shown().map_or(0, |shown| shown.entry.size());
        }
    }
    view.whole(&walk.missing)?;
    Ok(totals)
}
