//! The list of breakages still fits the source. That each is noticed, `scripts/breakages` shows.

use std::path::{Path, PathBuf};

use ply_tests::breakage::Breakage;

fn root() -> PathBuf {
    // Where it lies now: what is built may be kept and used by another checkout.
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| built.to_owned(), PathBuf::from)
        .join("..")
}

const EXAMPLE: &str = "why: one and one is three
file: src/sum.rs
test: -p sum
--- find
    one + one
--- replace
    one + one + one
";

#[test]
fn every_breakage_applies_to_the_source_exactly_once() {
    let mut faults = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("tests/breakages")).expect("the list is there") {
        let path = entry.expect("a folder can be read").path();
        let text = std::fs::read_to_string(&path).expect("a breakage is text");
        let result = Breakage::parse(&text).and_then(|breakage| {
            let source = std::fs::read_to_string(root().join(&breakage.file));
            breakage.apply(&source.unwrap_or_default())
        });
        faults.extend(result.err().map(|fault| format!("{}: {}", path.display(), fault.0)));
        count += 1;
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    assert!(10 <= count, "{count} breakages are too few");
}

#[test]
fn a_breakage_that_does_not_fit_is_found() {
    let breakage = Breakage::parse(EXAMPLE).unwrap();
    let source = "fn two(one: u8) -> u8 {\n    one + one\n}\n";
    let broken = breakage.apply(source).unwrap();
    assert_eq!(broken, "fn two(one: u8) -> u8 {\n    one + one + one\n}\n");
    assert!(breakage.apply(&source.replace("one + one", "2 * one")).is_err());
    assert!(breakage.apply(&source.repeat(2)).is_err());
}

#[test]
fn a_breakage_that_says_too_little_is_found() {
    for line in ["why: ", "file: ", "test: ", "--- find", "--- replace"] {
        let lines = EXAMPLE.lines().filter(|other| !other.starts_with(line));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        assert!(Breakage::parse(&text).is_err(), "{line}");
    }
    assert!(Breakage::parse(&EXAMPLE.replace(" + one + one", " + one")).is_err());
}
