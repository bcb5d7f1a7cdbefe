//! Folders that are hard to read.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use ply_drive::DriveError;
use ply_folder::{Export, ExportError, Import, ImportError, Warning};
use ply_types::{Fault, Path, PathError};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};

use crate::common::{drive, folder, is_root, unheard};

#[test]
fn a_path_too_long_for_a_drive_is_named_before_anything_changes() {
    let source = folder(&[("a", "1")]);
    let name = "d".repeat(250);
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    let mut deep = vec![openat(CWD, source.path(), flags, Mode::empty()).unwrap()];
    for _ in 0..17 {
        let last = deep.last().unwrap();
        mkdirat(last, &name, Mode::RWXU).unwrap();
        deep.push(openat(last, &name, flags, Mode::empty()).unwrap());
    }
    let drive = drive();
    let error = Import::new(source.path(), Path::root()).run(&drive.replica, &unheard).unwrap_err();
    let ImportError::Path { path, source: PathError::PathTooLong { path_bytes } } = &error else {
        panic!("{error}");
    };
    assert_eq!((*path_bytes, error.fault()), (17 * 251 - 1, Fault::Invalid));
    assert!(path.starts_with(source.path()));
    assert_eq!((drive.draft(), drive.frame_bytes()), (Vec::new(), 0));
    // What is so deep cannot be removed by its path.
    while let Some(directory) = deep.pop() {
        let _ = unlinkat(&directory, &name, AtFlags::REMOVEDIR);
    }
}

#[test]
fn a_file_that_vanishes_is_told_and_the_rest_is_imported() {
    let source = folder(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let drive = drive();
    let first = Cell::new(true);
    let summary = Import::new(source.path(), Path::root())
        .run(&drive.replica, &|so_far| {
            // All is listed when there are totals.
            if 0 < so_far.files_total && first.replace(false) {
                fs::remove_file(source.path().join("b")).unwrap();
            }
            unheard(so_far)
        })
        .unwrap();
    assert_eq!(summary.warnings.kept(), [Warning::Vanished { path: source.path().join("b") }]);
    assert_eq!(drive.draft(), ["/", "/a", "/c"]);
}

#[test]
fn what_becomes_something_else_is_left_out() {
    let source = folder(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let drive = drive();
    let first = Cell::new(true);
    let summary = Import::new(source.path(), Path::root())
        .run(&drive.replica, &|so_far| {
            if 0 < so_far.files_total && first.replace(false) {
                let (b, c) = (source.path().join("b"), source.path().join("c"));
                fs::remove_file(&b).unwrap();
                std::os::unix::fs::symlink("/etc/passwd", &b).unwrap();
                fs::remove_file(&c).unwrap();
                rustix::fs::mkfifoat(CWD, &c, Mode::RUSR).unwrap();
            }
            unheard(so_far)
        })
        .unwrap();
    let replaced = |name| Warning::Replaced { path: source.path().join(name) };
    assert_eq!(summary.warnings.kept(), [replaced("b"), replaced("c")]);
    assert_eq!(drive.draft(), ["/", "/a"]);
}

#[test]
fn a_file_that_grows_after_it_was_listed_is_imported_as_it_is_then() {
    let source = folder(&[("small", "1"), ("to large", "2")]);
    fs::write(source.path().join("to tiny"), vec![1; 1 << 20]).unwrap();
    let drive = drive();
    let first = Cell::new(true);
    Import::new(source.path(), Path::root())
        .run(&drive.replica, &|so_far| {
            if 0 < so_far.files_total && first.replace(false) {
                fs::write(source.path().join("small"), "grown").unwrap();
                fs::write(source.path().join("to large"), vec![2; 3 << 20]).unwrap();
                fs::write(source.path().join("to tiny"), "now").unwrap();
            }
            unheard(so_far)
        })
        .unwrap();
    assert_eq!(drive.read("small"), b"grown");
    assert_eq!(drive.read("to large"), vec![2; 3 << 20]);
    assert_eq!(drive.read("to tiny"), b"now");
}

#[test]
fn files_that_the_kernel_makes_up_are_read_whole() {
    let drive = drive();
    let to = Path::parse(b"mounts").unwrap();
    Import::new("/proc/self/limits", to).run(&drive.replica, &unheard).unwrap();
    assert!(drive.read("mounts").starts_with(b"Limit"));
}

#[test]
fn what_may_not_be_read_is_named_and_nothing_changes() {
    let source = folder(&[("a", "1"), ("closed/b", "2"), ("no/c", "3")]);
    let close = |name: &str| {
        let mode = fs::Permissions::from_mode(0o000);
        fs::set_permissions(source.path().join(name), mode).unwrap();
    };
    fs::set_permissions(source.path(), fs::Permissions::from_mode(0o755)).unwrap();
    close("no/c");
    let drive = drive();
    let import = || {
        // Credentials are a thread's own; those that it starts have them too.
        thread::scope(|scope| {
            let import = scope.spawn(|| {
                if is_root() {
                    let nobody = rustix::process::Uid::from_raw(65534);
                    rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
                }
                Import::new(source.path(), Path::root()).run(&drive.replica, &unheard).unwrap_err()
            });
            import.join().unwrap()
        })
    };
    let named = |error: ImportError| match &error {
        ImportError::Read { path, .. } => {
            assert_eq!(error.fault(), Fault::Denied);
            path.strip_prefix(source.path()).unwrap().to_owned()
        }
        other => panic!("{other}"),
    };
    assert_eq!(named(import()).to_str(), Some("no/c"));
    assert_eq!(drive.draft(), Vec::<String>::new());
    close("closed");
    assert_eq!(named(import()).to_str(), Some("closed"));
    assert_eq!(drive.draft(), Vec::<String>::new());
    fs::set_permissions(source.path().join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_source_that_is_not_there_is_named() {
    let drive = drive();
    let import = Import::new("/nowhere/at/all", Path::root());
    let error = import.run(&drive.replica, &unheard).unwrap_err();
    assert_eq!(error.fault(), Fault::Absent);
    assert!(error.to_string().contains("/nowhere/at/all"));
}

/// Of several threads that write, the one that fails makes the others stop. What it failed of is told,
/// not that they stopped.
#[test]
fn what_an_export_failed_of_is_what_it_says() {
    let source = folder(&[]);
    for file in 0..8_u32 {
        let seed = Cell::new(u64::from(file) + 1);
        let word = |_| {
            seed.set(seed.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            seed.get().to_le_bytes()[4]
        };
        let content: Vec<u8> = (0..1_u32 << 18).map(word).collect();
        fs::write(source.path().join(file.to_string()), content).unwrap();
    }
    let drive = drive();
    drive.import(source.path());
    let log = drive.replica.draft_layer_heads().unwrap()[0].log;
    let blocks = drive.replica.logs().have(&log).unwrap().count();
    let middle = blocks / 2..blocks / 2 + 1;
    drive.replica.logs().clear(&log, std::iter::once(middle)).unwrap();
    for _ in 0..100 {
        let dest = tempfile::tempdir().unwrap();
        let export = Export::new(Path::root(), dest.path());
        let error = export.run(&drive.replica.view(), &unheard).unwrap_err();
        let ExportError::Content { source, .. } = &error else { panic!("{error}") };
        assert!(matches!(**source, DriveError::Missing(_)), "{source}");
        assert_eq!(error.fault(), Fault::Offline);
    }
}
