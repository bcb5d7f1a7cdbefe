//! A commit that is damaged on the disk: its drive opens, says what is damaged, and gets it again.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;

use super::ply::{Ply, json, noise, words};

/// The key of the one writer of drive `d`.
fn writer(ply: &Ply) -> String {
    let writers = json(&ply.ok("writers d --json"));
    assert_eq!(writers.len(), 1, "{writers:?}");
    writers[0]["writer"].as_str().expect("a key").to_owned()
}

/// Changes a byte in the frame of a log's last block: its newest commit.
fn flip_newest(home: &Path, log: &str) {
    let pack = home.join("store/packs/00000001.pack");
    let bytes = fs::read(&pack).expect("read");
    let number =
        |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
    let digits = |at: usize| u8::from_str_radix(&log[at..at + 2], 16).expect("digits");
    let key: Vec<u8> = (0..log.len()).step_by(2).map(digits).collect();
    let (mut logs, mut blocks) = (HashMap::new(), BTreeMap::new());
    let mut at = 16;
    while at + 20 <= bytes.len() {
        let (length, record_of) = (number(at + 4), number(at + 8));
        let frame = &bytes[at + 20..at + 20 + length];
        if record_of == 0 {
            logs.insert(at, frame);
        } else if logs[&record_of] == key {
            // Numbers of blocks are longer, and low here.
            blocks.insert(number(at + 12), at + 20 + length / 2);
        }
        at += 20 + length;
    }
    let (_, &at) = blocks.last_key_value().expect("a frame of that log");
    let file = OpenOptions::new().write(true).open(&pack).expect("opened");
    file.write_all_at(&[bytes[at] ^ 0x20], at as u64).expect("written");
}

fn is_well(ply: &Ply) {
    assert_eq!(ply.ok("cat d:/small"), "small");
    assert!(ply.run(&words("cat d:/large")).output == noise(40_000));
    ply.ok("verify d");
}

/// The words are all in the text.
#[track_caller]
fn says(text: &str, said: &[&str]) {
    for word in said {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

/// Alone, the drive says what is damaged and shows nothing wrong; other drives are as they were.
fn is_damaged(ply: &Ply, log: &str) {
    let verified = ply.run(&words("verify d"));
    assert_eq!(verified.code, 5, "{verified:?}");
    says(&String::from_utf8_lossy(&verified.output), &["d: block ", "of log ", log, "damaged"]);
    let listed = ply.run(&words("ls d:/"));
    assert_eq!((listed.code, listed.output.as_slice()), (0, b"".as_slice()), "{listed:?}");
    says(&listed.errors, &["writer ", log, "not fetched: block ", "damaged here"]);
    says(&ply.fails(6, "cat d:/small"), &["'d': block ", log, "is damaged here", "/small"]);
    assert_eq!(ply.ok("cat other:/file"), "other");
}

#[test]
fn law_1_a_drive_whose_commit_is_damaged_opens_says_so_and_gets_it_from_a_peer() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create d");
    ours.feed(b"small", &words("put d:/small --commit")).ok();
    ours.feed(&noise(40_000), &words("put d:/large --commit")).ok();
    for ply in [&ours, &theirs] {
        ply.ok("drive create other");
        ply.feed(b"other", &words("put other:/file --commit")).ok();
    }
    let server = ours.up();
    let ticket = ours.ok("share d");
    theirs.ok(&format!("join {ticket}"));
    let node = theirs.up();
    theirs.ok(&format!("peer connect {}", server.address()));
    theirs.ok("sync d --full --timeout 30s");
    drop(node);
    is_well(&theirs);
    let log = writer(&ours);

    // Where it was fetched to.
    flip_newest(&theirs.home(), &log);
    is_damaged(&theirs, &log);
    let errors = theirs.place("errors");
    let node = theirs.up_with(
        "--listen /ip4/127.0.0.1/tcp/0",
        Stdio::from(File::create(&errors).expect("made")),
    );
    says(&fs::read_to_string(&errors).expect("read"), &["'d': block ", &log, "is damaged here"]);
    assert_eq!(theirs.ok("cat other:/file"), "other");
    theirs.ok(&format!("peer connect {}", server.address()));
    theirs.ok("sync d --timeout 30s");
    is_well(&theirs);
    drop(node);
    is_well(&theirs);
    drop(server);

    // Where it was written.
    flip_newest(&ours.home(), &log);
    is_damaged(&ours, &log);
    let refused = ours.feed(b"more", &words("put d:/more --commit"));
    assert_eq!(refused.code, 6, "{refused:?}");
    says(&refused.errors, &["'d': block ", &log, "is damaged here"]);
    let server = ours.up();
    let node = theirs.up();
    ours.ok(&format!("peer connect {}", node.address()));
    ours.ok("sync d --timeout 30s");
    is_well(&ours);
    ours.feed(b"more", &words("put d:/more --commit")).ok();
    theirs.ok("sync d --full --timeout 30s");
    assert_eq!(theirs.ok("cat d:/more"), "more");
    is_well(&theirs);
    let ended = &json(&theirs.ok("writers d --json"))[0]["ended"];
    assert!(ended.is_null(), "one history");
    drop((server, node));
    is_well(&ours);
}

/// Changes a byte in the longest frame of the first pack.
fn flip_longest(home: &Path) {
    let pack = home.join("store/packs/00000001.pack");
    let bytes = fs::read(&pack).expect("read");
    let length_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
    let (mut longest, mut at) = ((0, 0), 16);
    while at + 20 <= bytes.len() {
        let length = length_at(at + 4) as usize;
        longest = longest.max((length, at + 20 + length / 2));
        at += 20 + length;
    }
    let file = OpenOptions::new().write(true).open(&pack).expect("opened");
    file.write_all_at(&[bytes[longest.1] ^ 0x20], longest.1 as u64).expect("written");
}

#[test]
fn verify_brings_what_is_damaged_from_a_peer_when_it_is_told_to() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create d");
    ours.feed(b"small", &words("put d:/small --commit")).ok();
    ours.feed(&noise(40_000), &words("put d:/large --commit")).ok();
    let server = ours.up();
    let ticket = ours.ok("share d");
    theirs.ok(&format!("join {ticket}"));
    let node = theirs.up();
    theirs.ok(&format!("peer connect {}", server.address()));
    theirs.ok("sync d --full --timeout 30s");
    drop(node);
    flip_longest(&theirs.home());
    theirs.fails(1, "verify d --repair");
    assert_eq!(theirs.run(&words("verify d")).code, 5);
    let _node = theirs.up();
    theirs.ok(&format!("peer connect {}", server.address()));
    theirs.ok("sync d --timeout 30s");
    let repaired = theirs.ok("verify d --repair");
    assert!(repaired.contains("damaged") && repaired.contains("repaired"), "{repaired}");
    is_well(&theirs);
}
