//! Tickets: made and taken, offline.

use std::time::{Duration, Instant};

use super::ply::{Ply, json, until, words};

#[test]
fn a_ticket_makes_a_drive_known() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let key = ours.ok("drive create docs");
    let ticket = ours.ok("share docs");
    assert!(ticket.starts_with("ply1"), "{ticket}");
    assert_eq!(theirs.ok(&format!("join {ticket}")), key);
    let drive = &json(&theirs.ok("drive show docs --json"))[0];
    assert_eq!((&drive["access"], &drive["writable"]), (&"sealed".into(), &false.into()));
    assert!(theirs.fails(1, "mkdir docs:/a").contains("read-only"));
    let write = ours.ok("share docs --write --uses 3");
    assert_eq!(theirs.ok(&format!("join {write}")), key, "joining again adds what it allows");
    assert_eq!(theirs.ok(&format!("join {ticket}")), key, "and takes nothing away");
    assert_eq!(json(&theirs.ok("drive show docs --json"))[0]["writable"], true);
    theirs.ok("mkdir docs:/a");
    theirs.ok("commit docs");
    assert_eq!(theirs.ok("ls docs"), "a");
}

#[test]
fn a_blind_node_reads_nothing_until_it_may() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    let (blind, read) = (ours.ok("share docs --blind"), ours.ok("share docs"));
    theirs.ok(&format!("join {blind} --name mirror"));
    assert_eq!(json(&theirs.ok("drive show mirror --json"))[0]["access"], "blind");
    theirs.ok(&format!("join {read}"));
    assert_eq!(json(&theirs.ok("drive show mirror --json"))[0]["access"], "sealed");
}

#[test]
fn names_that_are_taken_get_a_number() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let key = ours.ok("drive create docs --public");
    let own = theirs.ok("drive create docs");
    let ticket = ours.ok("share docs");
    assert_eq!(theirs.ok(&format!("join {ticket}")), key);
    assert!(theirs.ok("drive list").contains("docs-2"));
    assert_eq!(theirs.ok(&format!("join {own}")), own);
    let third = Ply::new();
    assert_eq!(third.ok(&format!("join {key}")), key, "a bare key is enough for a public drive");
    assert!(third.ok("drive list").contains(&key[..8]));
}

#[test]
fn the_bare_key_of_a_private_drive_is_said_not_to_be_enough() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let key = ours.ok("drive create docs");
    ours.feed(b"mine", &words("put docs:/file --commit")).ok();
    let (node, _theirs) = (ours.up(), theirs.up());
    theirs.ok(&format!("join {key} --name docs"));
    theirs.ok(&format!("peer connect {}", node.address()));
    // What shows it is a commit, which comes soon after the connection.
    let is_said = |line: &str| {
        let ran = theirs.run(&words(line));
        ran.code == 1 && ran.errors.contains("'docs' is private") && ran.errors.contains("ticket")
    };
    until("the first commit is here", || is_said("sync docs --timeout 30s"));
    for line in [
        "ls docs",
        "cat docs:/file",
        "stat docs:/file",
        "export docs out",
        "log docs",
        "log docs@-1",
        "conflicts docs",
        "mkdir docs:/new",
        "share docs",
    ] {
        assert!(is_said(line), "{line}: {:?}", theirs.run(&words(line)));
    }
    // What is sealed can be verified all the same, and hides nothing of the other drives.
    assert_ne!(theirs.ok("verify docs"), "0 blocks, 0 bytes read");
    assert_eq!(json(&theirs.ok("drive show docs --json"))[0]["access"], "none");
    let doctor = theirs.run(&words("doctor"));
    assert!(String::from_utf8_lossy(&doctor.output).contains("'docs' is private"), "{doctor:?}");
    theirs.ok(&format!("join {}", ours.ok("share docs")));
    assert_eq!(theirs.ok("cat docs:/file"), "mine");
}

#[test]
fn what_is_no_ticket_is_refused() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let ticket = ply.ok("share docs");
    for wrong in ["nonsense", "ply1", "ply1abcdef", &ticket[..ticket.len() - 2]] {
        let errors = ply.fails(2, &format!("join {wrong}"));
        assert!(errors.contains("not a ticket"), "{errors}");
    }
}

#[test]
fn drives_are_found_by_what_is_unique() {
    let ply = Ply::new();
    let (one, two) = (ply.ok("drive create one"), ply.ok("drive create two"));
    assert!(ply.ok(&format!("drive show {one}")).contains(&one));
    assert!(ply.ok(&format!("drive show {}", &two[..12])).contains(&two));
    ply.fails(3, &format!("drive show {}", &one[..3]));
    ply.ok("drive pause one");
    assert!(ply.ok("drive list").contains("paused one"));
    ply.ok("drive resume one");
    ply.ok("drive remove one");
    ply.fails(3, "ls one");
    let writers = ply.ok("writers two");
    assert!(writers.contains("(this node)"), "{writers}");
    assert_eq!(ply.ok("writers two list"), writers);
}

