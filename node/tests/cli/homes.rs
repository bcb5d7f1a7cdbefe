//! Homes: made, copied, and in places with long names.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::ply::{Ply, at, finish, json, noise, until, words};

pub(super) fn copy_folder(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.expect("cp runs").success());
}

#[test]
fn a_home_is_private() {
    let ply = Ply::new();
    let made = ply.ok("init");
    assert_eq!(ply.ok("init"), made, "made once");
    let mode = |name: &str| {
        let metadata = ply.home().join(name).metadata().expect(name);
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("node.secret"), 0o600);
    assert_eq!(mode(""), 0o700);
    let _daemon = ply.up();
    assert_eq!(mode("control.sock"), 0o600);
}

#[test]
fn a_copied_home_writes_under_keys_of_its_own() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    let copy = ply.place("copy");
    copy_folder(&ply.home(), &copy);
    let run = |line: &str| finish(at(&copy, &ply.place(""), &words(line)), b"two");
    let first = run("drive show docs --json");
    assert!(first.errors.contains("made elsewhere"), "{first:?}");
    let writer = |text: &str| json(text)[0]["writer"].clone();
    let copied = writer(&first.ok());
    assert_ne!(copied, writer(&ply.ok("drive show docs --json")));
    let second = run("drive show docs --json");
    assert_eq!(second.errors, "");
    assert_eq!(writer(&second.ok()), copied, "asked once");
    run("put docs:/b --commit").ok();
    assert_eq!(run("cat docs:/b").ok(), "two");
    assert_eq!(json(&run("stat docs:/b --json").ok())[0]["writer"], copied);
    assert_eq!(ply.ok("cat docs:/a"), "one");
    ply.fails(3, "cat docs:/b");
}

#[test]
fn a_copied_home_is_another_node_and_keeps_its_draft() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    ply.feed(&noise(300_000), &words("put docs:/draft")).ok();
    let first = ply.up();
    let (peer, address) = (ply.ok("peer id"), first.address().to_owned());
    ply.ok("down");
    first.wait();
    let copy = Ply::new();
    copy_folder(&ply.home(), &copy.home());
    let copied = copy.up_with("--listen /ip4/127.0.0.1/tcp/0", std::process::Stdio::null());
    let (copied_peer, _original) = (copy.ok("peer id"), ply.up());
    assert_ne!(copied_peer, peer);
    assert_eq!(ply.ok("peer id"), peer);
    assert!(!copied.address().contains(&peer), "{}", copied.address());
    assert_ne!(copied.address().split("/p2p/").next(), address.split("/p2p/").next());
    assert!(copy.run(&words("cat docs:/draft")).output == noise(300_000));
    copy.ok("commit docs");
    // Each writes on, and they are two writers of one drive.
    ply.feed(b"original", &words("put docs:/o --commit")).ok();
    copy.ok(&format!("peer connect {address}"));
    copy.ok("sync docs --timeout 20s --full");
    ply.ok("sync docs --timeout 20s --full");
    for node in [&ply, &copy] {
        assert_eq!(node.ok("cat docs:/o"), "original");
        assert!(node.run(&words("cat docs:/draft")).output == noise(300_000));
        assert_eq!(node.ok("writers docs").lines().count(), 2);
    }
}

#[test]
fn a_copied_home_hears_what_the_original_writes_later() {
    let (ply, copy) = (Ply::new(), Ply::new());
    ply.ok("drive create docs");
    // Nobody was met yet, so nothing of this was signed when it was copied.
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    ply.feed(b"two", &words("put docs:/b --commit")).ok();
    copy_folder(&ply.home(), &copy.home());
    for name in ["m1", "m2", "m3"] {
        ply.feed(b"later", &words(&format!("put docs:/{name} --commit"))).ok();
    }
    copy.feed(b"copy", &words("put docs:/k --commit")).ok();
    let (ours, _copy) = (ply.up(), copy.up());
    copy.ok(&format!("peer connect {}", ours.address()));
    copy.ok("sync docs --timeout 20s");
    ply.ok("sync docs --timeout 20s");
    let state = |ply: &Ply| json(&ply.ok("drive show docs --json"))[0]["state"].clone();
    assert_eq!(state(&copy), state(&ply));
    assert_eq!(copy.ok("ls docs"), "a\nb\nk\nm1\nm2\nm3");
    assert_eq!(copy.ok("cat docs:/m2"), "later");
}

