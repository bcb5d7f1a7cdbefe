//! What an import leaves and leaves out.

use std::fs;
use std::os::unix::fs::symlink;

use globset::{Glob, GlobSet, GlobSetBuilder};
use ply_drive::Kind;
use ply_folder::{Extra, Import, ImportError, ImportSummary};
use ply_types::{Fault, Path};

use crate::common::{Drive, drive, folder, unheard};

fn globs(globs: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(Glob::new(glob).unwrap());
    }
    set.build().unwrap()
}

fn mirror(drive: &Drive, source: &std::path::Path, exclude: &[&str]) -> ImportSummary {
    Import::new(source, Path::root())
        .extra(Extra::Remove)
        .exclude(globs(exclude))
        .run(&drive.replica, &unheard)
        .unwrap()
}

#[test]
fn paths_that_only_the_drive_has_stay_unless_it_mirrors() {
    let drive = drive();
    drive.import(folder(&[("old/a", "1"), ("old/b/c", "2"), ("both/x", "x")]).path());
    drive.commit();
    let source = folder(&[("both/y", "y"), ("new", "n")]);
    drive.import(source.path());
    assert_eq!((drive.kind("old/a"), drive.kind("both/x")), (Some(Kind::File), Some(Kind::File)));
    let summary = mirror(&drive, source.path(), &[]);
    assert_eq!(summary.removed, 5);
    for gone in ["old", "old/a", "old/b", "old/b/c", "both/x"] {
        assert_eq!(drive.kind(gone), None, "{gone}");
    }
    assert_eq!((drive.kind("both/y"), drive.kind("new")), (Some(Kind::File), Some(Kind::File)));
    assert_eq!(mirror(&drive, source.path(), &[]).removed, 0);
}

#[test]
fn what_is_left_out_is_neither_imported_nor_removed() {
    let drive = drive();
    drive
        .import(folder(&[("keep.o", "1"), ("d/keep.o", "2"), ("d/go", "3"), ("e/go", "4")]).path());
    drive.commit();
    let source = folder(&[
        ("a.c", ""),
        ("a.o", ""),
        ("sub/b.o", ""),
        ("sub/target/x", ""),
        ("target/y", ""),
        ("docs/z", ""),
    ]);
    let summary = mirror(&drive, source.path(), &["*.o", "target", "docs/**"]);
    assert_eq!((summary.files, summary.removed), (1, 3));
    for (path, kind) in [
        ("a.c", Some(Kind::File)),
        ("a.o", None),
        ("sub", Some(Kind::Directory)),
        ("sub/b.o", None),
        ("sub/target", None),
        ("target", None),
        ("docs", Some(Kind::Directory)),
        ("docs/z", None),
        ("keep.o", Some(Kind::File)),
        ("d/keep.o", Some(Kind::File)),
        ("d/go", None),
        ("e", None),
    ] {
        assert_eq!(drive.kind(path), kind, "{path}");
    }
}

#[test]
fn directories_can_be_left_out_and_files_of_that_name_brought_in() {
    let drive = drive();
    drive.import(folder(&[("old/build/x", "1"), ("old/go", "2")]).path());
    drive.commit();
    let source = folder(&[("build/x", ""), ("a/build", ""), ("b/build/y", ""), ("b/out/z", "")]);
    Import::new(source.path(), Path::root())
        .extra(Extra::Remove)
        .exclude_directories(globs(&["build", "b/out"]))
        .run(&drive.replica, &unheard)
        .unwrap();
    for (path, kind) in [
        ("build", None),
        ("a/build", Some(Kind::File)),
        ("b", Some(Kind::Directory)),
        ("b/build", None),
        ("b/out", None),
        ("old/build/x", Some(Kind::File)),
        ("old/go", None),
    ] {
        assert_eq!(drive.kind(path), kind, "{path}");
    }
}

#[test]
fn a_directory_with_content_makes_way_only_in_a_mirror() {
    let drive = drive();
    drive.import(folder(&[("x/a", "1"), ("y", "2")]).path());
    drive.commit();
    let source = folder(&[("x", "file"), ("y/b", "3")]);
    let error = Import::new(source.path(), Path::root()).run(&drive.replica, &unheard).unwrap_err();
    assert!(matches!(&error, ImportError::InTheWay { path } if path.to_string() == "/x"));
    assert_eq!((error.fault(), drive.draft()), (Fault::Conflict, Vec::new()));
    mirror(&drive, source.path(), &[]);
    assert_eq!((drive.read("x"), drive.read("y/b")), (b"file".to_vec(), b"3".to_vec()));
    assert_eq!(drive.kind("x/a"), None);
}

#[test]
fn links_in_the_source_are_not_followed() {
    let secret = folder(&[("secret", "text")]);
    let source = folder(&[("a", "1")]);
    symlink(secret.path(), source.path().join("out")).unwrap();
    symlink(".", source.path().join("loop")).unwrap();
    let drive = drive();
    drive.import(source.path());
    assert_eq!(drive.draft(), ["/", "/a", "/loop", "/out"]);
    assert_eq!(drive.kind("out"), Some(Kind::Symlink));

    // Nor is a source that is one.
    let link = secret.path().join("link");
    symlink(source.path(), &link).unwrap();
    Import::new(&link, Path::parse(b"linked").unwrap()).run(&drive.replica, &unheard).unwrap();
    assert_eq!(drive.kind("linked"), Some(Kind::Symlink));
    let folder = Import::new(link.join(""), Path::parse(b"folder").unwrap());
    folder.run(&drive.replica, &unheard).unwrap();
    assert_eq!(drive.kind("folder/a"), Some(Kind::File));
    fs::remove_file(link).unwrap();
}