#[test]
fn who_has_just_joined_waits_for_the_first_news() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    ours.feed(b"hello", &words("put docs:/hello.txt --commit")).ok();
    let node = ours.up();
    let ticket = ours.ok("share docs --write");
    let _theirs = theirs.up();
    theirs.ok(&format!("join {ticket}"));
    assert_eq!(theirs.ok("cat docs:/hello.txt"), "hello");
    theirs.fails(3, "cat docs:/not-there.txt");
    drop(node);
    // Somebody else who joins now hears nothing. That is no word on what is there, and no obstacle.
    let late = Ply::new();
    late.ok(&format!("join {ticket}"));
    let errors = late.fails(6, "cat docs:/hello.txt");
    assert!(errors.contains("nothing of drive 'docs' has arrived"), "{errors}");
    late.feed(b"written alone", &words("put docs:/late.txt --commit")).ok();
    assert_eq!(late.ok("cat docs:/late.txt"), "written alone");
}

#[test]
fn a_ticket_that_expires_lets_nobody_in_after_that() {
    // On a busy machine who comes in time needs more of it.
    assert!([4, 16, 64].into_iter().any(lets_nobody_in_after), "nobody came in time");
}

/// A ticket that is good for so many seconds. Says whether those came in time who had to.
fn lets_nobody_in_after(seconds: u64) -> bool {
    let nodes = [Ply::new(), Ply::new(), Ply::new(), Ply::new()];
    let [owner, early, idle, late] = &nodes;
    owner.ok("drive create d");
    owner.feed(b"there", &words("put d:/f --commit")).ok();
    let daemon = owner.up();
    let given = Instant::now();
    let shared = &json(&owner.ok(&format!("share d --write --expires {seconds}s --json")))[0];
    let text = |field: &str| shared[field].as_str().expect("a text");
    let (ticket, expires) = (text("ticket"), text("expires"));
    let join = |node: &Ply| {
        node.ok(&format!("join {ticket}"));
        let running = node.up();
        node.ok(&format!("peer connect {}", daemon.address()));
        node.ok("sync d --timeout 30s");
        running
    };
    let (_early, _idle) = (join(early), join(idle));
    early.feed(b"in time", &words("put d:/early --commit")).ok();
    owner.ok("sync d --timeout 30s");
    if Duration::from_secs(seconds) <= given.elapsed() {
        return false;
    }
    assert_eq!(owner.ok("ls d"), "early\nf");

    let refused = loop {
        // Another home each time, for who came in once is in.
        let ran = late.run(&words(&format!("join {ticket}")));
        match ran.code {
            0 => drop(late.ok("drive remove d")),
            code => break (code, ran.errors),
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(refused.0, 1, "{}", refused.1);
    assert!(refused.1.contains("good until") && refused.1.contains(expires), "{}", refused.1);
    // Who has a ticket and a wrong clock finds the invite ended, once its issuer was heard of.
    until("the invite ends when its time has come", || {
        idle.ok("sync d --timeout 30s");
        let ran = idle.feed(b"too late", &words("put d:/idle"));
        let has_ended = ran.code == 1 && ran.errors.contains("read-only");
        if !has_ended {
            idle.ok("discard d");
        }
        has_ended
    });
    early.feed(b"still in", &words("put d:/early --commit")).ok();
    owner.ok("sync d --timeout 30s");
    assert_eq!(owner.ok("cat d:/early"), "still in");
    true
}

#[test]
fn a_ticket_that_is_used_up_lets_nobody_else_write() {
    let (owner, first, second) = (Ply::new(), Ply::new(), Ply::new());
    owner.ok("drive create d");
    owner.feed(b"there", &words("put d:/f --commit")).ok();
    let (reading, writing) = (owner.ok("share d"), owner.ok("share d --write --uses 1"));
    let daemon = owner.up();
    let _nodes = [(&first, &writing), (&second, &reading)].map(|(node, ticket)| {
        node.ok(&format!("join {ticket}"));
        let running = node.up();
        node.ok(&format!("peer connect {}", daemon.address()));
        node.ok("sync d --timeout 30s");
        running
    });
    first.feed(b"mine", &words("put d:/mine --commit")).ok();
    owner.ok("sync d --timeout 30s");
    second.ok("sync d --timeout 30s");
    let ran = second.run(&words(&format!("join {writing}")));
    assert!(ran.code == 0 && ran.errors.contains("used up"), "{ran:?}");
    let ran = second.feed(b"too late", &words("put d:/late"));
    assert!(ran.code == 1 && ran.errors.contains("read-only"), "{ran:?}");
    assert_eq!(second.ok("cat d:/mine"), "mine");
    // Who came in by it comes in again.
    first.ok(&format!("join {writing}"));
    first.feed(b"more", &words("put d:/mine --commit")).ok();
}
