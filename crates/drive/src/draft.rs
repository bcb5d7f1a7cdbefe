//! The draft: changes that are durable and not committed yet.
//!
//! Rows in the draft table, all under the drive's key:
//!
//! ```text
//! drive 'p' index key     DraftRow    what a path becomes, and which clock it goes by
//! drive 'c' number        DraftClock  what was in view when paths entered the draft
//! drive 'l' layer number  Layer       layers that are new, or grew
//! drive 'h' mark path     nothing     names that were given a link mark, some perhaps gone since
//! ```

use ply_engine::{Engine, Order, Table, prefix_end};
use ply_index::KeyRange;
use ply_log::Head;
use ply_proto as proto;
use ply_types::{DriveId, Path};
use std::ops::ControlFlow;

use crate::clock::Clock;
use crate::commit::LayerRow;
use crate::entry::{Entry, LinkMark, SPILL_BYTES_MAX, Stamp};
use crate::error::DriveError;
use crate::key::key_path;
use crate::replica::Replica;

/// A path and what it becomes; a tombstone where it is to be removed.
pub(crate) type DraftEntry = (Vec<u8>, Entry);

fn key(drive: &DriveId, tag: u8, rest: &[u8]) -> Vec<u8> {
    [drive.0.as_slice(), &[tag], rest].concat()
}

pub(crate) fn path_row_key(drive: &DriveId, index_key: &[u8]) -> Vec<u8> {
    key(drive, b'p', index_key)
}

pub(crate) fn link_row_key(drive: &DriveId, mark: LinkMark, name: &Path) -> Vec<u8> {
    key(drive, b'h', &[mark.0.as_slice(), name.as_bytes()].concat())
}

pub(crate) fn clock_row_key(drive: &DriveId, number: u32) -> Vec<u8> {
    key(drive, b'c', &number.to_be_bytes())
}

pub(crate) fn layer_row_key(drive: &DriveId, number: u32) -> Vec<u8> {
    key(drive, b'l', &number.to_be_bytes())
}

/// The row of a path in the draft.
pub(crate) fn encode_row(entry: &Entry, clock: u32) -> Vec<u8> {
    proto::encode(&proto::DraftRow { entry: Some(entry.to_proto()), clock })
}

/// Reads what [`encode_row`] wrote: the stamp has the clock, and no commit yet.
pub(crate) fn decode_row(row: &[u8]) -> Option<Entry> {
    let row: proto::DraftRow = proto::decode("draft row", SPILL_BYTES_MAX, row).ok()?;
    let mut entry = Entry::from_proto(&row.entry?).ok()?;
    entry.stamp = Stamp { commit: 0, clock: row.clock };
    Some(entry)
}

/// What was in view when paths entered the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DraftClock {
    /// Of other writers.
    pub(crate) clock: Clock,
    /// Number of the newest commit that the writer itself had made; `None` where nobody noted it.
    pub(crate) own: Option<u64>,
}

/// The row of a clock in the draft.
pub(crate) fn encode_clock(seen: &DraftClock) -> Vec<u8> {
    let own = seen.own.map_or(0, |own| own.saturating_add(1));
    proto::encode(&proto::DraftClock { components: seen.clock.to_proto(), own })
}

/// Reads what [`encode_clock`] wrote.
pub(crate) fn decode_clock(row: &[u8]) -> Option<DraftClock> {
    let row: proto::DraftClock = proto::decode("draft clock", SPILL_BYTES_MAX, row).ok()?;
    Some(DraftClock { clock: Clock::from_proto(&row.components)?, own: row.own.checked_sub(1) })
}

impl<E: Engine> Replica<E> {
    fn decode_row(&self, row: &[u8]) -> Result<Entry, DriveError> {
        decode_row(row).ok_or_else(|| self.inconsistent("a row of the draft is malformed"))
    }

    /// What the draft says of a key.
    pub(crate) fn draft_entry(&self, index_key: &[u8]) -> Result<Option<Entry>, DriveError> {
        let row = self.engine.get(Table::Draft, &path_row_key(&self.id(), index_key))?;
        row.map(|row| self.decode_row(&row)).transpose()
    }

