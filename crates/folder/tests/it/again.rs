//! The second import.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use ply_drive::Transaction;
use ply_folder::{Extra, Import};
use ply_types::Path;

use crate::common::{drive, folder, path, settle, unheard};

#[test]
fn a_second_import_changes_nothing_and_reads_nothing() {
    let source = folder(&[("a/one", "1"), ("a/two", "2"), ("b", "text")]);
    fs::write(source.path().join("large"), vec![7; 3 << 20]).unwrap();
    fs::hard_link(source.path().join("b"), source.path().join("a/b too")).unwrap();
    symlink("b", source.path().join("link")).unwrap();
    settle(source.path());
    let drive = drive();
    assert_eq!(drive.import(source.path()).read_files, 4);
    drive.commit();
    let frame_bytes = drive.frame_bytes();

    let again = drive.import(source.path());
    assert_eq!((again.files, again.read_files, again.changed), (5, 0, 0));
    assert_eq!(drive.draft(), Vec::<String>::new());
    assert_eq!(drive.frame_bytes(), frame_bytes);
}

#[test]
fn a_file_that_is_too_new_to_trust_is_read_again_and_changes_nothing() {
    let source = folder(&[("new", "text"), ("also", "some more text ".repeat(40).as_str())]);
    let drive = drive();
    drive.import(source.path());
    drive.commit();
    let frame_bytes = drive.frame_bytes();
    let again = drive.import(source.path());
    assert_eq!((again.read_files, again.changed), (2, 0));
    assert_eq!(drive.draft(), Vec::<String>::new());
    assert_eq!(drive.frame_bytes(), frame_bytes);
}

#[test]
fn a_change_that_keeps_size_and_time_is_seen() {
    let source = folder(&[("file", "before")]);
    let file = source.path().join("file");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let write = |text: &str| {
        fs::write(&file, text).unwrap();
        fs::File::open(&file).unwrap().set_modified(then).unwrap();
    };
    write("before");
    let drive = drive();
    drive.import(source.path());
    write("after!");
    drive.import(source.path());
    assert_eq!(drive.read("file"), b"after!");
    settle(source.path());
    drive.import(source.path());
    write("again!");
    drive.import(source.path());
    assert_eq!(drive.read("file"), b"again!");
}

#[test]
fn only_the_changed_file_is_in_the_draft() {
    let source = folder(&[("a/one", "1"), ("a/two", "2"), ("b/three", "3")]);
    settle(source.path());
    let drive = drive();
    drive.import(source.path());
    drive.commit();
    fs::write(source.path().join("a/two"), "two").unwrap();
    let again = drive.import(source.path());
    assert_eq!((again.read_files, again.changed), (1, 1));
    assert_eq!(drive.draft(), ["/a/two"]);
}

#[test]
fn only_changed_attributes_leave_the_content_where_it_is() {
    let source = folder(&[("file", "text ".repeat(1000).as_str()), ("other", "x")]);
    // So much that the list of its pieces is a tree of its own.
    let noise = (0..1 << 17_u32).flat_map(|number: u32| ply_chunk::hash(&number.to_le_bytes()).0);
    fs::write(source.path().join("large"), noise.collect::<Vec<u8>>()).unwrap();
    settle(source.path());
    let drive = drive();
    drive.import(source.path());
    drive.commit();
    let frame_bytes = drive.frame_bytes();
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(source.path().join("file"), mode.clone()).unwrap();
    fs::set_permissions(source.path().join("large"), mode).unwrap();
    let again = drive.import(source.path());
    assert_eq!(again.changed, 2);
    assert_eq!(drive.draft(), ["/file", "/large"]);
    assert_eq!(drive.frame_bytes(), frame_bytes);
    let state = drive.replica.view().path(&path("file")).unwrap();
    assert_eq!(state.attributes().mode, 0o600);
}

#[test]
fn what_was_changed_in_the_drive_is_as_in_the_folder_again() {
    let source = folder(&[("content", "folder"), ("mode", "text"), ("gone", "text")]);
    settle(source.path());
    let drive = drive();
    drive.import(source.path());
    drive.commit();
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    let entry = |transaction: &Transaction<'_, _>, text: &str| {
        transaction.path(&path(text)).unwrap().shown().unwrap().entry.clone()
    };
    let mut changed = entry(&transaction, "content");
    changed.body = ply_drive::Body::File(transaction.store_bytes(b"drive").unwrap());
    transaction.set(&path("content"), changed).unwrap();
    let mut changed = entry(&transaction, "mode");
    changed.attributes.mode = 0o111;
    transaction.set(&path("mode"), changed).unwrap();
    transaction.remove(&path("gone")).unwrap();
    transaction.save().unwrap();

    // The mode needs no reading, the other two do.
    let again = drive.import(source.path());
    assert_eq!((again.read_files, again.changed), (2, 3));
    assert_eq!((drive.read("content"), drive.read("gone")), (b"folder".to_vec(), b"text".to_vec()));
    assert_eq!(drive.import(source.path()).changed, 0);
}

