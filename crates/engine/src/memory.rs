//! An engine that forgets: for tests, and for hosts that keep nothing.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;

use crate::batch::{Batch, Change};
use crate::error::EngineError;
use crate::location::Location;
use crate::seam::{Durability, Engine, FRAME_BYTES_MAX, Frame, Order, Visit};
use crate::table::Table;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Keeps frames and rows in memory. "Durable" means here that the engine itself still lives.
#[derive(Debug, Default)]
pub struct MemoryEngine {
    state: RwLock<State>,
}

/// A copy as of this moment, as a backup is.
impl Clone for MemoryEngine {
    fn clone(&self) -> Self {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self { state: RwLock::new(state) }
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    frames: Vec<Bytes>,
    frame_bytes: u64,
    tables: BTreeMap<Table, Rows>,
}

impl MemoryEngine {
    /// An empty engine.
    pub fn new() -> Self {
        Self::default()
    }
}

impl State {
    fn change(&mut self, change: &Change) {
        match change {
            Change::Put { table, key, value } => {
                self.tables.entry(*table).or_default().insert(key.clone(), value.clone());
            }
            Change::Delete { table, key } => {
                self.tables.entry(*table).or_default().remove(key);
            }
            Change::DeleteRange { table, from, to } => {
                if from < to {
                    let rows = self.tables.entry(*table).or_default();
                    let mut middle = rows.split_off(from);
                    let mut end = middle.split_off(to);
                    rows.append(&mut end);
                }
            }
        }
    }
}

impl Engine for MemoryEngine {
    fn append(&self, frames: &[Frame<'_>]) -> Result<Vec<Location>, EngineError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut locations = Vec::with_capacity(frames.len());
        for frame in frames {
            let bytes = frame.bytes.len();
            let (Ok(offset), Ok(length)) =
                (u32::try_from(state.frames.len()), u32::try_from(bytes))
            else {
                return Err(EngineError::Full { place: "memory".to_owned() });
            };
            if FRAME_BYTES_MAX < bytes {
                return Err(EngineError::TooLong { bytes, max: FRAME_BYTES_MAX });
            }
            state.frames.push(Bytes::copy_from_slice(frame.bytes));
            state.frame_bytes += u64::from(length);
            locations.push(Location { pack: 0, offset, bytes: length });
        }
        Ok(locations)
    }

    fn read(&self, at: Location) -> Result<Bytes, EngineError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let frame = usize::try_from(at.offset).ok().and_then(|index| state.frames.get(index));
        match frame {
            Some(bytes) if at.pack == 0 && u32::try_from(bytes.len()) == Ok(at.bytes) => {
                Ok(bytes.clone())
            }
            _ => Err(EngineError::Damaged { at, what: "no such frame" }),
        }
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Ok(state.tables.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        if to <= from {
            return Ok(());
        }
        // Copied out, so that the visitor may call the engine and sees one moment.
        let rows: Vec<(Vec<u8>, Vec<u8>)> = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let Some(rows) = state.tables.get(&table) else { return Ok(()) };
            rows.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        let mut each = |(key, value): &(Vec<u8>, Vec<u8>)| visit(key, value);
        let _stopped = match order {
            Order::Ascending => rows.iter().try_for_each(&mut each),
            Order::Descending => rows.iter().rev().try_for_each(&mut each),
        };
        Ok(())
    }

    fn apply(&self, batch: &Batch, _durability: Durability) -> Result<(), EngineError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        batch.changes().iter().for_each(|change| state.change(change));
        Ok(())
    }

    fn frame_bytes(&self) -> Result<u64, EngineError> {
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner).frame_bytes)
    }
}
