//! Reading a drive as it was.

use super::ply::{Ply, json, noise, words};

/// A drive with three commits: a file, two files, the second file alone. Gives the ids.
fn three_commits(ply: &Ply) -> [String; 3] {
    ply.ok("drive create docs");
    let first = ply.feed(&noise(300_000), &words("put docs:/d/f --commit -m first")).ok();
    ply.feed(b"two", &words("put docs:/d/f")).ok();
    ply.ok("ln -s f docs:/d/link");
    let second = ply.feed(b"g", &words("put docs:/g --commit -m second")).ok();
    ply.ok("rm -r docs:/d");
    let third = ply.ok("commit docs -m third");
    ply.feed(b"draft", &words("put docs:/later")).ok();
    [first, second, third]
}

#[test]
fn the_past_is_read_as_it_was() {
    let ply = Ply::new();
    let [first, second, third] = three_commits(&ply);
    for version in ["-2", &first, &first[..12], &first[..12].to_uppercase()] {
        let ran = ply.run(&words(&format!("cat docs@{version}:/d/f")));
        assert!(ran.code == 0 && ran.output == noise(300_000), "{version}: {}", ran.errors);
        assert_eq!(ply.ok(&format!("ls -R docs@{version}")), "d\nd/f");
    }
    assert_eq!(ply.ok("cat docs@-1:/d/f"), "two");
    assert_eq!(ply.ok("cat docs@-1:/d/f --offset 1 --length 1"), "w");
    assert_eq!(ply.ok(&format!("ls {}@-1:/d", "docs")), "f\nlink");
    assert!(ply.ok("ls -l docs@-1:/d").contains("link -> f"));
    assert_eq!(ply.ok("ls docs@-0"), "g", "no draft lies on the past");
    assert_eq!(ply.ok("ls docs@-0:"), "g");
    let stat = &json(&ply.ok("stat docs@-2:/d/f --json"))[0];
    assert_eq!((&stat["size"], &stat["kind"]), (&300_000.into(), &"file".into()));
    ply.ok("get docs@-2:/d/f first");
    assert_eq!(std::fs::read(ply.place("first")).expect("a file"), noise(300_000));
    ply.ok(&format!("export docs@{second} out"));
    assert_eq!(std::fs::read(ply.place("out/d/f")).expect("a file"), b"two");
    assert!(ply.place("out/d/link").is_symlink());
    ply.ok("export docs@-2:/d/f alone");
    assert_eq!(std::fs::read(ply.place("alone")).expect("a file"), noise(300_000));
    let ids = |line: &str| -> Vec<String> {
        let log = json(&ply.ok(line));
        log.iter().map(|row| row["commit"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids("log docs --json"), [&third, &second, &first].map(Clone::clone));
    assert_eq!(ids("log docs@-1 --json"), [&second, &first].map(Clone::clone));
    assert_eq!(ids(&format!("log docs@{first} --json")), [first]);
}

#[test]
fn a_moment_that_never_was_is_said_with_its_code() {
    let ply = Ply::new();
    three_commits(&ply);
    ply.fails(3, "cat docs@-0:/d/f");
    ply.fails(3, "cat docs@-3:/g");
    ply.fails(3, "ls docs@0123456789abcdef");
    ply.fails(3, "export docs@-2:/g out");
    ply.fails(3, "ls other@-1");
    ply.fails(3, "cat docs@-1:/g --writer 0000");
    ply.fails(2, "cat docs@-2:/d");
    for wrong in ["docs@abc:/g", "docs@:/g", "docs@-:/g", "docs@xyz:/g"] {
        assert!(ply.fails(2, &format!("cat {wrong}")).contains("is no version"), "{wrong}");
    }
    for change in ["rm docs@-1:/g", "put docs@-1:/g", "mkdir docs@-1:/x", "chmod 600 docs@-1:/g"] {
        assert!(ply.fails(2, change).contains("the past cannot be changed"), "{change}");
    }
}

#[test]
fn the_past_is_fetched_when_it_is_read() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let [first, ..] = three_commits(&ours);
    let (ours_up, theirs_up) = (ours.up(), theirs.up());
    let ticket = ours.ok("share docs");
    theirs.ok(&format!("join {ticket}"));
    theirs.ok("sync docs --timeout 20s");
    for version in ["-2", &first[..12]] {
        let ran = theirs.run(&words(&format!("cat docs@{version}:/d/f")));
        assert!(ran.code == 0 && ran.output == noise(300_000), "{version}: {}", ran.errors);
    }
    theirs.ok("export docs@-1 out");
    assert_eq!(std::fs::read(theirs.place("out/d/f")).expect("a file"), b"two");
    drop(ours_up);
    assert_eq!(theirs.ok("cat docs@-1:/d/f"), "two", "it is here now");
    drop(theirs_up);
    let third = Ply::new();
    third.ok(&format!("join {ticket}"));
    assert_ne!(third.run(&words("cat docs@-1:/d/f")).code, 0);
}
