//! Three writers, one drive: once by pipes with no node running, once by nodes of which two never
//! meet.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{Read, pipe};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::ply::{Ply, json, until, words};

/// Writes the three files, each by a writer that has heard of no other.
fn three_writers() -> [Ply; 3] {
    three_writers_in(64)
}

/// As [`three_writers`], by a ticket with so many places.
fn three_writers_in(places: u32) -> [Ply; 3] {
    let [a, b, c] = [Ply::new(), Ply::new(), Ply::new()];
    a.ok("drive create story");
    let ticket = a.ok(&format!("share story --write --uses {places}"));
    b.ok(&format!("join {ticket}"));
    c.ok(&format!("join {ticket}"));
    a.feed(b"HI\n", &words("put story:/hello.txt --commit")).ok();
    b.feed(b"HOWDY\n", &words("put story:/hello.txt --commit")).ok();
    c.feed(b"WHATEVER\n", &words("put story:/cool.txt --commit")).ok();
    [a, b, c]
}

/// Content by name and writer, read version by version.
fn versions(ply: &Ply) -> BTreeMap<(String, String), String> {
    let mut versions = BTreeMap::new();
    for row in json(&ply.ok("ls story --all --json")) {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let (name, writer) = (text("name"), text("writer"));
        let ran = ply.run(&words(&format!("cat story:/{name} --writer {writer}")));
        assert_eq!(ran.code, 0, "{ran:?}");
        versions.insert((name, writer), String::from_utf8(ran.output).expect("text"));
    }
    versions
}

fn check(nodes: &[&Ply]) {
    let expected = versions(nodes[0]);
    let contents: Vec<(&str, &str)> =
        expected.iter().map(|((name, _), content)| (name.as_str(), content.as_str())).collect();
    assert_eq!(contents[0], ("cool.txt", "WHATEVER\n"));
    assert!(contents.contains(&("hello.txt", "HI\n")), "{contents:?}");
    assert!(contents.contains(&("hello.txt", "HOWDY\n")), "{contents:?}");
    assert_eq!(contents.len(), 3);
    let shown = nodes[0].ok("cat story:/hello.txt");
    let conflicts = nodes[0].ok("conflicts story");
    assert!(conflicts.starts_with("/hello.txt\n"), "{conflicts}");
    assert_eq!(nodes[0].ok("conflicts story:/hello.txt"), conflicts);
    assert_eq!(nodes[0].ok("conflicts story:/cool.txt"), "");
    for node in nodes {
        assert_eq!(versions(node), expected);
        assert_eq!(node.ok("cat story:/hello.txt"), shown, "the same is shown everywhere");
    }
}

/// Runs `replicate` on both, the output of each the input of the other.
fn meet(a: &Ply, b: &Ply, drives: [&str; 2]) -> [i32; 2] {
    let ((a_reads, b_writes), (b_reads, a_writes)) = (pipe().expect("a"), pipe().expect("b"));
    let spawn = |ply: &Ply, drive: &str, input, output| {
        let mut command = ply.command(&["replicate", drive, "--stdio"]);
        command.stdin(std::process::Stdio::from(input));
        command.stdout(std::process::Stdio::from(output));
        command.stderr(std::process::Stdio::null());
        command.spawn().expect("ply starts")
    };
    let mut first = spawn(a, drives[0], a_reads, a_writes);
    let mut second = spawn(b, drives[1], b_reads, b_writes);
    [&mut first, &mut second].map(|child| child.wait().expect("it ends").code().unwrap_or(-1))
}

#[test]
fn by_pipes_without_a_running_node() {
    let [a, b, c] = three_writers();
    for (one, other) in [(&a, &b), (&b, &c), (&a, &b)] {
        assert_eq!(meet(one, other, ["story", "story"]), [0, 0]);
    }
    check(&[&a, &b, &c]);
}

/// Of two places B and C have as often as not claimed the same one when they meet, and one of them has to
/// take the other.
const TWO_PLACES: u32 = 2;

#[test]
fn by_pipes_where_two_may_have_claimed_one_place() {
    for _ in 0..6 {
        let [a, b, c] = three_writers_in(TWO_PLACES);
        for (one, other) in [(&a, &b), (&b, &c), (&a, &b)] {
            assert_eq!(meet(one, other, ["story", "story"]), [0, 0]);
        }
        check(&[&a, &b, &c]);
    }
}

#[test]
fn by_running_nodes_where_two_may_have_claimed_one_place() {
    for _ in 0..6 {
        through_the_middle(&three_writers_in(TWO_PLACES));
    }
}

#[test]
fn a_store_without_a_ticket_gets_nothing() {
    let [a, ..] = three_writers();
    let stranger = Ply::new();
    stranger.ok("drive create story");
    let codes = meet(&stranger, &a, ["story", "story"]);
    assert!(codes.iter().all(|&code| code != 0), "{codes:?}");
    assert_eq!(stranger.ok("ls story --all"), "");
}

