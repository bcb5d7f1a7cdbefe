//! The same commands through a node that runs.

use std::io::Read;
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use super::ply::{Ply, json, noise, signal, words};

/// The story of [`super::files`] in short.
fn a_story(ply: &Ply) {
    ply.ok("drive create docs");
    ply.feed(b"hello", &words("put docs:/a.txt --commit -m one")).ok();
    assert_eq!(ply.ok("cat docs:/a.txt"), "hello");
    assert_eq!(ply.ok("ls docs"), "a.txt");
    assert_eq!(json(&ply.ok("log docs --json"))[0]["message"], "one");
    ply.fails(3, "ls nothing");
    ply.fails(2, "cat docs:/..");
    ply.fails(2, "rm docs:/");
}

#[test]
fn commands_are_the_same_with_a_node_and_without() {
    let ply = Ply::new();
    let daemon = ply.up();
    assert!(daemon.lines[0].starts_with("listening /ip4/127.0.0.1/tcp/"), "{:?}", daemon.lines);
    a_story(&ply);
    let status = &json(&ply.ok("status --json"))[0];
    assert_eq!(status["running"], true);
    assert_eq!(status["drives"][0]["name"], "docs");
    let root = status["drives"][0]["union_root"].clone();
    assert_eq!(root.as_str().map(str::len), Some(64), "{root}");
    let peer = ply.ok("peer id");
    ply.ok("down");
    assert_eq!(daemon.wait(), Some(0));
    assert!(!ply.home().join("control.sock").exists());
    assert_eq!(ply.ok("cat docs:/a.txt"), "hello");
    assert_eq!(ply.ok("peer id"), peer);
    let status = &json(&ply.ok("status --json"))[0];
    assert_eq!(status["running"], false);
    assert_eq!(status["drives"][0]["union_root"], root, "kept, or worked out again");
    let other = Ply::new();
    a_story(&other);
}

#[test]
fn a_large_binary_passes_the_socket_both_ways() {
    let ply = Ply::new();
    let _daemon = ply.up();
    ply.ok("drive create docs");
    let bytes = noise(10 << 20);
    ply.feed(&bytes, &words("put docs:/big")).ok();
    let ran = ply.run(&words("cat docs:/big"));
    assert_eq!(ran.code, 0, "{}", ran.errors);
    assert!(ran.output == bytes, "{} bytes came back changed", ran.output.len());
    let part = ply.run(&words("cat docs:/big --offset 5000000 --length 100000"));
    assert!(part.output == bytes[5_000_000..5_100_000]);
}

