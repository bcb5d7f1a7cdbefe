//! Writing: everything that changes the draft, and the commit that makes it permanent.
//!
//! A transaction collects content and changed paths, and makes them durable together. Content goes
//! straight to its final place, the end of this node's open layer; what is dropped with a transaction
//! is found again by its hash, or is garbage.

mod commit;
mod content;
mod layers;
mod links;
mod paths;
mod seen;
mod since;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use ply_chunk::Place;
use ply_engine::{Durability, Engine};
use ply_log::Staging;
use ply_types::{LogKey, Path};

use crate::commit::LayerRow;
use crate::draft::DraftClock;
use crate::entry::Entry;
use crate::error::DriveError;
use crate::replica::{Event, Replica};
use crate::view::View;

pub use commit::Committed;
#[cfg(test)]
pub(crate) use content::decode_dedup_row;
pub(crate) use content::{Told, dedup_row_key};
pub(crate) use paths::Vacated;
pub use seen::Sight;

/// The one that writes. Others wait until it is dropped.
pub struct Transaction<'replica, E: Engine> {
    replica: &'replica Arc<Replica<E>>,
    _writing: MutexGuard<'replica, ()>,
    /// The drive as the transaction found it.
    view: View<E>,
    sight: Sight,
    staging: Option<Staging<'replica, E>>,
    /// Changed paths by index key, with the number of the clock that each goes by.
    rows: BTreeMap<Vec<u8>, Change>,
    /// Directories that are known to be in this writer's own tree.
    rooted: HashSet<Path>,
    /// The number of what is in view now, once a path needs it.
    clock: Option<u32>,
    /// Clocks of the draft that are at hand, by number.
    clocks: Vec<(u32, DraftClock)>,
    /// This writer's layers by key.
    layers: HashMap<LogKey, u32>,
    /// Layers that are new or grew, as they are to stand in the table.
    grown: BTreeMap<u32, LayerRow>,
    /// Layers that other writers' tables name, once one of them is asked for.
    others: Option<HashMap<LogKey, LayerRow>>,
    /// The layer that takes new content.
    open: Option<u32>,
    /// Pieces stored and not yet durable.
    fresh: HashMap<[u8; 32], Place>,
}

/// What becomes of a path.
#[derive(Clone, Debug)]
enum Change {
    /// It gets an entry.
    Set(Box<Entry>, u32),
    /// Its draft is forgotten: nothing else knows it.
    Forget,
}

impl<E: Engine> std::fmt::Debug for Transaction<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<'replica, E: Engine> Transaction<'replica, E> {
    /// Begins to write; waits for another that writes. Makes this node a writer if it may be one.
    /// [`DriveError::Missing`] where this node's own newest commit has to be brought first.
    pub fn begin(replica: &'replica Arc<Replica<E>>) -> Result<Self, DriveError> {
        Self::begin_with(replica, Sight::Whole)
    }

    /// As [`Transaction::begin`], saying what has to be seen of the paths that it changes.
    pub fn begin_with(
        replica: &'replica Arc<Replica<E>>,
        sight: Sight,
    ) -> Result<Self, DriveError> {
        let writing = replica.writing.lock().unwrap_or_else(PoisonError::into_inner);
        replica.may_read()?;
        replica.admit_self()?;
        replica.own_is_whole()?;
        replica.note_key()?;
        let mut transaction = Self {
            view: replica.view(),
            sight,
            staging: None,
            rows: BTreeMap::new(),
            rooted: HashSet::new(),
            clock: None,
            clocks: Vec::new(),
            layers: HashMap::new(),
            grown: BTreeMap::new(),
            others: None,
            open: None,
            fresh: HashMap::new(),
            replica,
            _writing: writing,
        };
        transaction.load_layers()?;
        Ok(transaction)
    }

    /// The drive as the transaction found it.
    pub fn view(&self) -> &View<E> {
        &self.view
    }

    /// The drive that is written.
    pub fn replica(&self) -> &'replica Arc<Replica<E>> {
        self.replica
    }

    /// The paths that this transaction changed so far, each with what it became; `None` where nothing
    /// is left.
    pub fn changes(&self) -> impl Iterator<Item = (Path, Option<&Entry>)> {
        self.rows.iter().filter_map(|(key, change)| {
            let entry = match change {
                Change::Set(entry, _) if entry.kind().is_some() => Some(entry.as_ref()),
                Change::Set(..) | Change::Forget => None,
            };
            Some((crate::key::key_path(key)?, entry))
        })
    }

    fn staging(&mut self) -> &mut Staging<'replica, E> {
        let logs = &self.replica.logs;
        self.staging.get_or_insert_with(|| logs.stage())
    }

    /// Makes the content so far durable, though no path leads to it yet.
    pub fn flush(&mut self) -> Result<(), DriveError> {
        self.stage_layers()?;
        if let Some(staging) = self.staging.take() {
            staging.commit(Durability::Synced)?;
        }
        self.fresh.clear();
        Ok(())
    }

    /// Makes everything so far durable: content and changed paths, as one.
    pub fn save(mut self) -> Result<(), DriveError> {
        self.flush_rows()
    }

    fn flush_rows(&mut self) -> Result<(), DriveError> {
        // Paths are taken out of their keys only where somebody wants to know them.
        let is_watched = self.replica.is_watched();
        let changed: Vec<Path> =
            if is_watched { self.changes().map(|(path, _)| path).collect() } else { Vec::new() };
        self.stage_rows();
        self.flush()?;
        self.replica.tell(|| changed.into_iter().map(|path| Event::Changed { path }));
        Ok(())
    }
}
