//! Which folder on which machine a home is.
//!
//! Two nodes must never sign under one writer key. A home that was copied would, so it carries a mark
//! of where it was made: where the mark does not fit, the writer keys are made anew.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;

use data_encoding::HEXLOWER;

use super::{Home, write_private};
use crate::error::CommandError;

/// What the mark is derived under.
const CONTEXT: &str = "plywood 2026-11 fingerprint of an installation";
/// Two hexadecimal lines, with room to spare.
const FILE_BYTES_MAX: u64 = 256;
/// Where systems keep the name of a machine.
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// What the home says about where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Install {
    /// It is where it was made; drives use this nonce.
    Here([u8; 32]),
    /// It was never marked.
    Fresh,
    /// It was made elsewhere, or what it says cannot be read.
    Copied,
}

impl Install {
    /// Compares the mark with the folder of the store.
    pub(crate) fn read(home: &Home) -> Result<Self, CommandError> {
        let path = home.install();
        let reading = |error| CommandError::file("reading", &path)(error);
        let mut bytes = Vec::new();
        match File::open(&path) {
            Ok(file) => file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(reading)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Fresh),
            Err(error) => return Err(reading(error)),
        };
        match mark_and_nonce(&bytes) {
            Some((mark, nonce)) if mark == fingerprint(home)? => Ok(Self::Here(nonce)),
            _ => Ok(Self::Copied),
        }
    }

    /// Marks the home as made here.
    pub(crate) fn write(home: &Home, nonce: &[u8; 32]) -> Result<(), CommandError> {
        let text = text(&fingerprint(home)?, nonce);
        write_private(&home.install(), text.as_bytes())
    }
}

/// What the file says.
pub(super) fn text(mark: &[u8; 32], nonce: &[u8; 32]) -> String {
    format!("{}\n{}\n", HEXLOWER.encode(mark), HEXLOWER.encode(nonce))
}

/// Reads what [`text`] made; `None` for anything else, text or not.
pub(super) fn mark_and_nonce(bytes: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let mut line = || HEXLOWER.decode(lines.next()?.as_bytes()).ok()?.try_into().ok();
    Some((line()?, line()?))
}

/// Machine, device and inode of the store's folder.
fn fingerprint(home: &Home) -> Result<[u8; 32], CommandError> {
    let store = home.store();
    let metadata = std::fs::metadata(&store).map_err(CommandError::file("looking at", &store))?;
    // A container may have no id; device and inode then stand alone.
    let machine = MACHINE_IDS.iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&(machine.len() as u64).to_le_bytes());
    hasher.update(&machine);
    hasher.update(&metadata.dev().to_le_bytes());
    hasher.update(&metadata.ino().to_le_bytes());
    Ok(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_knows_that_it_was_copied() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = |name: &str| {
            let home = Home { folder: folder.path().join(name) };
            std::fs::create_dir_all(home.store()).expect("a store");
            home
        };
        let (here, copy) = (home("here"), home("copy"));
        assert_eq!(Install::read(&here).expect("readable"), Install::Fresh);
        Install::write(&here, &[7; 32]).expect("written");
        assert_eq!(Install::read(&here).expect("readable"), Install::Here([7; 32]));
        std::fs::copy(here.install(), copy.install()).expect("copied");
        assert_eq!(Install::read(&copy).expect("readable"), Install::Copied);
        // Text or not: a file that says nothing must not keep the node from starting.
        for nonsense in [b"nonsense".as_slice(), b"\xff\xfe", b""] {
            std::fs::write(here.install(), nonsense).expect("written");
            assert_eq!(Install::read(&here).expect("readable"), Install::Copied);
        }
    }
}
