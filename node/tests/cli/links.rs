//! Files with more than one name.

use std::os::unix::fs::MetadataExt;

use super::ply::{Ply, json, words};

fn links(ply: &Ply, path: &str) -> serde_json::Value {
    json(&ply.ok(&format!("stat --json docs:{path}")))[0]["links"].clone()
}

#[test]
fn a_hard_link_is_one_more_name_of_a_file() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"one", &words("put docs:/a --commit")).ok();
    assert_eq!(links(&ply, "/a"), 1);
    ply.ok("ln docs:/a docs:/b");
    ply.ok("mkdir docs:/d");
    ply.ok("ln docs:/a docs:/d");
    assert_eq!(links(&ply, "/d/a"), 3);
    assert!(ply.ok("stat docs:/b").contains("links    3"));
    ply.feed(b"two", &words("put docs:/d/a")).ok();
    ply.ok("chmod 600 docs:/b");
    ply.ok("commit docs");
    for path in ["/a", "/b", "/d/a"] {
        assert_eq!(ply.ok(&format!("cat docs:{path}")), "two");
        assert_eq!(json(&ply.ok(&format!("stat --json docs:{path}")))[0]["mode"], "0600");
        assert_eq!(links(&ply, path), 3);
    }
    ply.ok("rm docs:/a");
    assert_eq!(links(&ply, "/b"), 2);
    assert_eq!(json(&ply.ok("stat --json docs@-0:/b"))[0]["links"], 3, "as it was");
    ply.fails(4, "ln docs:/b docs:/d/a");
    ply.fails(3, "ln docs:/none docs:/c");
    ply.fails(2, "ln docs:/d docs:/c");
    ply.fails(2, "ln some-text docs:/c");
    ply.fails(3, "ln other:/b docs:/c");
}

#[test]
fn hard_links_come_in_and_go_out() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let folder = ply.place("folder");
    std::fs::create_dir_all(folder.join("sub")).expect("made");
    std::fs::write(folder.join("a"), "one").expect("written");
    std::fs::hard_link(folder.join("a"), folder.join("sub/b")).expect("linked");
    ply.ok("import docs folder --commit");
    assert_eq!((links(&ply, "/a"), links(&ply, "/sub/b")), (2.into(), 2.into()));
    ply.ok("export docs out");
    let inode = |name: &str| ply.place(name).metadata().expect("there").ino();
    assert_eq!(inode("out/a"), inode("out/sub/b"));
}
