//! How many changes of the rows are durable at least.
//!
//! `RocksDB` reads its log up to the first record that is not whole, and takes that for the end: so it is
//! where power was lost. A record that went bad later looks the same, and with it all that followed would
//! be gone without a word. The number that is kept here tells the two apart: changes up to it were synced.
//!
//! ```text
//! DURABLE    sequence number of a change, u64 big-endian
//!            CRC-32 of these bytes, big-endian
//! ```
//!
//! It is written after a sync and not synced itself, so it never says too much. Where it is missing or
//! torn, nothing is compared.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Its name, in the folder of the rows.
const NAME: &str = "DURABLE";
const NUMBER_BYTES: usize = 8;
const BYTES: usize = NUMBER_BYTES + 4;

/// The file, and the number that is in it.
#[derive(Debug)]
pub(super) struct Durable {
    /// `None` where it cannot be written: then less is noticed, and nothing lost.
    file: Option<File>,
    number: Mutex<u64>,
}

impl Durable {
    /// Opens the file, or makes it.
    pub(super) fn open(folder: &Path) -> Self {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = file.open(folder.join(NAME)).ok();
        let mut bytes = Vec::new();
        let read = file.as_ref().map(|file| file.take(BYTES as u64 + 1).read_to_end(&mut bytes));
        let number = match read {
            Some(Ok(_)) => decode(&bytes).unwrap_or(0),
            _ => 0,
        };
        Self { file, number: Mutex::new(number) }
    }

    /// Changes up to this one were synced.
    pub(super) fn number(&self) -> u64 {
        *self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that changes up to `number` are synced.
    pub(super) fn note(&self, number: u64) {
        let mut noted = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        if *noted < number
            && let Some(file) = &self.file
            && file.write_all_at(&encode(number), 0).is_ok()
        {
            *noted = number;
        }
    }
}

fn encode(number: u64) -> [u8; BYTES] {
    let number = number.to_be_bytes();
    let mut bytes = [0; BYTES];
    let (first, sum) = bytes.split_at_mut(NUMBER_BYTES);
    first.copy_from_slice(&number);
    sum.copy_from_slice(&crc32fast::hash(&number).to_be_bytes());
    bytes
}

/// Reads what [`encode`] made; `None` for anything else.
fn decode(bytes: &[u8]) -> Option<u64> {
    let (number, sum) = bytes.split_first_chunk::<NUMBER_BYTES>()?;
    (sum == crc32fast::hash(number).to_be_bytes()).then(|| u64::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};

    use super::*;

    #[test]
    fn fuzz_notes_of_what_is_durable() {
        Target::new("store-durable", Form::Bytes, RoundTrip::Exact)
            .seed("some", encode(1_234_567))
            .seed("none", encode(0))
            .run(|bytes| decode(bytes).map(|number| encode(number).to_vec()));
    }

    #[test]
    fn the_number_only_grows_and_one_that_is_torn_counts_as_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Durable::open(folder.path());
        assert_eq!(open().number(), 0);
        for (number, noted) in [(7, 7), (5, 7), (300, 300)] {
            let durable = open();
            durable.note(number);
            assert_eq!((durable.number(), open().number()), (noted, noted));
        }
        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).expect("there");
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            std::fs::write(&path, &torn).expect("written");
            assert_eq!(open().number(), 0);
            std::fs::write(&path, &whole[..at]).expect("written");
            assert_eq!(open().number(), 0);
        }
    }
}
