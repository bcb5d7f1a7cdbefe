//! A mirror without the read key: keeps all, reads nothing, and is enough for others.

use std::path::{Path, PathBuf};

use super::ply::{Ply, noise, words};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

#[test]
fn law_12_a_mirror_serves_what_it_cannot_read_and_its_store_tells_nothing() {
    let (owner, mirror, reader) = (Ply::new(), Ply::new(), Ply::new());
    let large = noise(700_000);
    owner.ok("drive create docs");
    owner.feed(&large, &words("put docs:/telling-name.bin")).ok();
    owner.feed(b"a line that is told to members alone", &words("put docs:/secretary.txt")).ok();
    owner.ok("commit docs");
    let (blind, read) = (owner.ok("share docs --blind"), owner.ok("share docs"));
    let key = mirror.ok(&format!("join {blind}"));
    // The key alone adds nothing: that it is a mirror stays.
    assert_eq!(mirror.ok(&format!("join {key}")), key);
    reader.ok(&format!("join {read}"));
    let (owner_node, mirror_node) = (owner.up(), mirror.up());
    let address =
        |lines: &[String]| lines[0].strip_prefix("listening ").expect("an address").to_owned();
    mirror.ok(&format!("peer connect {}", address(&owner_node.lines)));
    mirror.ok("sync docs --full --timeout 60s");
    let errors = mirror.fails(1, "cat docs:/secretary.txt");
    assert!(errors.contains("without its read key"), "{errors}");
    drop(owner_node);
    // The mirror is the only one there.
    let reader_node = reader.up();
    reader.ok(&format!("peer connect {}", address(&mirror_node.lines)));
    reader.ok("sync docs --timeout 60s");
    let ran = reader.run(&words("cat docs:/telling-name.bin"));
    assert_eq!((ran.code, ran.output == large), (0, true), "{}", ran.errors);
    assert_eq!(reader.ok("cat docs:/secretary.txt"), "a line that is told to members alone");
    drop(reader_node);
    drop(mirror_node);
    let windows = (0..1000).map(|at| &large[at * 677..at * 677 + 16]);
    let names = [&b"telling-name"[..], b"secretary", b"told to members"];
    let needles: std::collections::HashSet<&[u8]> = windows.collect();
    for file in files(&mirror.home().join("store")) {
        let bytes = std::fs::read(&file).expect("a file");
        for needle in names {
            let is_there = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!is_there, "{} tells a name or a text", file.display());
        }
        let tells = bytes.windows(16).any(|window| needles.contains(window));
        assert!(!tells, "{} tells content", file.display());
    }
}