    /// The first `count_max` changes in a range of keys.
    pub(crate) fn draft_entries(
        &self,
        range: &KeyRange,
        count_max: usize,
    ) -> Result<Vec<DraftEntry>, DriveError> {
        let id = self.id();
        let prefix_bytes = path_row_key(&id, &[]).len();
        let from = path_row_key(&id, &range.start);
        let to = match &range.end {
            Some(end) => path_row_key(&id, end),
            None => prefix_end(&path_row_key(&id, &[])),
        };
        let mut rows = Vec::new();
        self.engine.scan(Table::Draft, &from, &to, Order::Ascending, &mut |key, row| {
            rows.push((key.get(prefix_bytes..).unwrap_or_default().to_vec(), row.to_vec()));
            if rows.len() < count_max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        rows.into_iter().map(|(key, row)| Ok((key, self.decode_row(&row)?))).collect()
    }

    /// Paths that the draft changes.
    pub fn draft_paths(&self) -> Result<Vec<Path>, DriveError> {
        let rows = self.draft_entries(&KeyRange::all(), usize::MAX)?;
        Ok(rows.iter().filter_map(|(key, _)| key_path(key)).collect())
    }

    /// A clock of the draft.
    pub(crate) fn draft_clock(&self, number: u32) -> Result<DraftClock, DriveError> {
        let row = self.engine.get(Table::Draft, &clock_row_key(&self.id(), number))?;
        let clock = row.and_then(|row| decode_clock(&row));
        clock.ok_or_else(|| self.inconsistent("a clock of the draft is missing or malformed"))
    }

    /// The newest clock of the draft, with its number.
    pub(crate) fn newest_draft_clock(&self) -> Result<Option<(u32, DraftClock)>, DriveError> {
        let newest = self.newest_row(b'c')?;
        newest.map(|(number, _)| Ok((number, self.draft_clock(number)?))).transpose()
    }

    /// A layer that the draft made or grew.
    pub(crate) fn draft_layer(&self, number: u32) -> Result<Option<LayerRow>, DriveError> {
        let row = self.engine.get(Table::Draft, &layer_row_key(&self.id(), number))?;
        row.map(|row| {
            LayerRow::decode(&row).map_err(|_| self.inconsistent("a draft layer is malformed"))
        })
        .transpose()
    }

    /// Names that were given a link mark in this draft. Some may have lost it since.
    pub(crate) fn draft_links(&self, mark: LinkMark) -> Result<Vec<Path>, DriveError> {
        let prefix = link_row_key(&self.id(), mark, &Path::root());
        let mut names = Vec::new();
        let end = prefix_end(&prefix);
        self.engine.scan(Table::Draft, &prefix, &end, Order::Ascending, &mut |key, _| {
            names.extend(key.get(prefix.len()..).and_then(|name| Path::parse(name).ok()));
            ControlFlow::Continue(())
        })?;
        Ok(names)
    }

    /// All layers that the draft made or grew.
    pub(crate) fn draft_layers(&self) -> Result<Vec<(u32, LayerRow)>, DriveError> {
        let mut layers = Vec::new();
        for (number, row) in self.numbered_rows(b'l')? {
            let layer = LayerRow::decode(&row)
                .map_err(|_| self.inconsistent("a draft layer is malformed"))?;
            layers.push((number, layer));
        }
        Ok(layers)
    }

    /// The layers that the draft made or grew, as they are now. Nobody else knows of them yet.
    pub fn draft_layer_heads(&self) -> Result<Vec<Head>, DriveError> {
        let layers = self.draft_layers()?.into_iter();
        Ok(layers.map(|(_, layer)| layer.head()).collect())
    }

    /// Numbers of the draft's clocks, in order.
    pub(crate) fn draft_clock_numbers(&self) -> Result<Vec<u32>, DriveError> {
        Ok(self.numbered_rows(b'c')?.into_iter().map(|(number, _)| number).collect())
    }

    fn newest_row(&self, tag: u8) -> Result<Option<(u32, Vec<u8>)>, DriveError> {
        Ok(self.numbered_rows(tag)?.pop())
    }

    fn numbered_rows(&self, tag: u8) -> Result<Vec<(u32, Vec<u8>)>, DriveError> {
        let prefix = key(&self.id(), tag, &[]);
        let mut rows = Vec::new();
        let end = prefix_end(&prefix);
        self.engine.scan(Table::Draft, &prefix, &end, Order::Ascending, &mut |key, row| {
            if let Some(Ok(number)) = key.get(prefix.len()..).map(<[u8; 4]>::try_from) {
                rows.push((u32::from_be_bytes(number), row.to_vec()));
            }
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }
}
