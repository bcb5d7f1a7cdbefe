//! What users and their machines do that nobody plans for.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};

use super::homes::copy_folder;
use super::ply::{Ply, json, noise, until, words};

#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"text", &words("put docs:/a")).ok();
    let (pipe, kept, link) = (ply.place("pipe"), ply.place("kept"), ply.place("link"));
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
        .expect("a pipe");
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read(pipe).expect("what comes through the pipe"))
    };
    ply.ok("get docs:/a pipe");
    assert_eq!(reader.join().expect("a reader"), b"text");
    assert!(fs::symlink_metadata(&pipe).expect("there").file_type().is_fifo());
    fs::write(&kept, "old").expect("a file");
    symlink("kept", &link).expect("a link");
    ply.ok("get docs:/a link");
    assert_eq!(fs::read(&kept).expect("a file"), b"text");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
}

#[test]
fn a_part_is_not_exported_as_the_whole() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    ours.feed(b"text", &words("put docs:/a --commit")).ok();
    let ticket = ours.ok("share docs");
    theirs.ok(&format!("join {ticket}"));
    theirs.fails(6, "export docs out");
    assert!(!theirs.place("out").exists());
    let ran = theirs.run(&words("ls docs"));
    assert!(ran.code == 0 && ran.errors.contains("nothing of this drive has arrived"));
}

#[test]
fn a_store_that_lost_its_rows_does_not_begin_anew() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(&noise(200_000), &words("put docs:/a --commit")).ok();
    let rows = ply.home().join("store/rows");
    let saved = ply.place("saved");
    fs::rename(&rows, &saved).expect("renamed");
    for _ in 0..2 {
        let errors = ply.fails(5, "drive list");
        assert!(errors.contains("rows"), "{errors}");
    }
    fs::create_dir(&rows).expect("a folder");
    for file in fs::read_dir(&saved).expect("a folder").flatten() {
        if file.file_name() != "CURRENT" {
            fs::copy(file.path(), rows.join(file.file_name())).expect("copied");
        }
    }
    ply.fails(5, "drive list");
    ply.fails(5, "put docs:/b --commit");
    fs::copy(saved.join("CURRENT"), rows.join("CURRENT")).expect("copied");
    assert_eq!(ply.ok("ls docs"), "a");
    for file in fs::read_dir(&rows).expect("a folder").flatten() {
        if file.file_name().to_string_lossy().starts_with("MANIFEST") {
            fs::remove_file(file.path()).expect("removed");
        }
    }
    ply.fails(5, "ls docs");
    fs::remove_dir_all(&rows).expect("removed");
    fs::rename(&saved, &rows).expect("renamed");
    assert_eq!(ply.ok("ls docs"), "a");
}

#[test]
fn a_home_whose_store_went_does_not_begin_anew() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let (store, away) = (ply.home().join("store"), ply.place("away"));
    fs::rename(&store, &away).expect("renamed");
    let errors = ply.fails(1, "drive list");
    assert!(errors.contains("store: it is missing"), "{errors}");
    // As where a disk is not mounted.
    fs::create_dir(&store).expect("a folder");
    ply.fails(1, "drive create docs");
    fs::remove_dir(&store).expect("removed");
    fs::rename(&away, &store).expect("renamed");
    assert_eq!(json(&ply.ok("drive list --json"))[0]["name"], "docs");
    fs::remove_dir_all(&store).expect("removed");
    fs::remove_file(ply.home().join("install")).expect("removed");
    assert_eq!(ply.ok("drive list"), "");
}

#[test]
fn a_slash_at_the_end_of_what_is_left_out_means_directories() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    for (folder, file) in [("in/build", "x"), ("in/a", "build"), ("in/all", "y")] {
        fs::create_dir_all(ply.place(folder)).expect("a folder");
        fs::write(ply.place(folder).join(file), "text").expect("a file");
    }
    ply.ok("import docs in --exclude build/ --exclude all/**");
    assert_eq!(ply.ok("ls docs"), "a\nall");
    assert_eq!((ply.ok("ls docs:/a"), ply.ok("ls docs:/all")), ("build".to_owned(), String::new()));
}

#[test]
fn archives_on_standard_streams_are_refused_and_no_folders() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    for command in ["import docs -", "export docs -"] {
        let errors = ply.fails(1, command);
        assert!(errors.contains("not supported yet"), "{errors}");
    }
    assert!(!ply.place("-").exists());
}

