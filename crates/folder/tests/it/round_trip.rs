//! What goes in comes out.

use std::ffi::OsStr;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use ply_folder::Import;
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Gid, Mode, Uid, XattrFlags, chown, makedev, mknodat, setxattr};

use crate::common::{age, drive, folder, is_root, path, unheard};
use crate::snapshot::snapshot;

/// A folder with one of everything.
fn everything() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("dir/sub/deeper")).unwrap();
    fs::create_dir(at("empty dir")).unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::write(at("tiny"), "tiny").unwrap();
    fs::write(at("dir/text"), "some text\n".repeat(5000)).unwrap();
    fs::write(at("dir/sub/deeper/x"), "x").unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(b"not \xff\xfe utf-8")), "bytes").unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(&[b'n'; 255])), "long").unwrap();
    fs::write(at("new\nline"), "odd").unwrap();
    fs::write(at(".ply-1-0"), "hidden").unwrap();
    let big: Vec<u8> = (0..3_000_000_u32).flat_map(|n| (n ^ (n >> 7)).to_le_bytes()).collect();
    fs::write(at("big"), &big).unwrap();
    // A hole, bytes, a hole: 40 MiB together.
    let mut sparse = fs::File::create(at("sparse")).unwrap();
    sparse.seek(SeekFrom::Start(20 << 20)).unwrap();
    sparse.write_all(b"in the middle").unwrap();
    sparse.set_len(40 << 20).unwrap();

    symlink("tiny", at("link")).unwrap();
    symlink("/nowhere/at/all", at("dangling")).unwrap();
    symlink("l".repeat(4000), at("long link")).unwrap();
    symlink("..", at("dir/up")).unwrap();
    fs::hard_link(at("tiny"), at("dir/tiny too")).unwrap();
    fs::hard_link(at("tiny"), at("a tiny")).unwrap();
    fs::hard_link(at("big"), at("dir/sub/big too")).unwrap();
    fs::hard_link(at("long link"), at("long link too")).unwrap();
    drop(UnixListener::bind(at("socket")).unwrap());
    let mode = Mode::from_raw_mode(0o640);
    mknodat(CWD, at("fifo"), FileType::Fifo, mode, 0).unwrap();
    if is_root() {
        let node = |name, kind, device| mknodat(CWD, at(name), kind, mode, device).unwrap();
        node("null", FileType::CharacterDevice, makedev(1, 3));
        node("loop", FileType::BlockDevice, makedev(7, 300));
        let owner = (Some(Uid::from_raw(1234)), Some(Gid::from_raw(70000)));
        chown(at("tiny"), owner.0, owner.1).unwrap();
        chown(at("dir/sub"), owner.0, owner.1).unwrap();
    }
    let user = |name, key: &str, value: &[u8]| {
        // Some file systems under test take none.
        let _ = setxattr(at(name), key, value, XattrFlags::empty());
    };
    user("tiny", "user.colour", b"red");
    user("dir/text", "user.long", &[9; 3000]);
    user("dir/text", "user.empty", b"");
    user("dir", "user.kind", b"directory");
    let chmod = |name, mode| {
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod("tiny", 0o4755);
    chmod("dir/text", 0o2711);
    chmod("empty", 0o000);
    chmod("empty dir", 0o1777);
    chmod("dir/sub", 0o2750);
    if is_root() {
        chmod("dir/sub/deeper", 0o000);
        // Files that run with a capability: `cap_net_raw=ep`.
        let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        user("dir/sub/deeper/x", "security.capability", &capability);
    }
    for name in ["dir/text", "dir/sub/deeper", "empty dir", "dir", ""] {
        age(&at(name));
    }
    folder
}

#[test]
fn a_folder_comes_back_as_it_was() {
    let (drive, source, out) = (drive(), everything(), tempfile::tempdir().unwrap());
    let before = snapshot(source.path());
    let imported = drive.import(source.path());
    assert!(imported.warnings.is_empty(), "{:?}", imported.warnings);
    let exported = drive.export(out.path());
    assert!(exported.warnings.is_empty(), "{:?}", exported.warnings);
    assert_eq!(snapshot(out.path()), before);
    assert_eq!(snapshot(source.path()), before);
    assert_eq!((imported.files, imported.others), (exported.files, exported.others));
    assert_eq!(imported.directories, exported.directories);
    let sparse = fs::metadata(out.path().join("sparse")).unwrap();
    assert!(sparse.blocks() * 512 < sparse.len() / 2, "holes are holes again");
}

#[test]
fn it_is_the_same_from_a_commit() {
    let (drive, source, out) = (drive(), everything(), tempfile::tempdir().unwrap());
    drive.import(source.path());
    drive.commit();
    assert_eq!(drive.draft(), Vec::<String>::new());
    drive.export(out.path());
    assert_eq!(snapshot(out.path()), snapshot(source.path()));
}

