//! Commands in a running node whose user went away.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::ply::{Ply, signal, until, words};

/// Far more than is read before the user goes, and no room on the disk.
const HOLE_BYTES: u64 = 1 << 33;

fn start(ply: &Ply, line: &str) -> Child {
    let mut command = ply.command(&words(line));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("ply starts")
}

fn stop(mut child: Child) {
    assert!(child.try_wait().expect("asked").is_none(), "it is still at it");
    child.kill().expect("killed");
    child.wait().expect("ended");
}

fn hole(path: &Path, bytes: u64) {
    File::create(path).and_then(|file| file.set_len(bytes)).expect("a file");
}

#[test]
fn an_import_ends_with_its_user_and_leaves_nothing() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let _daemon = ply.up();
    std::fs::create_dir(ply.place("folder")).expect("made");
    hole(&ply.place("folder/big"), HOLE_BYTES);
    for line in ["import docs folder", "import docs folder --commit", "put docs:/big folder/big"] {
        let child = start(&ply, line);
        std::thread::sleep(Duration::from_millis(300));
        stop(child);
        // One writes at a time: this waits until the other has ended.
        ply.feed(b"x", &words("put docs:/other")).ok();
        assert_eq!(ply.ok("ls docs"), "other", "{line}");
    }
    assert_eq!(ply.ok("log docs"), "", "nothing was committed");
    ply.ok("verify docs");
}

#[test]
fn an_export_ends_with_its_user_and_leaves_no_part_of_a_file() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let _daemon = ply.up();
    hole(&ply.place("big"), 1 << 30);
    ply.ok("put docs:/big big --commit");
    let child = start(&ply, "export docs out");
    until("the export begins", || ply.place("out/big").exists());
    stop(child);
    until("what was begun is removed", || !ply.place("out/big").exists());
    ply.feed(b"x", &words("put docs:/other")).ok();
}

/// Asks a command to end, as the keyboard does.
fn interrupt(child: &mut Child) -> Option<i32> {
    signal("INT", child.id());
    child.wait().expect("ended").code()
}

#[test]
fn without_a_node_a_signal_ends_an_export_in_order() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    hole(&ply.place("big"), 1 << 30);
    ply.ok("put docs:/big big --commit");
    let names = || -> Vec<std::ffi::OsString> {
        let folder = std::fs::read_dir(ply.place("")).expect("a folder");
        folder.flatten().map(|entry| entry.file_name()).collect()
    };
    let before = names();
    let mut child = start(&ply, "get docs:/big into");
    until("it begins", || before.len() < names().len());
    assert_eq!(interrupt(&mut child), Some(1));
    assert_eq!(names(), before, "nothing unfinished is left");
    let mut child = start(&ply, "export docs out");
    until("it begins", || ply.place("out/big").exists());
    assert_eq!(interrupt(&mut child), Some(1));
    assert!(!ply.place("out/big").exists());
}

#[test]
fn without_a_node_a_signal_ends_a_put_that_waits() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let (mut child, _input) = ply.endless("put docs:/endless");
    assert_eq!(interrupt(&mut child), Some(1));
    assert_eq!(ply.ok("ls docs"), "");
}
