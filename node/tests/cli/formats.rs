//! Homes that older programs made. Each format that was ever frozen has one under `tests/homes`, and it
//! opens for ever.

use std::path::PathBuf;

use super::homes::copy_folder;
use super::ply::{Ply, json, words};

/// The content of `dir/b.bin`, by the rule that made it.
fn pseudo_random(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff;
        state.to_le_bytes()[2]
    };
    std::iter::repeat_with(&mut next).take(count).collect()
}

/// A copy of a home that was kept.
fn kept(format: &str) -> Ply {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let ply = Ply::new();
    copy_folder(&package.join("tests/homes").join(format), &ply.home());
    ply
}

#[test]
fn a_home_of_format_1_opens() {
    let ply = kept("1");
    let drive = json(&ply.ok("status --json"))[0]["drives"][0].clone();
    // What two nodes compare must not change either.
    let state = "7cb997c986a0dbec540ccd5acdcd6b010fb34798b9e073797ecafdc1e42e4b31";
    let union_root = "fdf0e783e9a82003550794e66337629199c0e37b8ac96a9da25bd231194afded";
    assert_eq!(drive["state"], state);
    assert_eq!(drive["union_root"], union_root);
    assert_eq!(ply.ok("ls kept -R"), "a.txt\ndir\ndraft.txt\ndir/b.bin\ndir/link");
    assert_eq!(ply.ok("cat kept:/a.txt"), "changed");
    assert_eq!(ply.ok("cat kept@-1:/a.txt"), "kept from the first format");
    assert_eq!(ply.ok("cat kept:/draft.txt"), "not committed");
    let read = ply.run(&words("cat kept:/dir/b.bin"));
    assert!(read.output == pseudo_random(60_000), "{}", read.errors);
    assert!(ply.ok("ls kept:/dir -l").contains("link -> ../a.txt"));
    assert_eq!(json(&ply.ok("log kept --json")).len(), 2);
    ply.ok("verify");
    ply.feed(b"and on", &words("put kept:/a.txt --commit")).ok();
    assert_eq!(ply.ok("cat kept:/a.txt"), "and on");
}
