//! One writer's tree: the checkpoint with the delta over it.

use std::sync::Arc;

use bytes::Bytes;
use ply_chunk::{Kind, Place};
use ply_engine::Engine;
use ply_index::{PageRef, Pages, TreeError};
use ply_types::LogKey;

use crate::commit::{Body, Commit, Delta, LayerRow};
use crate::entry::{Entry, SPILL_BYTES_MAX};
use crate::error::{DriveError, Missing};
use crate::key::layer_key;
use crate::now::now;
use crate::replica::Replica;

/// Borrowed from a view: everything needed to read what one writer says.
#[derive(Debug)]
pub(crate) struct Tree<'view, E: Engine> {
    pub(crate) replica: &'view Replica<E>,
    pub(crate) writer: LogKey,
    /// `None` for this node's own tree before its first commit.
    pub(crate) commit: Option<&'view Arc<Commit>>,
    /// Whether this node's draft lies on top.
    pub(crate) drafting: bool,
}

impl<E: Engine> Clone for Tree<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Engine> Copy for Tree<'_, E> {}

impl<'view, E: Engine> Tree<'view, E> {
    fn body(&self) -> Option<&'view Body> {
        self.commit.and_then(|commit| commit.body.as_ref())
    }

    fn damaged(&self, what: &str) -> DriveError {
        let block = self.commit.map_or(0, |commit| commit.mark.block);
        self.replica.damaged(self.writer, block, what)
    }

    pub(crate) fn checkpoint(&self) -> Option<PageRef> {
        self.body().and_then(|body| body.index)
    }

    pub(crate) fn delta(&self) -> Option<&'view Delta> {
        self.body().map(|body| &body.delta)
    }

    /// What somebody else signed and nobody can read is as if it never came: it hides nothing of what
    /// the others say. Users hear of it through [`Replica::malformed`].
    pub(crate) fn passing<T>(&self, answer: Result<T, DriveError>) -> Result<T, DriveError> {
        match answer {
            Err(DriveError::Damaged { log, block, what, .. })
                if self.writer != self.replica.writer_key() =>
            {
                let at = Missing { log, block };
                self.replica.note_malformed(self.writer, at, what);
                Err(DriveError::Missing(at))
            }
            answer => answer,
        }
    }

    /// The committed row of a key.
    pub(crate) fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DriveError> {
        if let Some(change) = self.delta().and_then(|delta| delta.get(key)) {
            return Ok(change.clone());
        }
        let found = now(ply_index::get(self.replica, self.checkpoint(), key));
        flatten(self.replica, self.writer, found)
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, key: &[u8]) -> Result<Option<Entry>, DriveError> {
        if self.drafting
            && let Some(entry) = self.replica.draft_entry(key)?
        {
            return Ok(Some(entry));
        }
        self.row(key)?.map(|row| self.decode(&row)).transpose()
    }

    /// The entry that a row says, read from its own frame where it is a stub.
    pub(crate) fn decode(&self, row: &[u8]) -> Result<Entry, DriveError> {
        let mut entry = match Entry::decode(row).map_err(|fault| self.damaged(fault.0))? {
            Ok(entry) => return Ok(entry),
            Err(place) => {
                let whole = self.frame(Kind::Content, place)?;
                if SPILL_BYTES_MAX < whole.len() {
                    return Err(self.damaged("an entry is too long"));
                }
                Entry::decode(&whole)
                    .map_err(|fault| self.damaged(fault.0))?
                    .map_err(|_| self.damaged("an entry's frame is a stub itself"))?
            }
        };
        // The stub's stamp counts: it is what the page's hash covers.
        if let Ok(stub) = ply_proto::decode::<ply_proto::Entry>("entry", row.len(), row) {
            entry.stamp.commit = stub.commit;
            entry.stamp.clock = stub.clock;
        }
        Ok(entry)
    }

    /// The layer of a number in this writer's layer table.
    pub(crate) fn layer(&self, number: u32) -> Result<LayerRow, DriveError> {
        if self.drafting
            && let Some(layer) = self.replica.draft_layer(number)?
        {
            return Ok(layer);
        }
        let unknown = || self.damaged("a place names a layer that is not in the table");
        match self.committed_layer(number)? {
            Some(layer) => Ok(layer),
            // A draft that was opened and has been committed since: numbers stay for ever.
            None if self.drafting => {
                // The newest commit has the table: without it in view nobody can tell.
                self.replica.own_is_whole()?;
                let commits = self.replica.effective();
                let commit = commits.get(&self.writer).ok_or_else(unknown)?;
                let now = Tree {
                    replica: self.replica,
                    writer: self.writer,
                    commit: Some(commit),
                    drafting: false,
                };
                now.committed_layer(number)?.ok_or_else(unknown)
            }
            None => Err(unknown()),
        }
    }

    /// The layer of a number as it was committed.
    pub(crate) fn committed_layer(&self, number: u32) -> Result<Option<LayerRow>, DriveError> {
        let row = self.row(&layer_key(number))?;
        row.map(|row| LayerRow::decode(&row).map_err(|fault| self.damaged(fault.0))).transpose()
    }

    /// The bytes of a frame.
    pub(crate) fn frame(&self, kind: Kind, place: Place) -> Result<Vec<u8>, DriveError> {
        let layer = self.layer(place.layer)?;
        self.replica.frame(layer.key, kind, place.block)
    }
}

impl<E: Engine> Replica<E> {
    /// The plaintext of a frame in a layer.
    pub(crate) fn frame(&self, log: LogKey, kind: Kind, block: u64) -> Result<Vec<u8>, DriveError> {
        let bytes = self.block(log, block)?;
        self.cipher.open(kind, &bytes).map_err(|fault| self.damaged(log, block, &fault.to_string()))
    }

    /// A block as it is held here.
    pub(crate) fn block(&self, log: LogKey, block: u64) -> Result<Bytes, DriveError> {
        crate::trace::note(log, block);
        self.logs.block(&log, block)?.ok_or(DriveError::Missing(Missing { log, block }))
    }
}

/// Pages come out of the metadata logs, through the cache.
impl<E: Engine> Pages for Replica<E> {
    type Error = DriveError;

    fn page(
        &self,
        at: &PageRef,
    ) -> impl Future<Output = Result<Arc<ply_index::Page>, DriveError>> + Send {
        std::future::ready(self.local_page(at))
    }
}

/// Turns what a call into the index gave into what a drive gives.
pub(crate) fn flatten<E: Engine, T>(
    replica: &Replica<E>,
    log: LogKey,
    found: Option<Result<T, TreeError<DriveError>>>,
) -> Result<T, DriveError> {
    match found {
        Some(Ok(found)) => Ok(found),
        Some(Err(TreeError::Pages(error))) => Err(error),
        Some(Err(error @ TreeError::Malformed { .. })) => {
            Err(replica.damaged(log, 0, &error.to_string()))
        }
        None => Err(replica.inconsistent("reading a page that is held here had to wait")),
    }
}
