//! A store: packs and rows, and the order between them.

use std::path::Path;

use bytes::Bytes;
use ply_engine::{Batch, Change, Durability, Engine, EngineError, Frame, Location, Order, Table};

use crate::home::{self, FRAME_RESERVE_BYTES, Home, ROW_RESERVE_BYTES};
use crate::packs::{Frames, PACK_BYTES_MAX, PACK_BYTES_MIN, Packs};
use crate::rows::Rows;

/// A storage engine on disk. Dropping it closes it; nothing that was applied waits for that.
#[derive(Debug)]
pub struct Store {
    // In this order: what is above is closed before the lock is given up.
    rows: Rows,
    packs: Packs,
    home: Home,
}

/// How a store is written. One that was written otherwise opens all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// Bytes of a pack, after which the next one begins: [`PACK_BYTES_MIN`] at least,
    /// [`PACK_BYTES_MAX`] at most and unless told.
    pub pack_bytes_max: u32,
    /// Begin with empty rows where there are packs and no rows: for whoever makes them anew out of
    /// [`Store::frames`]. Else, and unless told, such a store is not opened.
    pub rows_anew: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { pack_bytes_max: PACK_BYTES_MAX, rows_anew: false }
    }
}

impl Store {
    /// Whether there is anything of a store in `folder`, be it damaged. Where there is nothing,
    /// opening makes a new one.
    pub fn is_begun(folder: &Path) -> bool {
        home::is_begun(folder)
    }

    /// Opens the store in `folder`, or creates one.
    ///
    /// What a crash left half-written at the end of the newest pack is cut off. After a clean end this
    /// reads no frame.
    ///
    /// # Errors
    ///
    /// [`EngineError::InUse`] at once while another [`Store`] has the folder, in this process or another;
    /// [`EngineError::Newer`] when a later program wrote it; [`EngineError::NoRows`] when its rows went,
    /// and [`EngineError::LostRows`] when the last of them did; else what the disk says.
    pub fn open(folder: &Path) -> Result<Self, EngineError> {
        Self::open_with(folder, StoreOptions::default())
    }

    /// As [`Store::open`], written as the options say.
    pub fn open_with(folder: &Path, options: StoreOptions) -> Result<Self, EngineError> {
        let pack_bytes_max = options.pack_bytes_max.clamp(PACK_BYTES_MIN, PACK_BYTES_MAX);
        let home = Home::open(folder, options.rows_anew)?;
        let rows = Rows::open(&home.rows())?;
        let noted = rows.synced()?;
        let packs = Packs::open(home.packs(), noted, pack_bytes_max)?;
        let store = Self { rows, packs, home };
        let synced = store.packs.sync()?;
        if noted != Some(synced) && store.is_writable() {
            store.rows.write_synced(&Batch::new(), synced)?;
        }
        Ok(store)
    }

    /// Whether it can be written as long as it is open. A store that was opened on a disk without any room
    /// is only read: [`EngineError::Full`] is the answer to everything else.
    pub fn is_writable(&self) -> bool {
        self.rows.is_writable()
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        self.home.folder()
    }

    /// Reads every frame from the packs alone, oldest first, with the log and the position it was
    /// appended for: to make rows anew, or to find damage, which is an item of its own.
    ///
    /// Frames appended after this call do not show. Frames that no row names do.
    pub fn frames(&self) -> Result<Frames<'_>, EngineError> {
        self.packs.frames()
    }
}

impl Engine for Store {
    fn append(&self, frames: &[Frame<'_>]) -> Result<Vec<Location>, EngineError> {
        let bytes: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
        self.home.room(bytes as u64, FRAME_RESERVE_BYTES)?;
        self.packs.append(frames)
    }

    fn read(&self, at: Location) -> Result<Bytes, EngineError> {
        self.packs.read(at)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.rows.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        order: Order,
        visit: &mut ply_engine::Visit<'_>,
    ) -> Result<(), EngineError> {
        self.rows.scan(table, from, to, order, visit)
    }

    fn apply(&self, batch: &Batch, durability: Durability) -> Result<(), EngineError> {
        self.home.room(row_bytes(batch), ROW_RESERVE_BYTES)?;
        match durability {
            Durability::Process => self.rows.write(batch),
            Durability::Synced => {
                let synced = self.packs.sync()?;
                self.rows.write_synced(batch, synced)
            }
        }
    }

    fn frame_bytes(&self) -> Result<u64, EngineError> {
        Ok(self.packs.bytes())
    }
}

/// Bytes that a batch adds at most, but for a few for each change.
fn row_bytes(batch: &Batch) -> u64 {
    let bytes = batch.changes().iter().map(|change| match change {
        Change::Put { key, value, .. } => key.len() + value.len(),
        Change::Delete { key, .. } => key.len(),
        Change::DeleteRange { from, to, .. } => from.len() + to.len(),
    });
    bytes.sum::<usize>() as u64
}
