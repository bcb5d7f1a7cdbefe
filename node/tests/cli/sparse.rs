//! What a node brings over the wire when it joins, reads one file, lists one directory, and when
//! somebody makes a small change.
//!
//! `PLY_SPARSE_TREE=/some/folder` measures a drive made of that folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::ply::{Daemon, Ply, json, noise, words};
use super::ports::port;
use super::proxy::Proxy;

const DELAY: Duration = Duration::from_millis(50);
const FILES: usize = 3_000;
const WIDE: usize = 1_000;

/// A tree of files of 4 KiB, and one directory with many entries.
fn make(tree: &Path) {
    for number in 0..FILES {
        let folder = tree.join(format!("{:02}/{:02}", number % 13, number % 17));
        fs::create_dir_all(&folder).expect("a folder");
        let mut content = noise(4096);
        content.rotate_left(number);
        fs::write(folder.join(format!("{number:04}.bin")), content).expect("a file");
    }
    fs::create_dir(tree.join("wide")).expect("a folder");
    for number in 0..WIDE {
        let content = format!("{number:04} is the number of this file, one of many\n");
        fs::write(tree.join(format!("wide/{number:04}.txt")), content).expect("a file");
    }
}

/// Paths of all plain files below a folder, and the folder with the most entries.
fn survey(folder: &Path, files: &mut Vec<PathBuf>, widest: &mut (usize, PathBuf)) {
    let entries: Vec<_> = fs::read_dir(folder).expect("a folder").map(|e| e.expect("it")).collect();
    if widest.0 < entries.len() {
        *widest = (entries.len(), folder.to_owned());
    }
    for entry in entries {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            survey(&entry.path(), files, widest);
        } else if kind.is_file() && (3_500..=4_096).contains(&entry.metadata().expect("it").len()) {
            files.push(entry.path());
        }
    }
}

/// A node that has a drive, one that knows of it, and the line between them.
struct Pair {
    ours: Ply,
    theirs: Ply,
    line: Proxy,
    _running: [Daemon; 2],
}

/// Two nodes with a drive made of a folder, connected over a slow line; joining has not begun.
fn pair(tree: &Path) -> (Pair, String) {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create tree");
    ours.ok(&format!("import tree {} --commit -q", tree.display()));
    // Made while nothing listens: a ticket with addresses would lead around the line.
    let ticket = ours.ok("share tree --write");
    let running = [ours.up(), theirs.up()];
    let line = Proxy::to(port(running[0].address()), DELAY);
    theirs.ok(&format!("peer connect {}", line.address()));
    (Pair { ours, theirs, line, _running: running }, ticket)
}

fn inside(tree: &Path, path: &Path) -> String {
    path.strip_prefix(tree).expect("in the tree").to_str().expect("text").to_owned()
}

#[test]
fn law_6_reading_one_file_and_listing_one_directory_costs_two_round_trips_each() {
    let made = tempfile::tempdir().expect("a folder");
    let tree = std::env::var_os("PLY_SPARSE_TREE").map_or_else(
        || {
            make(made.path());
            made.path().to_owned()
        },
        PathBuf::from,
    );
    let (mut files, mut widest) = (Vec::new(), (0, PathBuf::new()));
    survey(&tree, &mut files, &mut widest);
    files.sort();
    let file = files[files.len() / 2].clone();
    let (Pair { theirs, line, .. }, ticket) = &pair(&tree);

    let name = inside(&tree, &file);
    let began = Instant::now();
    theirs.ok(&format!("join {ticket}"));
    let joined = line.since(began);
    let (ran, read) = line.during(|| theirs.run(&["cat", &format!("tree:/{name}")]));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.output, fs::read(&file).expect("the file"));
    let all = line.since(began);
    println!("join: {joined}");
    println!("{name}, {} bytes: {read}", ran.output.len());
    println!("joined and read: {all}");
    assert!(all.bytes <= 128 * 1024, "{all:?}");
    assert!((1..=2).contains(&all.round_trips), "{all:?}");

    let name = inside(&tree, &widest.1);
    let place = format!("tree:/{name}");
    let (ran, listed) = line.during(|| theirs.run(&["ls", &place, "--json"]));
    println!("{name}, {} entries: {listed}", widest.0);
    assert_eq!(ran.ok().lines().count(), widest.0);
    assert!((1..=2).contains(&listed.round_trips), "{listed:?}");

    // What was read once is here.
    let (ran, again) = line.during(|| theirs.run(&["ls", &place, "--json"]));
    assert_eq!((ran.code, again.round_trips), (0, 0));
}

#[test]
fn law_10_a_small_commit_is_readable_elsewhere_soon_and_costs_little() {
    let made = tempfile::tempdir().expect("a folder");
    make(made.path());
    let (Pair { ours, theirs, line, .. }, ticket) = &pair(made.path());
    theirs.ok(&format!("join {ticket}"));
    theirs.ok("sync tree --timeout 20s");
    theirs.ok("ls tree:/wide");
    let content = noise(2_000);
    let began = Instant::now();
    ours.feed(&content, &words("put tree:/wide/0500.txt --commit")).ok();
    let committed = Instant::now();
    // Whether it is here is asked without reading it: who reads in the very moment between a commit and
    // its content asks for the content, as for any other.
    loop {
        let ran = theirs.run(&words("stat tree:/wide/0500.txt --json"));
        let found = &json(&ran.ok())[0];
        if found["size"] == 2_000 && found["local"]["bytes"] == found["local"]["bytes_total"] {
            break;
        }
        assert!(committed.elapsed() < Duration::from_secs(10), "{found}");
        std::thread::sleep(Duration::from_millis(10));
    }
    let ran = theirs.run(&words("cat tree:/wide/0500.txt"));
    assert!(ran.code == 0 && ran.output == content, "{ran:?}");
    println!("readable elsewhere after {:?}", committed.elapsed());
    let used = line.since(began);
    println!("{} bytes of content: {used}", content.len());
    assert!(used.bytes <= content.len() + 4096, "{used:?}");
}