#[test]
fn a_copied_home_passes_on_what_was_in_it_without_the_original() {
    let (ply, copy, reader) = (Ply::new(), Ply::new(), Ply::new());
    ply.ok("drive create docs");
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    ply.feed(b"two", &words("put docs:/b --commit")).ok();
    copy_folder(&ply.home(), &copy.home());
    let _copy = copy.up();
    let ticket = copy.ok("share docs");
    copy.feed(b"copy", &words("put docs:/k --commit")).ok();
    let _reader = reader.up();
    reader.ok(&format!("join {ticket}"));
    reader.ok("sync docs --timeout 20s");
    assert_eq!(reader.ok("ls docs"), "a\nb\nk");
    assert_eq!(reader.ok("cat docs:/b"), "two");
}

#[test]
fn a_backup_that_was_put_back_is_synced_in_one_go() {
    let (ply, other) = (Ply::new(), Ply::new());
    ply.ok("drive create docs");
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    let there = other.up();
    let meet = || {
        let here = ply.up();
        ply.ok(&format!("peer connect {}", there.address()));
        here
    };
    let here = meet();
    other.ok(&format!("join {}", ply.ok("share docs --write")));
    other.ok("sync docs --timeout 20s");
    drop(here);
    let backup = ply.place("backup");
    copy_folder(&ply.home(), &backup);
    for name in ["b1", "b2", "b3"] {
        ply.feed(b"lost", &words(&format!("put docs:/{name} --commit"))).ok();
    }
    let here = meet();
    ply.ok("sync docs --timeout 20s");
    other.ok("sync docs --timeout 20s --full");
    drop(here);
    // Into the same folder, so that it is not taken for a copy.
    for part in ["rows", "packs"] {
        std::fs::remove_dir_all(ply.home().join("store").join(part)).expect("removed");
        copy_folder(&backup.join("store").join(part), &ply.home().join("store"));
    }
    for name in ["c1", "c2"] {
        ply.feed(b"after", &words(&format!("put docs:/{name} --commit"))).ok();
    }
    let _here = meet();
    ply.ok("sync docs --full --timeout 20s");
    assert_eq!(ply.ok("ls docs"), "a\nb1\nb2\nb3\nc1\nc2");
    assert_eq!(ply.ok("cat docs:/b2"), "lost");
}

#[test]
fn a_copied_home_still_has_what_was_in_it() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    let copy = ply.place("copy");
    copy_folder(&ply.home(), &copy);
    let ran = finish(at(&copy, &ply.place(""), &words("cat docs:/a")), b"");
    assert_eq!(ran.ok(), "one");
}

#[test]
fn a_home_that_is_moved_stays_who_it_was() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let before = ply.ok("drive show docs --json");
    let moved = ply.place("moved");
    std::fs::rename(ply.home(), &moved).expect("moved");
    let after = finish(at(&moved, &ply.place(""), &words("drive show docs --json")), b"");
    assert_eq!(after.errors, "");
    assert_eq!(after.ok(), before);
}

#[test]
fn a_secret_that_is_lost_is_not_replaced() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    std::fs::remove_file(ply.home().join("node.secret")).expect("removed");
    assert!(ply.fails(1, "drive list").contains("backup"));
}

#[test]
fn a_long_way_to_the_socket_does_no_harm() {
    let ply = Ply::new();
    let home = ply.place(&"long".repeat(40));
    let run = |line: &str| finish(at(&home, &ply.place(""), &words(line)), b"");
    let mut node = at(&home, &ply.place(""), &words("up --no-mdns --no-dht"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("ply starts");
    until("the node listens", || home.join("control.sock").exists());
    assert_eq!(json(&run("status --json").ok())[0]["running"], true);
    run("down").ok();
    assert!(node.wait().expect("it ends").success());
}