#[test]
fn names_do_nothing_to_a_terminal() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let errors = ply.fails(3, "cat docs:/\u{1b}[31m\u{202e}");
    assert!(errors.contains("\\x1b[31m") && !errors.contains(['\u{1b}', '\u{202e}']), "{errors}");
    let errors = ply.fails(3, "ls \u{1b}[31m");
    assert!(!errors.contains('\u{1b}'), "{errors}");
}

#[test]
fn a_slash_at_the_end_means_a_directory() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"1", &words("put docs:/a")).ok();
    ply.feed(b"2", &words("put docs:/b")).ok();
    ply.fails(2, "mv docs:/a docs:/b/");
    ply.fails(2, "cp docs:/a docs:/new/");
    ply.fails(2, "rm docs:/a/");
    ply.fails(2, "put docs:/new/ -");
    assert_eq!((ply.ok("cat docs:/a"), ply.ok("cat docs:/b")), ("1".to_owned(), "2".to_owned()));
    ply.ok("mkdir docs:/d/");
    ply.ok("mv docs:/d docs:/e/");
    ply.ok("mv docs:/a docs:/e/");
    assert_eq!(ply.ok("cat docs:/e/a"), "1");
    // Nor does a folder take the place of a file.
    fs::create_dir(ply.place("folder")).expect("a folder");
    ply.fails(2, "import docs:/b folder");
    assert_eq!(ply.ok("cat docs:/b"), "2");
    let nothing = Ply::new();
    nothing.ok("drive create docs");
    assert!(json(&nothing.ok("commit docs --json"))[0]["commit"].is_null());
    nothing.fails(3, "conflicts docs:/none");
}

#[test]
fn law_7_a_backup_put_back_under_a_running_home_goes_on_under_another_key() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    ours.feed(b"1", &words("put docs:/one --commit")).ok();
    let backup = ours.place("backup");
    copy_folder(&ours.home().join("store"), &backup);
    let ticket = ours.ok("share docs --write");
    theirs.ok(&format!("join {ticket}"));
    let their_node = theirs.up();
    let meet = |ours: &Ply| {
        ours.ok(&format!("peer connect {}", their_node.address()));
        let ran = ours.run(&words("sync docs --timeout 60s"));
        assert_eq!(ran.code, 0, "{}", ran.errors);
        theirs.ok("sync docs --timeout 60s");
        ran.errors
    };
    {
        let node = ours.up();
        ours.feed(b"8", &words("put docs:/eight --commit")).ok();
        drop(meet(&ours));
        assert_eq!(theirs.ok("ls docs"), "eight\none");
        ours.ok("down");
        node.wait();
    }
    // Into the same folders: else it would be taken for a copy.
    for part in ["rows", "packs"] {
        let (store, backup) = (ours.home().join("store").join(part), backup.join(part));
        for file in fs::read_dir(&store).expect("a folder").flatten() {
            fs::remove_file(file.path()).expect("removed");
        }
        for file in fs::read_dir(&backup).expect("a folder").flatten() {
            fs::copy(file.path(), store.join(file.file_name())).expect("copied");
        }
    }
    let _node = ours.up();
    ours.feed(b"9", &words("put docs:/nine --commit")).ok();
    // What nobody else has is a draft again, and its user hears of it.
    let mut told = meet(&ours);
    until("the other writer key is told of", || {
        told.push_str(&ours.run(&words("ls docs")).errors);
        told.contains("another writer key")
    });
    ours.feed(b"10", &words("put docs:/ten --commit")).ok();
    drop(meet(&ours));
    for node in [&ours, &theirs] {
        assert_eq!(node.ok("ls docs"), "eight\nnine\none\nten");
    }
}

#[test]
fn who_reads_a_drive_otherwise_is_not_shut_out_of_the_others() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let secret = ours.ok("drive create secret");
    ours.ok("drive create good");
    ours.feed(b"1", &words("put secret:/one --commit")).ok();
    ours.feed(b"2", &words("put good:/two --commit")).ok();
    theirs.ok(&format!("join {}", ours.ok("share good")));
    // A private drive taken for a public one.
    theirs.ok(&format!("join {secret} --name taken"));
    let (first, _second) = (ours.up(), theirs.up());
    theirs.ok(&format!("peer connect {}", first.address()));
    theirs.run(&words("cat taken:/one"));
    theirs.run(&words("ls taken"));
    theirs.ok("sync good --timeout 60s");
    assert_eq!(theirs.ok("cat good:/two"), "2");
    ours.feed(b"3", &words("put good:/three --commit")).ok();
    theirs.ok("sync good --timeout 60s");
    assert_eq!(theirs.ok("ls good"), "three\ntwo");
    // Paused, it waits for nobody.
    theirs.ok("drive pause good");
    assert!(theirs.fails(1, "sync good").contains("drive resume"));
}