#[test]
fn a_link_that_is_broken_up_is_two_files() {
    let source = folder(&[("a", "text"), ("c", "x")]);
    fs::hard_link(source.path().join("a"), source.path().join("b")).unwrap();
    let drive = drive();
    drive.import(source.path());
    let link =
        |text: &str| drive.replica.view().path(&path(text)).unwrap().shown().unwrap().entry.link;
    assert!(link("a").is_some() && link("a") == link("b"));
    settle(source.path());
    drive.import(source.path());
    // The name that stays keeps its inode and its content.
    fs::remove_file(source.path().join("b")).unwrap();
    fs::copy(source.path().join("a"), source.path().join("b")).unwrap();
    drive.import(source.path());
    assert_eq!((link("a"), link("b")), (None, None));
    assert_eq!(drive.read("b"), b"text");
}

#[test]
fn a_mark_is_never_given_to_two_files() {
    let source = folder(&[("p", "old")]);
    let at = |name: &str| source.path().join(name);
    fs::hard_link(at("p"), at("q")).unwrap();
    let drive = drive();
    drive.import(source.path());
    // Another file gets the first name, and the drive keeps the second name of the old one.
    fs::remove_file(at("p")).unwrap();
    fs::remove_file(at("q")).unwrap();
    fs::write(at("p"), "new").unwrap();
    fs::hard_link(at("p"), at("r")).unwrap();
    drive.import(source.path());
    let link =
        |text: &str| drive.replica.view().path(&path(text)).unwrap().shown().unwrap().entry.link;
    assert_eq!((drive.read("q"), drive.read("r")), (b"old".to_vec(), b"new".to_vec()));
    assert_eq!(link("p"), link("r"));
    assert_ne!(link("p"), link("q"));
    assert_eq!(drive.import(source.path()).changed, 0);
}

#[test]
fn a_link_to_a_name_elsewhere_stays_one() {
    let source = folder(&[("file", "text"), ("other", "x")]);
    settle(source.path());
    let drive = drive();
    let import = Import::new(source.path(), path("in"));
    import.run(&drive.replica, &unheard).unwrap();
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    transaction.hard_link(&path("in/file"), &path("out")).unwrap();
    transaction.save().unwrap();
    assert_eq!(import.run(&drive.replica, &unheard).unwrap().changed, 0);

    // A second name inside is one too many.
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    transaction.remove(&path("in/other")).unwrap();
    transaction.hard_link(&path("in/file"), &path("in/other")).unwrap();
    transaction.save().unwrap();
    assert_eq!(import.run(&drive.replica, &unheard).unwrap().changed, 2);
    assert_eq!((drive.read("in/other"), drive.read("in/file")), (b"x".to_vec(), b"text".to_vec()));
}

#[test]
fn the_drives_own_marks_come_back() {
    let source = folder(&[("b", "text")]);
    let drive = drive();
    drive.import(source.path());
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    transaction.hard_link(&path("b"), &path("a")).unwrap();
    transaction.save().unwrap();
    let out = tempfile::tempdir().unwrap();
    drive.export(out.path());
    settle(out.path());
    drive.import(out.path());
    assert_eq!(drive.import(out.path()).changed, 0);
}

#[test]
fn sources_of_one_transaction_see_each_other() {
    let (first, second) =
        (folder(&[("f", "one"), ("d/x", "1")]), folder(&[("f", "two"), ("d", "2")]));
    let drive = drive();
    drive.import(first.path());
    drive.commit();
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    for source in [&second, &first, &second, &first] {
        let import = Import::new(source.path(), Path::root()).extra(Extra::Remove);
        import.run_in(&mut transaction, &unheard).unwrap();
    }
    transaction.save().unwrap();
    assert_eq!((drive.read("f"), drive.read("d/x")), (b"one".to_vec(), b"1".to_vec()));
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    for source in [&second, &first, &second] {
        let import = Import::new(source.path(), Path::root()).extra(Extra::Remove);
        import.run_in(&mut transaction, &unheard).unwrap();
    }
    transaction.save().unwrap();
    assert_eq!((drive.read("f"), drive.read("d")), (b"two".to_vec(), b"2".to_vec()));
    assert_eq!(drive.kind("d/x"), None);
}

#[test]
fn a_transaction_that_is_dropped_leaves_nothing_to_see() {
    let source = folder(&[("a", "1"), ("b", "2")]);
    settle(source.path());
    let drive = drive();
    let mut transaction = Transaction::begin(&drive.replica).unwrap();
    Import::new(source.path(), Path::root()).run_in(&mut transaction, &unheard).unwrap();
    drop(transaction);
    assert_eq!((drive.draft(), drive.kind("a")), (Vec::new(), None));
    // What is remembered of the files does not stand in for what the drive never got.
    assert_eq!(drive.import(source.path()).changed, 3);
    assert_eq!(drive.read("a"), b"1");
}