#[test]
fn a_reader_that_goes_ends_the_command() {
    let ply = Ply::new();
    let _daemon = ply.up();
    ply.ok("drive create docs");
    ply.feed(&noise(4 << 20), &words("put docs:/big")).ok();
    let mut child = ply
        .command(&words("cat docs:/big"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ply starts");
    let mut pipe = child.stdout.take().expect("a pipe");
    pipe.read_exact(&mut [0; 100]).expect("some bytes");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(ply.ok("ls docs"), "big", "the node is well");
}

#[test]
fn a_writer_that_goes_leaves_nothing() {
    let ply = Ply::new();
    let _daemon = ply.up();
    ply.ok("drive create docs");
    let (mut child, _input) = ply.endless("put docs:/endless");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(ply.ok("ls docs"), "");
    ply.feed(b"x", &words("put docs:/other")).ok();
}

#[test]
fn a_node_that_stops_ends_its_commands() {
    let ply = Ply::new();
    let daemon = ply.up();
    ply.ok("drive create docs");
    let (child, _input) = ply.endless("put docs:/endless");
    ply.ok("down");
    let ended = child.wait_with_output().expect("ended");
    // It was asked to end and did, before the node gave it up.
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(!errors.contains("before the command was done"), "{errors}");
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(daemon.wait(), Some(0));
    assert_eq!(ply.ok("ls docs"), "");
}

#[test]
fn input_that_a_command_does_not_want_stays_where_it_is() {
    let ply = Ply::new();
    let _daemon = ply.up();
    ply.ok("drive create docs");
    let script =
        format!("while read line; do {} ls docs && echo $line; done", env!("CARGO_BIN_EXE_ply"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).env("PLY_HOME", ply.home());
    let ran = super::ply::finish(shell, b"one\ntwo\nthree\n");
    assert_eq!(ran.ok(), "one\ntwo\nthree");
}

#[test]
fn only_one_node_runs_on_a_home() {
    let ply = Ply::new();
    let _daemon = ply.up();
    let errors = ply.fails(1, "up --no-mdns --no-dht");
    assert!(errors.contains("another ply is using"), "{errors}");
    ply.ok("status");
}

#[test]
fn a_socket_that_was_left_behind_is_no_node() {
    let ply = Ply::new();
    let key = ply.ok("drive create docs");
    let socket = ply.home().join("control.sock");
    drop(UnixListener::bind(&socket).expect("bound"));
    assert!(socket.exists());
    assert!(ply.ok("drive list").starts_with(&key));
    assert!(!socket.exists());
    drop(UnixListener::bind(&socket).expect("bound"));
    let daemon = ply.up();
    assert!(ply.ok("drive list").starts_with(&key));
    drop(daemon);
    assert!(socket.exists(), "a node that is killed leaves it");
    assert!(ply.ok("drive list").starts_with(&key));
}

#[test]
fn two_nodes_share_a_drive() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let (_ours, _theirs) = (ours.up(), theirs.up());
    ours.ok("drive create docs");
    let bytes = noise(1 << 20);
    ours.feed(&bytes, &words("put docs:/a --commit")).ok();
    let ticket = ours.ok("share docs --write");
    theirs.ok(&format!("join {ticket}"));
    theirs.ok("sync docs --timeout 20s");
    assert_eq!(theirs.ok("ls docs"), "a");
    theirs.ok("export docs out");
    assert!(std::fs::read(theirs.place("out/a")).expect("a file") == bytes);
    theirs.feed(b"theirs", &words("put docs:/b --commit")).ok();
    ours.ok("sync docs --timeout 20s --full");
    assert_eq!(ours.ok("cat docs:/b"), "theirs");
}

/// State and root of the union, as `drive show` tells them.
fn shown(ply: &Ply) -> (String, String) {
    let drive = json(&ply.ok("drive show docs --json")).remove(0);
    let text = |field: &str| drive[field].as_str().expect("a text").to_owned();
    (text("state"), text("union_root"))
}

#[test]
fn law_2_nodes_that_have_the_same_print_the_same_root_and_who_lacks_pages_prints_none() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    // More names than fit a commit: they go into pages, which nobody is sent unasked.
    std::fs::create_dir(ours.place("many")).expect("a folder");
    for number in 0..2000 {
        let name = format!("many/a file with the long name of number {number}");
        std::fs::write(ours.place(&name), format!("{number}")).expect("a file");
    }
    ours.ok("import docs:/many many --commit");
    let (_ours, _theirs) = (ours.up(), theirs.up());
    theirs.ok(&format!("join {}", ours.ok("share docs --write")));
    theirs.ok("sync docs --timeout 20s");
    let (state, root) = shown(&ours);
    assert_eq!(root.len(), 64, "{root}");
    assert_eq!(shown(&theirs), (state.clone(), "-".to_owned()));
    assert_eq!(json(&theirs.ok("status --json"))[0]["drives"][0]["union_root"], "-");
    assert!(theirs.ok("status").contains(&format!("state {state} union_root - docs")));
    theirs.ok("sync docs --timeout 60s --full");
    assert_eq!(shown(&theirs), (state, root.clone()));
    theirs.feed(b"theirs", &words("put docs:/b")).ok();
    assert_eq!(shown(&theirs).1, root, "a draft is nobody else's");
    theirs.ok("commit docs");
    ours.ok("sync docs --timeout 20s");
    let (state, next) = shown(&ours);
    assert_ne!(next, root);
    assert_eq!(shown(&theirs), (state, next));
}

#[test]
fn signals_end_the_node_in_order() {
    let ply = Ply::new();
    let daemon = ply.up();
    signal("TERM", daemon.id());
    assert_eq!(daemon.wait(), Some(0));
    assert!(!ply.home().join("control.sock").exists());
    ply.fails(1, "down");
}

#[test]
fn a_peer_that_does_not_answer_is_named() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let (_ours_up, theirs_up) = (ours.up(), theirs.up());
    let address = theirs_up.address().to_owned();
    theirs.ok("down");
    assert_eq!(theirs_up.wait(), Some(0));
    let error = ours.fails(1, &format!("peer connect {address}"));
    assert!(error.contains("no connection to ") && error.contains("'ply status'"), "{error}");
}

#[test]
fn a_peer_with_two_sessions_is_one_peer() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    theirs.ok(&format!("join {}", ours.ok("share docs --write")));
    let (ours_up, theirs_up) = (ours.up(), theirs.up());
    // Who dials opens a session, so both do.
    ours.ok(&format!("peer connect {}", theirs_up.address()));
    theirs.ok(&format!("peer connect {}", ours_up.address()));
    for ply in [&ours, &theirs] {
        let summary = &json(&ply.ok("sync docs --timeout 20s --json"))[0];
        assert_eq!(summary["peers"], 1, "{summary}");
    }
}
