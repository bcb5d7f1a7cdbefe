//! `ply watch`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::ply::{Ply, json, noise, words};

/// Somebody who watches.
struct Watcher {
    child: Child,
    lines: Receiver<String>,
}

impl Watcher {
    /// Watches, from the moment on in which this returns.
    fn new(ply: &Ply, line: &str) -> Self {
        let mut command = ply.command(&words(line));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("ply starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        let watcher = Self { child, lines };
        // It may come late to the first of these.
        for number in 0..200 {
            ply.feed(b"x", &words(&format!("put docs:/probe{number}"))).ok();
            if watcher.lines.recv_timeout(Duration::from_millis(50)).is_ok() {
                ply.ok("rm docs:/probe0");
                watcher.until("/probe0");
                return watcher;
            }
        }
        panic!("nothing is seen");
    }

    /// The first line from now on that contains a text.
    fn until(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).expect(text);
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn what_changes_is_seen() {
    let ply = Ply::new();
    let _daemon = ply.up();
    ply.ok("drive create docs");
    let mut text = Watcher::new(&ply, "watch docs");
    let objects = Watcher::new(&ply, "watch docs --json");
    ply.feed(b"x", &words("put docs:/b\u{fc}ch")).ok();
    assert_eq!(text.until("/b"), "write /b\u{fc}ch");
    let event = &json(&objects.until("/b"))[0];
    assert_eq!((&event["event"], &event["path"]), (&"write".into(), &"/b\u{fc}ch".into()));
    ply.ok("rm docs:/b\u{fc}ch");
    assert_eq!(text.until("/b"), "remove /b\u{fc}ch");
    let commit = ply.feed(b"x", &words("put docs:/c --commit")).ok();
    assert_eq!(text.until("commit"), format!("commit {commit} number 1"));
    assert_eq!(json(&objects.until("commit"))[0]["commit"], commit);
    ply.ok("mkdir docs:/d");
    ply.ok("discard docs");
    assert_eq!(json(&objects.until("discard"))[0]["paths"], 1);
    ply.ok("drive remove docs");
    assert_eq!(text.child.wait().expect("it ends").code(), Some(0), "with the drive");
}

#[test]
fn what_arrives_and_is_fetched_is_seen() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let (_ours, _theirs) = (ours.up(), theirs.up());
    ours.ok("drive create docs");
    theirs.ok(&format!("join {}", ours.ok("share docs --write")));
    theirs.ok("sync docs --timeout 20s");
    let watcher = Watcher::new(&theirs, "watch docs --json");
    let id = ours.feed(&noise(300_000), &words("put docs:/big --commit")).ok();
    let arrival = &json(&watcher.until(&id))[0];
    assert_eq!((&arrival["event"], &arrival["number"]), (&"arrival".into(), &1.into()));
    assert_eq!(arrival["writer"].as_str().map(str::len), Some(64));
    let ran = theirs.run(&words("cat docs:/big"));
    assert!(ran.output == noise(300_000), "{}", ran.errors);
    let mut fetched = 0;
    while fetched < 300_000 {
        let event = &json(&watcher.until("\"fetch\""))[0];
        if event["path"] == "/big" {
            fetched += event["bytes"].as_u64().expect("a number");
        }
    }
}
