//! This writer's layers: which take content, and how they stand in its layer table.

use std::collections::HashMap;

use ply_engine::{Engine, Table};
use ply_log::Signer;
use ply_types::{LogKey, TreeHash};

use super::Transaction;
use crate::commit::LayerRow;
use crate::draft::layer_row_key;
use crate::error::DriveError;
use crate::key::{key_layer, layers};
use crate::view::cursor::RawRows;

/// A layer that has grown beyond this takes no more content: layers are what is fetched, dropped and
/// reused as a whole, so they stay of a size that can be handled.
const LAYER_BYTES_MAX: u64 = 1 << 30;

impl<E: Engine> Transaction<'_, E> {
    /// Reads the layer table: committed rows, and those of the draft over them.
    pub(super) fn load_layers(&mut self) -> Result<(), DriveError> {
        let replica = self.replica;
        let mut table = Vec::new();
        if let Some(tree) = self.view.own_tree() {
            let mut rows = RawRows::new(tree, layers());
            while let Some((key, row)) = rows.next()? {
                let layer = LayerRow::decode(&row)
                    .map_err(|fault| replica.inconsistent(&fault.to_string()))?;
                table.extend(key_layer(&key).map(|number| (number, layer)));
            }
        }
        for (number, layer) in replica.draft_layers()? {
            self.grown.insert(number, layer.clone());
            table.push((number, layer));
        }
        for (number, mut layer) in table {
            let is_own = layer.fresh.is_some_and(|fresh| {
                Signer::new(&replica.writer_seed.layer(&fresh)).key() == layer.key
            });
            if !is_own {
                // Another writer's, or this node's before it got a new key: read, and never grown.
                layer.fresh = None;
                if let Some(grown) = self.grown.get_mut(&number) {
                    grown.fresh = None;
                }
            }
            self.layers.insert(layer.key, number);
            if layer.fresh.is_some() {
                self.open = Some(number).filter(|_| !layer.sealed).or(self.open);
                self.grown.entry(number).or_insert(layer);
            }
        }
        Ok(())
    }

    /// The layer that takes new content, made if there is none.
    pub(super) fn open_layer(&mut self) -> Result<u32, DriveError> {
        if let Some(number) = self.open {
            let log = self.layer_log(number)?;
            if self.staging().roots(&log)?.bytes() < LAYER_BYTES_MAX {
                return Ok(number);
            }
            if let Some(layer) = self.grown.get_mut(&number) {
                layer.sealed = true;
            }
        }
        let fresh = self.replica.host.random();
        let key = Signer::new(&self.replica.writer_seed.layer(&fresh)).key();
        let layer = LayerRow {
            key,
            length: 0,
            bytes: 0,
            root: TreeHash([0; 32]),
            sealed: false,
            fresh: Some(fresh),
            signature: Vec::new(),
        };
        let number = self.add_layer(layer)?;
        self.open = Some(number);
        // Durable before its first block: a log of which nobody knows the key cannot be grown.
        let row = self.grown.get(&number).map(LayerRow::encode).unwrap_or_default();
        let key = layer_row_key(&self.replica.id(), number);
        self.staging().batch().put(Table::Draft, key, row);
        Ok(number)
    }

    /// Gives a layer a number in this writer's table, the one it has if it is there.
    pub(crate) fn add_layer(&mut self, layer: LayerRow) -> Result<u32, DriveError> {
        if let Some(&number) = self.layers.get(&layer.key) {
            // The table vouches for what is used of a layer: it grows with what its author added.
            let known = self.layer_row(number)?;
            if known.is_some_and(|known| known.fresh.is_none() && known.length < layer.length) {
                self.grown.insert(number, layer);
            }
            return Ok(number);
        }
        let highest = self.layers.values().max();
        let number = highest
            .map_or(Some(0), |highest| highest.checked_add(1))
            .ok_or_else(|| self.replica.inconsistent("the layer table is full"))?;
        self.layers.insert(layer.key, number);
        self.grown.insert(number, layer);
        Ok(number)
    }

    /// A layer that another writer's table names, the longest that any vouches for.
    pub(super) fn others_layer(&mut self, log: &LogKey) -> Result<Option<LayerRow>, DriveError> {
        if self.others.is_none() {
            let mut others: HashMap<LogKey, LayerRow> = HashMap::new();
            for tree in self.view.trees() {
                let mut rows = RawRows::new(tree, layers());
                loop {
                    let row = match rows.next() {
                        Ok(Some((_, row))) => LayerRow::decode(&row),
                        Ok(None) | Err(DriveError::Missing(_) | DriveError::Damaged { .. }) => {
                            break;
                        }
                        Err(error) => return Err(error),
                    };
                    let Ok(row) = row else { continue };
                    let known = others.get(&row.key).map_or(0, |known| known.length);
                    if known < row.length {
                        others.insert(row.key, LayerRow { fresh: None, ..row });
                    }
                }
            }
            self.others = Some(others);
        }
        Ok(self.others.as_ref().and_then(|others| others.get(log)).cloned())
    }

    /// The row of a layer as it is to stand in the table.
    pub(super) fn layer_row(&self, number: u32) -> Result<Option<LayerRow>, DriveError> {
        match (self.grown.get(&number), self.view.own_tree()) {
            (Some(row), _) => Ok(Some(row.clone())),
            (None, Some(tree)) => tree.committed_layer(number),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn layer_log(&self, number: u32) -> Result<LogKey, DriveError> {
        let layer = self.grown.get(&number);
        layer.map(|layer| layer.key).ok_or_else(|| {
            self.replica.inconsistent("content was stored in a layer that is not in the table")
        })
    }

    /// Brings the rows of layers up to date with their logs, and stages those that changed.
    pub(super) fn stage_layers(&mut self) -> Result<(), DriveError> {
        let id = self.replica.id();
        let numbers: Vec<u32> = self.grown.keys().copied().collect();
        for number in numbers {
            let Some(mut layer) = self.grown.get(&number).cloned() else { continue };
            if layer.fresh.is_some() {
                let roots = self.staging().roots(&layer.key)?;
                layer.length = roots.length();
                layer.bytes = roots.bytes();
                layer.root = roots.hash();
            }
            let is_staged = self.replica.draft_layer(number)?.as_ref() == Some(&layer);
            let committed = self.view.own_tree().map(|tree| tree.committed_layer(number));
            let is_committed = matches!(committed, Some(Ok(Some(row))) if row == layer);
            if !is_staged && !is_committed {
                let key = layer_row_key(&id, number);
                self.staging().batch().put(Table::Draft, key, layer.encode());
            }
            self.grown.insert(number, layer);
        }
        Ok(())
    }
}
