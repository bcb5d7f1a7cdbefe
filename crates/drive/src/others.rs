//! Where the chunks of other writers are, so that what they stored is not stored once more.
//!
//! A writer finds its own chunks by rows that it made when it stored them. Those of others it learns
//! from their entries, and only when it is about to store much: who only reads has no use for them.
//!
//! What an entry says of a chunk is its author's word, so the rows that follow from it are marked, and
//! the chunk is looked at before anything relies on it. Entries whose pages or lists are not here teach
//! nothing. That costs room and no more.

use std::sync::{Arc, PoisonError};

use ply_engine::{Batch, Durability, Engine, Table};
use ply_proto as proto;
use ply_types::{LogKey, Path};

use crate::clock::{Clock, CommitMark};
use crate::entry::Stored;
use crate::error::DriveError;
use crate::replica::Replica;
use crate::transaction::dedup_row_key;
use crate::union::{Changes, Halt};
use crate::versions::Version;
use crate::view::View;

/// Keys that are looked at together.
const BATCH_KEYS: usize = 512;
/// Rows that are written together.
const BATCH_ROWS: usize = 4096;
/// Ends the key of that row. Those of chunks are longer.
const COMMITS: &[u8] = b"commits";

/// Rows on their way to the store.
struct Notes<'replica, E: Engine> {
    replica: &'replica Replica<E>,
    batch: Batch,
    rows: usize,
}

impl<E: Engine> Replica<E> {
    /// Learns where the chunks are that other writers committed since this was asked last.
    pub fn note_others(self: &Arc<Self>) -> Result<(), DriveError> {
        let _one_at_a_time = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let view = self.view().without_draft();
        let mut noted = self.noted()?;
        for (writer, mark) in view.clock().iter() {
            let before = noted.component(&writer);
            if writer == self.writer_key() || before == Some(mark) {
                continue;
            }
            match self.note_writer(&view, writer, before) {
                // What follows from this writer is not known here. Others may be.
                Err(
                    Halt::Lost | Halt::Drive(DriveError::Missing(_) | DriveError::Damaged { .. }),
                ) => {}
                Err(Halt::Drive(error)) => return Err(error),
                Err(Halt::Interrupted) => return Ok(()),
                Ok(()) => {
                    noted.see(writer, mark);
                    self.save_noted(&noted)?;
                }
            }
        }
        Ok(())
    }

    /// Learns where the chunks of one version are: whoever writes over it is likely to write them again.
    pub(crate) fn note_version(
        self: &Arc<Self>,
        view: &View<E>,
        path: &Path,
        version: &Version,
    ) -> Result<(), DriveError> {
        let mut notes = Notes { replica: self, batch: Batch::new(), rows: 0 };
        notes.version(view, path, version)?;
        notes.write()
    }

    fn note_writer(
        &self,
        view: &View<E>,
        writer: LogKey,
        before: Option<CommitMark>,
    ) -> Result<(), Halt> {
        let before = before.and_then(|mark| self.marked(writer, mark).ok());
        let mut changes = Changes::new(self, writer, before.as_ref(), view.commit_of(&writer));
        let Some(tree) = view.trees().into_iter().find(|tree| tree.writer == writer) else {
            return Ok(());
        };
        let mut notes = Notes { replica: self, batch: Batch::new(), rows: 0 };
        while let Some(keys) = changes.next(BATCH_KEYS)? {
            for key in keys {
                let Some(entry) = tree.entry(&key)? else { continue };
                if matches!(entry.stored(), Some(Stored::Frames(_))) {
                    notes.version(view, &Path::root(), &Version { writer, entry })?;
                }
            }
        }
        Ok(notes.write()?)
    }

    fn noted(&self) -> Result<Clock, DriveError> {
        let row = self.engine.get(Table::Dedup, &self.noted_key())?;
        // One that cannot be made out costs another look.
        Ok(row.and_then(|row| Clock::from_row(&row)).unwrap_or_default())
    }

    fn save_noted(&self, noted: &Clock) -> Result<(), DriveError> {
        let mut batch = Batch::new();
        batch.put(Table::Dedup, self.noted_key(), noted.to_row());
        Ok(self.engine.apply(&batch, Durability::Process)?)
    }

    fn noted_key(&self) -> Vec<u8> {
        [self.id().0.as_slice(), COMMITS].concat()
    }
}

impl<E: Engine> Notes<'_, E> {
    /// Notes the chunks of a version, as far as its lists are here.
    fn version(
        &mut self,
        view: &View<E>,
        path: &Path,
        version: &Version,
    ) -> Result<(), DriveError> {
        let mut reader = view.open(path, version)?;
        let (mut offset, end) = (0, reader.bytes());
        while offset < end {
            let located = match reader.locate(offset) {
                Ok(Some(located)) => located,
                Ok(None) | Err(DriveError::Missing(_) | DriveError::Damaged { .. }) => break,
                Err(error) => return Err(error),
            };
            offset = located.start + u64::from(located.piece.raw_bytes);
            let dedup = self.replica.cipher.dedup_key(located.piece.hash);
            if self.replica.is_noted(&dedup)? {
                continue;
            }
            let row = proto::DedupRow {
                log: reader.layer(located.place.layer)?.key.0.to_vec(),
                block: located.place.block,
                raw_bytes: located.piece.raw_bytes,
                told: true,
            };
            let key = dedup_row_key(self.replica, &dedup);
            self.batch.put(Table::Dedup, key, proto::encode(&row));
            self.rows += 1;
            if BATCH_ROWS <= self.rows {
                self.write()?;
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), DriveError> {
        self.rows = 0;
        let batch = std::mem::take(&mut self.batch);
        Ok(self.replica.engine.apply(&batch, Durability::Process)?)
    }
}