#[test]
fn a_pipe_that_says_something_else_is_refused() {
    let [a, ..] = three_writers();
    let ran = a.feed(
        b"HTTP/1.1 400 Bad Request\r\n\r\n and so on and so on",
        &words("replicate story --stdio"),
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.errors.starts_with("ply: "), "{}", ran.errors);
}

#[test]
fn by_running_nodes_of_which_two_never_meet() {
    through_the_middle(&three_writers());
}

/// Runs the three, of which only the second is connected to the others.
fn through_the_middle([a, b, c]: &[Ply; 3]) {
    let (_a, in_the_middle, _c) = (a.up(), b.up(), c.up());
    let address = in_the_middle.address();
    a.ok(&format!("peer connect {address}"));
    c.ok(&format!("peer connect {address}"));
    let count = |ply: &Ply| json(&ply.ok("ls story --all --json")).len();
    until("each lists three", || [a, b, c].iter().all(|ply| count(ply) == 3));
    check(&[a, b, c]);
    let peer = |ply: &Ply| ply.ok("peer id");
    assert!(!a.ok("peer list").contains(&peer(c)), "A and C never met");
    assert!(!c.ok("peer list").contains(&peer(a)), "A and C never met");
    let state = |ply: &Ply| json(&ply.ok("status --json"))[0]["drives"][0]["state"].clone();
    assert_eq!(state(a), state(b));
    assert_eq!(state(b), state(c));
}

/// What one removed while another wrote in it is a directory of which nobody says more than that.
#[test]
fn a_directory_that_is_only_implied_is_exported_as_it_is_listed() {
    let [a, b, _] = three_writers();
    assert_eq!(meet(&a, &b, ["story", "story"]), [0, 0]);
    let folder = a.place("folder");
    fs::create_dir(&folder).expect("a folder");
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("its own");
    fs::write(folder.join("file"), "1").expect("a file");
    a.ok("import story:/folder folder --commit");
    assert_eq!(meet(&a, &b, ["story", "story"]), [0, 0]);
    b.ok("rm -r story:/folder");
    b.ok("commit story");
    a.feed(b"2", &words("put story:/folder/file --commit")).ok();
    assert_eq!(meet(&a, &b, ["story", "story"]), [0, 0]);
    for ply in [&a, &b] {
        ply.ok("export story out");
        let stat = &json(&ply.ok("stat story:/folder --json"))[0];
        let made = fs::metadata(ply.place("out/folder")).expect("a directory");
        let mode = format!("0{:o}", made.permissions().mode() & 0o7777);
        assert_eq!((stat["mode"].as_str(), mode.as_str()), (Some(mode.as_str()), "0755"));
    }
}

/// More names than come along with a commit.
const MANY: usize = 3_000;

#[test]
fn a_writer_that_nobody_can_bring_is_named_at_once() {
    let [a, b, c] = three_writers();
    let many = b.place("many");
    fs::create_dir(&many).expect("a folder");
    (0..MANY).for_each(|number| fs::write(many.join(number.to_string()), "x").expect("a file"));
    b.ok(&format!("import story:/many {} --commit", many.display()));
    // What B wrote is known to A, and C hears from A that it is there.
    let (a_node, b_node) = (a.up(), b.up());
    a.ok(&format!("peer connect {}", b_node.address()));
    a.ok("sync story --timeout 30s");
    drop(b_node);
    let _c = c.up();
    c.ok(&format!("peer connect {}", a_node.address()));
    c.ok("sync story --timeout 30s");
    drop(a_node);
    let writers = json(&b.ok("writers story list --json"));
    let own = writers.iter().find(|writer| writer["own"] == true).expect("B writes");
    let named = format!("writer {} not fetched", own["writer"].as_str().expect("a key"));
    // Who asks the network waits for longer than this each time; a busy machine does not.
    let is_quick = (0..5).any(|_| {
        let began = Instant::now();
        let ran = c.run(&words("ls story"));
        assert!(ran.errors.contains(&named), "{named}: {ran:?}");
        assert!(ran.ok().contains("cool.txt"));
        began.elapsed() < Duration::from_secs(1)
    });
    assert!(is_quick, "a listing waits for who is not there");
}

/// Small commits travel while both are connected.
#[test]
fn a_small_commit_is_readable_elsewhere_within_two_seconds() {
    let [a, b, _] = three_writers();
    let (a_node, _b) = (a.up(), b.up());
    let address = a_node.address();
    b.ok(&format!("peer connect {address}"));
    b.ok("sync story --timeout 10s");
    a.feed(b"fresh", &words("put story:/new.txt --commit")).ok();
    let began = Instant::now();
    loop {
        let ran = b.run(&words("cat story:/new.txt"));
        if ran.code == 0 {
            let mut content = String::new();
            ran.output.as_slice().read_to_string(&mut content).expect("text");
            assert_eq!(content, "fresh");
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{ran:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("readable elsewhere after {:?}", began.elapsed());
}
