//! What is left when whoever hears the reports wants it to end.

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path as OsPath;

use ply_folder::{Existing, Export, ExportError, Import, ImportError, Progress};
use ply_types::Path;
use tempfile::TempDir;

use crate::common::{Drive, drive, folder, unheard};
use crate::snapshot::snapshot;

/// A small file of each sort of work, and one that is read and written in parts.
fn source() -> TempDir {
    let source = folder(&[("a", "1"), ("d/b", "2"), ("d/e/c", "3")]);
    let large: Vec<u8> =
        (0..9_u32 << 20).flat_map(|n| (n / 7).to_le_bytes()).take(9 << 20).collect();
    fs::write(source.path().join("large"), large).unwrap();
    std::os::unix::fs::symlink("a", source.path().join("link")).unwrap();
    source
}

/// Continues so many times.
fn patience(reports: u32) -> impl Fn(Progress) -> ControlFlow<()> {
    let left = Cell::new(reports);
    move |_| match left.get().checked_sub(1) {
        Some(less) => {
            left.set(less);
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    }
}

fn import(drive: &Drive, source: &OsPath, reports: u32) -> Result<(), ImportError> {
    Import::new(source, Path::root()).run(&drive.replica, &patience(reports)).map(drop)
}

#[test]
fn an_import_that_is_stopped_changes_nothing_and_can_be_repeated() {
    let source = source();
    let drive = drive();
    let mut stops = 0;
    while let Err(error) = import(&drive, source.path(), stops) {
        assert!(matches!(error, ImportError::Stopped), "{error}");
        assert_eq!(drive.draft(), Vec::<String>::new(), "after {stops} reports");
        stops += 1;
    }
    assert!(8 < stops, "it can be stopped while it looks, and while it reads: {stops}");
    let dest = tempfile::tempdir().unwrap();
    drive.export(dest.path());
    assert_eq!(snapshot(dest.path()), snapshot(source.path()));
}

#[test]
fn an_export_that_is_stopped_leaves_no_part_of_a_file() {
    let source = source();
    let drive = drive();
    drive.import(source.path());
    let (mut stops, mut left_something) = (0, false);
    loop {
        let dest = tempfile::tempdir().unwrap();
        let export = Export::new(Path::root(), dest.path());
        let Err(stopped) = export.run(&drive.replica.view(), &patience(stops)) else { break };
        assert!(matches!(stopped, ExportError::Stopped), "{stopped}");
        for (name, bytes) in [("a", 1), ("d/b", 1), ("d/e/c", 1), ("large", 9 << 20)] {
            if let Ok(file) = fs::metadata(dest.path().join(name)) {
                assert_eq!(file.len(), bytes, "{name} after {stops} reports");
                left_something = true;
            }
        }
        let again = export.existing(Existing::Replace);
        again.run(&drive.replica.view(), &unheard).unwrap();
        assert_eq!(snapshot(dest.path()), snapshot(source.path()));
        stops += 1;
    }
    assert!(6 < stops && left_something, "{stops}");
}
