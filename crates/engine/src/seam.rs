//! The seam between the pure crates and every storage engine.

use std::ops::ControlFlow;

use bytes::Bytes;
use ply_types::LogKey;

use crate::batch::Batch;
use crate::error::EngineError;
use crate::location::Location;
use crate::table::Table;

/// Longest frame an engine takes: the largest chunk, sealed, with room to spare.
pub const FRAME_BYTES_MAX: usize = (1 << 20) + 4096;

/// A block of a log on its way to storage.
///
/// Log and position are kept beside the bytes so that rows can be rebuilt by reading frames alone.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'bytes> {
    /// The log it belongs to.
    pub log: LogKey,
    /// Its position there.
    pub block: u64,
    /// At most [`FRAME_BYTES_MAX`] bytes.
    pub bytes: &'bytes [u8],
}

/// How much must survive when a call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Survives the death of this process. For what can be had again.
    Process,
    /// Survives a loss of power, and with it all that was applied or appended before.
    Synced,
}

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the lowest key up.
    Ascending,
    /// From the highest key down.
    Descending,
}

/// What a scan calls with key and value of each row.
pub type Visit<'visitor> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'visitor;

/// Somewhere frames and rows are kept.
///
/// # Contract
///
/// - All calls may come from many threads at once.
/// - `read` gives the bytes that `append` was given, or an error; never other bytes.
/// - A `get` or `scan` that starts after an `apply` returned sees the whole batch.
/// - A scan sees one moment: batches applied while it runs do not show.
/// - The crate's invariants on durability hold.
pub trait Engine: Send + Sync + 'static {
    /// Appends frames and says where each one is, in order. They become durable with the next
    /// [`Durability::Synced`] batch.
    fn append(&self, frames: &[Frame<'_>]) -> Result<Vec<Location>, EngineError>;

    /// Reads one frame.
    fn read(&self, at: Location) -> Result<Bytes, EngineError>;

    /// Reads one row.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Visits the rows with `from <= key < to` until told to stop.
    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError>;

    /// Applies a batch.
    fn apply(&self, batch: &Batch, durability: Durability) -> Result<(), EngineError>;

    /// Bytes that frames take in storage, records' headers included.
    fn frame_bytes(&self) -> Result<u64, EngineError>;
}

/// The first key after all keys that begin with `prefix`.
///
/// A prefix of only `0xff` bytes (the empty one included) has none; a key longer than any row's
/// stands in for it.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xff; prefix.len() + 64]
}

#[cfg(test)]
mod tests {
    use super::prefix_end;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(prefix_end(b"ab"), b"ac");
        assert_eq!(prefix_end(&[1, 0xff]), [2]);
        assert!(prefix_end(&[0xff]).as_slice() > [0xff, 0xff].as_slice());
    }
}
