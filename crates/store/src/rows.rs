//! Rows in `RocksDB`: each table a column family, each batch one write.

mod durable;
mod options;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ply_engine::{Batch, Change, EngineError, Order, Table, Visit};
use rocksdb::{ColumnFamily, DB, ReadOptions, WriteBatch, WriteOptions};

use crate::packs::Position;
use crate::trouble;
use durable::Durable;

/// Where the default column family notes up to where packs are synced.
const SYNCED_KEY: &[u8] = b"synced";

/// All rows of a store.
#[derive(Debug)]
pub(crate) struct Rows {
    database: DB,
    folder: PathBuf,
    durable: Durable,
    is_writable: bool,
}

impl Rows {
    /// Opens the rows in `folder`, or makes it a place for them. Opening writes; on a disk without any
    /// room the rows can be read all the same, and every batch is refused.
    pub(crate) fn open(folder: &Path) -> Result<Self, EngineError> {
        let (options, families) = options::options();
        let opened = DB::open_cf_descriptors(&options, folder, families)
            .map_err(|error| trouble::database(folder, &error));
        let (database, is_writable) = match opened {
            Ok(database) => (database, true),
            Err(full @ EngineError::Full { .. }) => {
                let (options, families) = options::options();
                let read = DB::open_cf_descriptors_read_only(&options, folder, families, false);
                // Where there are no rows yet, that the disk is full says more.
                (read.map_err(|_| full)?, false)
            }
            Err(error) => return Err(error),
        };
        let durable = Durable::open(folder);
        let (left, noted) = (database.latest_sequence_number(), durable.number());
        if left < noted {
            let place = folder.display().to_string();
            return Err(EngineError::LostRows { place, lost: noted - left, of: noted });
        }
        Ok(Self { database, folder: folder.to_owned(), durable, is_writable })
    }

    /// Whether there was room enough to open the rows for writing.
    pub(crate) fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// Reads one row.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.database.get_cf(self.family(table)?, key).map_err(|error| self.trouble(&error))
    }

    /// Visits the rows with `from <= key < to`. The iterator keeps the moment at which it was made.
    pub(crate) fn scan(
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
        let mut bounds = ReadOptions::default();
        bounds.set_iterate_lower_bound(from);
        bounds.set_iterate_upper_bound(to);
        let mut rows = self.database.raw_iterator_cf_opt(self.family(table)?, bounds);
        match order {
            Order::Ascending => rows.seek_to_first(),
            Order::Descending => rows.seek_to_last(),
        }
        while let Some((key, value)) = rows.item() {
            if let ControlFlow::Break(()) = visit(key, value) {
                return Ok(());
            }
            match order {
                Order::Ascending => rows.next(),
                Order::Descending => rows.prev(),
            }
        }
        rows.status().map_err(|error| self.trouble(&error))
    }

    /// Applies a batch so that it survives the death of this process.
    pub(crate) fn write(&self, batch: &Batch) -> Result<(), EngineError> {
        self.write_with(self.encode(batch)?, false)
    }

    /// Applies a batch, and the note that packs are synced up to `synced`, so that both survive a loss of
    /// power, and all batches before.
    pub(crate) fn write_synced(&self, batch: &Batch, synced: Position) -> Result<(), EngineError> {
        let mut changes = self.encode(batch)?;
        changes.put(SYNCED_KEY, synced.to_bytes());
        // All that was written before is synced as well; what others write meanwhile may not be.
        let number = self.database.latest_sequence_number() + changes.len() as u64;
        self.write_with(changes, true)?;
        self.durable.note(number);
        Ok(())
    }

    /// Up to where packs are synced at least.
    pub(crate) fn synced(&self) -> Result<Option<Position>, EngineError> {
        let note = self.database.get(SYNCED_KEY).map_err(|error| self.trouble(&error))?;
        note.map(|bytes| {
            Position::parse(&bytes).ok_or_else(|| EngineError::Database {
                place: self.folder.display().to_string(),
                what: "the note on synced packs has the wrong length".to_owned(),
            })
        })
        .transpose()
    }

    fn write_with(&self, changes: WriteBatch, sync: bool) -> Result<(), EngineError> {
        if !self.is_writable {
            return Err(EngineError::Full { place: self.folder.display().to_string() });
        }
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.database.write_opt(changes, &options).map_err(|error| self.trouble(&error))
    }

    fn encode(&self, batch: &Batch) -> Result<WriteBatch, EngineError> {
        let mut changes = WriteBatch::default();
        for change in batch.changes() {
            match change {
                Change::Put { table, key, value } => {
                    changes.put_cf(self.family(*table)?, key, value);
                }
                Change::Delete { table, key } => changes.delete_cf(self.family(*table)?, key),
                // RocksDB would refuse the whole batch for a range whose end comes first.
                Change::DeleteRange { from, to, .. } if to <= from => {}
                Change::DeleteRange { table, from, to } => {
                    changes.delete_range_cf(self.family(*table)?, from, to);
                }
            }
        }
        Ok(changes)
    }

    fn family(&self, table: Table) -> Result<&ColumnFamily, EngineError> {
        self.database.cf_handle(table.name()).ok_or_else(|| EngineError::Database {
            place: self.folder.display().to_string(),
            what: format!("the table {} is missing", table.name()),
        })
    }

    fn trouble(&self, error: &rocksdb::Error) -> EngineError {
        trouble::database(&self.folder, error)
    }
}
