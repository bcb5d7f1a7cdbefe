//! Memory for messages that come, used again.
//!
//! A node that fetches takes some thousand messages of 256 KiB a second, each read while the last ones
//! wait to be stored. Fresh memory for each would be cleared by the system page by page, then given back:
//! of a transfer's time on the receiving side, that was a fifth.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Messages shorter than this are not worth keeping memory for.
const KEPT_BYTES_MIN: usize = 32 << 10;

/// Bytes kept while nobody uses them: what one session collects before it stores.
const FREE_BYTES_MAX: usize = 16 << 20;

/// Lengths are rounded up to this, so that messages of about one length fit into each other's memory.
const STEP: usize = 64 << 10;

/// Memory of messages that were let go. Cheap to clone; all clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers {
    free: Arc<Mutex<Free>>,
}

#[derive(Debug, Default)]
struct Free {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

/// A buffer for one message. What is in it beforehand means nothing.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    home: Option<Buffers>,
}

impl Buffers {
    /// A buffer of `length` bytes.
    pub(crate) fn take(&self, length: usize) -> Buffer {
        if length < KEPT_BYTES_MIN {
            return Buffer { bytes: vec![0; length], length, home: None };
        }
        let bytes = self.reuse(length).unwrap_or_else(|| vec![0; length.next_multiple_of(STEP)]);
        Buffer { bytes, length, home: Some(self.clone()) }
    }

    /// A kept one, unless it would hold more than twice what is asked for.
    fn reuse(&self, length: usize) -> Option<Vec<u8>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<u8>| (length..=2 * length).contains(&buffer.len());
        let place = free.buffers.iter().rposition(fits)?;
        let buffer = free.buffers.swap_remove(place);
        free.bytes -= buffer.len();
        Some(buffer)
    }

    fn give_back(&self, buffer: Vec<u8>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.bytes + buffer.len() <= FREE_BYTES_MAX {
            free.bytes += buffer.len();
            free.buffers.push(buffer);
        }
    }
}

impl Buffer {
    /// The message's bytes, to be written.
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }

    /// The message. Its memory comes back when the last part of it is let go.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.give_back(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_once_every_part_of_a_message_is_let_go() {
        let buffers = Buffers::default();
        let mut first = buffers.take(100_000);
        first.as_mut().fill(7);
        let message = first.freeze();
        let (part, place) = (message.slice(5..9), message.as_ptr());
        drop(message);
        let other = buffers.take(100_000).freeze();
        assert_ne!(other.as_ptr(), place, "a part of it is still held");
        assert_eq!(part, [7; 4][..]);
        drop(part);
        assert_eq!(buffers.take(90_000).freeze().as_ptr(), place);
        assert_eq!(buffers.take(90_000).freeze().len(), 90_000);
    }

    #[test]
    fn what_is_kept_is_bounded_and_fits() {
        let buffers = Buffers::default();
        let held: Vec<Buffer> = (0..100).map(|_| buffers.take(300_000)).collect();
        drop(held);
        assert!(buffers.free.lock().unwrap().bytes <= FREE_BYTES_MAX);
        assert!(buffers.reuse(100_000).is_none(), "three times as much would be held");
        assert_eq!(buffers.take(10).freeze().len(), 10);
    }
}