#[test]
fn a_copy_of_the_folder_changes_nothing() {
    let (drive, source, out) = (drive(), everything(), tempfile::tempdir().unwrap());
    drive.import(source.path());
    drive.export(out.path());
    drive.commit();
    let again = drive.import(out.path());
    assert_eq!((again.changed, again.removed), (0, 0), "{:?}", drive.draft());
}

#[test]
fn a_folder_can_go_below_the_root_and_come_from_there() {
    let source = folder(&[("a", "1"), ("b/c", "2")]);
    age(source.path());
    let (drive, out) = (drive(), tempfile::tempdir().unwrap());
    Import::new(source.path(), path("x/y")).run(&drive.replica, &unheard).unwrap();
    assert_eq!(drive.draft(), ["/x", "/x/y", "/x/y/a", "/x/y/b", "/x/y/b/c"]);
    let export = ply_folder::Export::new(path("x/y"), out.path().join("new/folder"));
    export.run(&drive.replica.view(), &unheard).unwrap();
    assert_eq!(snapshot(&out.path().join("new/folder")), snapshot(source.path()));
}

#[test]
fn a_single_file_takes_the_name_it_is_given_or_its_own() {
    let source = folder(&[("file", "text")]);
    age(&source.path().join("file"));
    let drive = drive();
    let import = |to: &str| {
        let import = Import::new(source.path().join("file"), path(to));
        import.run(&drive.replica, &unheard).unwrap().changed
    };
    assert_eq!((import("other"), import("/"), import("file")), (1, 1, 0));
    assert_eq!(drive.draft(), ["/file", "/other"]);
    assert_eq!(drive.read("other"), b"text");

    let out = tempfile::tempdir().unwrap();
    let export = |to: &Path| {
        let export = ply_folder::Export::new(path("other"), to);
        export.run(&drive.replica.view(), &unheard).map(|summary| summary.files)
    };
    assert_eq!(export(out.path()).unwrap(), 1);
    assert_eq!(export(&out.path().join("named")).unwrap(), 1);
    assert!(export(&out.path().join("named")).is_err(), "it is there now");
    assert_eq!(fs::read(out.path().join("other")).unwrap(), b"text");
    let named = fs::symlink_metadata(out.path().join("named")).unwrap();
    assert_eq!((named.mtime(), named.mtime_nsec()), (1_000_000_007, 123_456_789));
}

#[test]
fn content_of_links_is_stored_once() {
    let source = folder(&[("one", "text ".repeat(1000).as_str())]);
    let alone = drive();
    alone.import(source.path());
    let frame_bytes = alone.frame_bytes();
    for name in ["two", "three"] {
        fs::hard_link(source.path().join("one"), source.path().join(name)).unwrap();
    }
    let linked = drive();
    let summary = linked.import(source.path());
    assert_eq!((summary.files, summary.read_files), (3, 1));
    assert_eq!(linked.frame_bytes(), frame_bytes);
}

#[test]
fn names_outside_of_the_source_make_no_link() {
    let source = folder(&[("in/file", "text"), ("out/keep", "")]);
    fs::hard_link(source.path().join("in/file"), source.path().join("out/file")).unwrap();
    let drive = drive();
    drive.import(&source.path().join("in"));
    let state = drive.replica.view().path(&path("file")).unwrap();
    assert_eq!(state.shown().unwrap().entry.link, None);
}

/// A file or directory of a random tree.
fn node() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
    let name = prop::collection::vec(prop::sample::select(b"ab\xff.~".to_vec()), 1..3);
    let names = prop::collection::vec(name, 1..4);
    let content = prop::option::of(prop::collection::vec(any::<u8>(), 0..600));
    (names.prop_map(|names| names.join(&b'/')), content)
}

fn plant(folder: &Path, nodes: &[(Vec<u8>, Option<Vec<u8>>)]) {
    for (name, content) in nodes {
        let path = folder.join(OsStr::from_bytes(name));
        // Where names collide or are `.` and `..`, the first one stays.
        if path.components().any(|part| part == std::path::Component::ParentDir) {
            continue;
        }
        match content {
            None => drop(fs::create_dir_all(&path)),
            Some(content) => {
                let _ = fs::create_dir_all(path.parent().unwrap());
                let _ = fs::write(&path, content);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_mirror_of_any_tree_over_any_other_is_that_tree(
        first in prop::collection::vec(node(), 0..12),
        second in prop::collection::vec(node(), 0..12),
    ) {
        let drive = drive();
        let dir = tempfile::tempdir().unwrap();
        for (name, nodes) in [("first", first), ("second", second)] {
            let (source, out) = (dir.path().join(name), dir.path().join(format!("{name} out")));
            fs::create_dir(&source).unwrap();
            plant(&source, &nodes);
            Import::new(&source, ply_types::Path::root())
                .extra(ply_folder::Extra::Remove)
                .run(&drive.replica, &unheard)
                .unwrap();
            drive.export(&out);
            prop_assert_eq!(snapshot(&out), snapshot(&source));
        }
    }
}
