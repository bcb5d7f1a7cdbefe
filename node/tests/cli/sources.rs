//! Everything, from two nodes at once, seen on the wire.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ply::{Ply, json, noise, words};
use super::ports::port;
use super::proxy::Proxy;

const CONTENT_BYTES: usize = 96 << 20;

/// Proofs, lengths and encryption beside the content, of both wires.
const OVERHEAD_BYTES_MAX: usize = CONTENT_BYTES / 50;

#[test]
fn two_nodes_that_have_everything_bring_a_part_each() {
    let nodes = [Ply::new(), Ply::new(), Ply::new()];
    let [owner, second, reader] = &nodes;
    let file = owner.place("noise");
    let content = noise(CONTENT_BYTES);
    fs::write(&file, &content).expect("a file");
    owner.ok("drive create bulk");
    owner.ok(&format!("put bulk:/noise {} --commit -q", file.display()));
    let ticket = owner.ok("share bulk");
    let up = |node: &Ply| node.up_with("--listen /ip4/127.0.0.1/tcp/0", Stdio::inherit());
    let daemons = [up(owner), up(second), up(reader)];
    second.ok(&format!("join {ticket}"));
    second.ok(&format!("peer connect {}", daemons[0].address()));
    second.ok("sync bulk --full --timeout 60s -q");

    // A line of some length to each, so that neither has brought everything before the other is asked.
    let delay = Duration::from_millis(5);
    let lines = [0, 1].map(|source: usize| Proxy::to(port(daemons[source].address()), delay));
    let began = Instant::now();
    reader.ok(&format!("join {ticket}"));
    for line in &lines {
        reader.ok(&format!("peer connect {}", line.address()));
    }
    let mut sync =
        reader.command(&words("sync bulk --full --timeout 60s -q")).spawn().expect("ply");
    let mut seen = false;
    while sync.try_wait().expect("a process").is_none() {
        let status = &json(&reader.ok("status --json"))[0];
        let moving = |transfer: &Value| transfer["what"] == "everything" && transfer["bytes"] != 0;
        seen |= status["transfers"].as_array().expect("a list").iter().any(moving);
    }
    assert!(sync.wait().expect("a process").success());
    assert!(seen, "status says what is under way");
    let brought = lines.each_ref().map(|line| line.since(began).bytes);
    let total: usize = brought.iter().sum();
    eprintln!("of {CONTENT_BYTES} bytes the two brought {brought:?}");
    let read = reader.run(&words("cat bulk:/noise"));
    assert_eq!(read.code, 0, "{}", read.errors);
    assert!(read.output == content, "the file differs");
    assert!(brought.iter().all(|bytes| CONTENT_BYTES / 8 < *bytes), "{brought:?}");
    assert!(total < CONTENT_BYTES + OVERHEAD_BYTES_MAX, "{brought:?}");
}
