//! Whose a store is: its format, its lock, its modes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ply_engine::EngineError;
use ply_store::Store;
use ply_types::Fault;

use crate::world::{append_one, child, child_folder, sync};

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    fs::write(folder.path().join("FORMAT"), "2\n").unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, EngineError::Newer { found: 2, known: 1, .. }), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("FORMAT")).unwrap(), "2\n");
}

#[test]
fn a_format_that_is_not_a_number_or_is_gone_is_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let format = folder.path().join("FORMAT");
    let refused = |what: &str| {
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, EngineError::NoFormat { .. }), "{what}: {error}");
        assert_eq!(error.fault(), Fault::Corrupt, "{what}");
    };
    for bytes in [&b""[..], b"one", b"-1", b"0", b"1 2", b"\xff\xfe", &vec![b'1'; 100_000]] {
        fs::write(&format, bytes).unwrap();
        refused(&String::from_utf8_lossy(&bytes[..bytes.len().min(9)]));
    }
    fs::remove_file(&format).unwrap();
    refused("nothing");
}

#[test]
fn a_store_has_one_owner_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(EngineError::InUse { .. })));
    drop(store);
    drop(Store::open(folder.path()).unwrap());
}

#[test]
fn a_store_of_another_process_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = child("owner::child_that_owns", folder.path()).spawn().unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("owned")));
    assert!(matches!(Store::open(folder.path()), Err(EngineError::InUse { .. })));
    owner.kill().unwrap();
    owner.wait().unwrap();
    drop(Store::open(folder.path()).unwrap());
}

#[test]
#[ignore = "runs as a child of the test above"]
fn child_that_owns() {
    let Some(folder) = child_folder() else { return };
    let _store = Store::open(&folder).unwrap();
    println!("owned");
    std::io::stdout().flush().unwrap();
    std::thread::sleep(std::time::Duration::from_mins(1));
}

#[test]
fn nobody_else_may_look_in() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/store");
    let store = Store::open(&folder).unwrap();
    append_one(&store, b"private");
    sync(&store);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["", "packs", "rows"] {
        assert_eq!(mode(&folder.join(name)), 0o700, "{name}");
    }
    for name in ["FORMAT", "LOCK", "packs/00000001.pack"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}
