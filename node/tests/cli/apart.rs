//! Writing on a node that joined, fetched next to nothing, and is alone now.

use std::fs;

use super::ply::{Ply, json, noise};

#[test]
fn law_3_writing_waits_for_nobody_and_goes_over_nothing_unseen() {
    let nodes = [Ply::new(), Ply::new()];
    let [owner, traveller] = &nodes;
    let tree = owner.place("tree");
    fs::create_dir(&tree).expect("a folder");
    // More than a commit carries, so that joining brings no names.
    let content = noise(800 * 100);
    for (file, part) in content.chunks(100).enumerate() {
        fs::write(tree.join(format!("file{file:03}")), part).expect("a file");
    }
    owner.ok("drive create docs");
    owner.ok(&format!("import docs {} --commit -q", tree.display()));
    let ticket = owner.ok("share docs --write");
    let first = owner.up();
    {
        let second = traveller.up();
        traveller.ok(&format!("join {ticket}"));
        traveller.ok(&format!("peer connect {}", first.address()));
        traveller.ok("sync docs --timeout 60s -q");
        traveller.ok("down");
        second.wait();
    }

    traveller.fails(6, "cat docs:/file007");
    traveller.feed(b"new", &["put", "docs:/new"]).ok();
    traveller.feed(b"other", &["put", "docs:/file007"]).ok();
    let few = traveller.place("few");
    fs::create_dir(&few).expect("a folder");
    fs::write(few.join("file000"), &content[..100]).expect("a file");
    fs::write(few.join("file001"), "changed").expect("a file");
    traveller.ok(&format!("import docs {} -q", few.display()));
    traveller.ok("commit docs -m alone");
    assert_eq!(traveller.ok("cat docs:/file007"), "other");
    traveller.feed(b"x", &["put", "docs:/dir/x"]).ok();
    // What may be there is not said not to be.
    traveller.fails(6, "rm docs:/file008");
    traveller.fails(6, "mkdir docs:/folder/in");

    let _second = traveller.up();
    traveller.ok(&format!("peer connect {}", first.address()));
    traveller.ok("sync docs --full --timeout 60s -q");
    owner.ok("sync docs --full --timeout 60s -q");
    for node in &nodes {
        let conflicts = json(&node.ok("conflicts docs --json"));
        let paths: Vec<&str> =
            conflicts.iter().map(|conflict| conflict["path"].as_str().expect("a path")).collect();
        assert_eq!(paths, ["/file001", "/file007"], "what is the same is no conflict");
        assert_eq!(node.ok("cat docs:/new"), "new");
    }
}
