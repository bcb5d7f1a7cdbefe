//! Commands in a running node whose user went away.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::ply::{Ply, signal, words};

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

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
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
    let mut command = ply.command(&words("put docs:/endless"));
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    // Kept open: an end of the input would be an end of the file.
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"a beginning").expect("written");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(interrupt(&mut child), Some(1));
    assert_eq!(ply.ok("ls docs"), "");
}
