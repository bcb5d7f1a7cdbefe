//! Where an export goes, and what it refuses.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use ply_drive::{DriveError, Transaction};
use ply_engine::{Batch, Durability, Engine, Order, Table};
use ply_folder::{Existing, Export, ExportError};
use ply_types::{Fault, Path};

use crate::common::{drive, folder, path, unheard};
use crate::snapshot::snapshot;

#[test]
fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let drive = drive();
    drive.import(folder(&[("a", "1")]).path());
    let dest = folder(&[("other", "x")]);
    let before = snapshot(dest.path());
    let export = Export::new(Path::root(), dest.path());
    let error = export.run(&drive.replica.view(), &unheard).unwrap_err();
    assert!(matches!(&error, ExportError::NotEmpty { .. }));
    assert_eq!(error.fault(), Fault::Conflict);
    assert_eq!(snapshot(dest.path()), before);
    let error = Export::new(Path::root(), dest.path().join("other"))
        .run(&drive.replica.view(), &unheard)
        .unwrap_err();
    assert!(matches!(&error, ExportError::Exists { .. }));
}

#[test]
fn replacing_shares_directories_and_replaces_the_rest() {
    let drive = drive();
    let source = folder(&[("d/file", "new"), ("d/link", "was a link"), ("pipe", "was a pipe")]);
    symlink("somewhere", source.path().join("d/to link")).unwrap();
    fs::hard_link(source.path().join("d/file"), source.path().join("also file")).unwrap();
    drive.import(source.path());
    let outside = folder(&[("target", "untouched")]);
    let dest = folder(&[("d/file", "old and longer"), ("d/other", "stays"), ("d/to link", "old")]);
    symlink(outside.path().join("target"), dest.path().join("d/link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, dest.path().join("pipe"), rustix::fs::Mode::RUSR)
        .unwrap();
    let export = Export::new(Path::root(), dest.path()).existing(Existing::Replace);
    for _ in 0..2 {
        let summary = export.run(&drive.replica.view(), &unheard).unwrap();
        assert!(summary.warnings.is_empty());
        let mut seen = snapshot(dest.path());
        assert!(seen.remove(b"d/other".as_slice()).is_some());
        assert_eq!(seen, snapshot(source.path()));
    }
    assert_eq!(fs::read(outside.path().join("target")).unwrap(), b"untouched");
}

#[test]
fn a_link_planted_in_the_way_is_not_followed() {
    let drive = drive();
    drive.import(folder(&[("a/passwd", "mine"), ("b", "2")]).path());
    let outside = folder(&[("passwd", "theirs")]);
    let before = snapshot(outside.path());
    let dest = folder(&[("c", "")]);
    symlink(outside.path(), dest.path().join("a")).unwrap();
    let export = Export::new(Path::root(), dest.path()).existing(Existing::Replace);
    let error = export.run(&drive.replica.view(), &unheard).unwrap_err();
    assert!(matches!(&error, ExportError::InTheWay { path } if path.ends_with("a")), "{error}");
    assert_eq!(snapshot(outside.path()), before);
}

#[test]
fn a_directory_in_the_place_of_a_file_is_refused() {
    let drive = drive();
    drive.import(folder(&[("a", "1")]).path());
    let dest = folder(&[("a/b", "2")]);
    let export = Export::new(Path::root(), dest.path()).existing(Existing::Replace);
    let error = export.run(&drive.replica.view(), &unheard).unwrap_err();
    assert!(matches!(&error, ExportError::InTheWay { path } if path.ends_with("a")), "{error}");
    assert_eq!(fs::read_dir(dest.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn what_is_not_there_is_said_to_be_absent() {
    let dest = tempfile::tempdir().unwrap();
    let export = Export::new(path("none"), dest.path().join("x"));
    let error = export.run(&drive().replica.view(), &unheard).unwrap_err();
    assert!(matches!(&error, ExportError::Drive(DriveError::Absent { .. })));
    assert!(!dest.path().join("x").exists());
}

#[test]
fn a_file_whose_content_is_missing_is_named_and_not_left_half_written() {
    let drive = drive();
    // Noise, so that it takes many frames; the one in the middle is lost.
    let noise: Vec<u8> =
        (0..1 << 16_u32).flat_map(|number: u32| ply_chunk::hash(&number.to_le_bytes()).0).collect();
    let source = folder(&[("before", "text"), ("z", "text")]);
    fs::write(source.path().join("noise"), &noise).unwrap();
    drive.import(source.path());
    drive.commit();
    let mut rows = Vec::new();
    drive
        .engine
        .scan(Table::Block, &[], &[0xff; 80], Order::Ascending, &mut |key, _| {
            rows.push(key.to_vec());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let own = drive.replica.writer_key();
    let of_layer: Vec<&Vec<u8>> = rows.iter().filter(|key| !key.starts_with(&own.0)).collect();
    assert!(10 < of_layer.len());
    let mut batch = Batch::new();
    batch.delete(Table::Block, of_layer[of_layer.len() / 2].clone());
    drive.engine.apply(&batch, Durability::Process).unwrap();

    let dest = tempfile::tempdir().unwrap();
    let export = Export::new(Path::root(), dest.path());
    let error = export.run(&drive.replica.view(), &unheard).unwrap_err();
    assert!(matches!(&error, ExportError::Content { path, .. } if path.to_string() == "/noise"));
    assert!(!dest.path().join("noise").exists());
    // The old content stays where there was some.
    fs::write(dest.path().join("noise"), "old").unwrap();
    let export = export.existing(Existing::Replace);
    export.run(&drive.replica.view(), &unheard).unwrap_err();
    assert_eq!(fs::read(dest.path().join("noise")).unwrap(), b"old");
    let names = fs::read_dir(dest.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with(".ply-")));
}

#[test]
fn names_that_only_pretend_to_be_links_stay_two_files() {
    let drive = drive();
    let source = folder(&[("a", "1"), ("b", "2")]);
    drive.import(source.path());
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    for name in ["a", "b"] {
        let state = transaction.path(&path(name)).unwrap();
        let mut entry = state.shown().unwrap().entry.clone();
        entry.link = Some(ply_drive::LinkMark([9; 16]));
        transaction.set(&path(name), entry).unwrap();
    }
    transaction.save().unwrap();
    let dest = tempfile::tempdir().unwrap();
    drive.export(dest.path());
    assert_eq!(fs::read(dest.path().join("b")).unwrap(), b"2");
    assert_eq!(fs::metadata(dest.path().join("a")).unwrap().nlink(), 1);
}
