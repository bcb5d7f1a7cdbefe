//! Flushing: what was written becomes the draft's version of the file.

use std::collections::HashMap;
use std::sync::Arc;

use ply_chunk::{ListBuilder, Place};
use ply_engine::Engine;
use ply_types::Path;

use super::File;
use super::recut::{Recut, Run};
use crate::commit::LayerRow;
use crate::drive::read::ReadHandle;
use crate::entry::{Body, Entry, Kind, Stored};
use crate::error::DriveError;
use crate::transaction::Transaction;
use crate::versions::Version;
use crate::view::{Begun, View};

/// How often a flush starts anew because the file changed under it, before it says so.
const ATTEMPTS_MAX: usize = 16;

/// What became of an attempt.
enum Saved {
    /// The draft has it.
    Done(Version),
    /// This node wrote the file meanwhile: what was written here has to lie over that.
    Moved(Version),
}

/// What a flush brings to the draft.
struct Flush<'file, E: Engine> {
    path: &'file Path,
    view: &'file View<E>,
    base: &'file Version,
    begun: &'file Begun,
}

impl<E: Engine> File<E> {
    /// Brings what was written to the draft. When it fails, everything is as it was, and it may be
    /// called again.
    pub async fn flush(&mut self) -> Result<(), DriveError> {
        for _ in 0..ATTEMPTS_MAX {
            if !self.changed {
                return Ok(());
            }
            let recut = self.recut().await?;
            let flush = Flush {
                path: &self.path,
                view: self.base.view(),
                base: self.base.version(),
                begun: &self.begun,
            };
            let replica = Arc::clone(self.drive.replica());
            let saved = self.drive.complete_change(&self.path, None, |sight| {
                let mut transaction = Transaction::begin_with(&replica, sight)?;
                let saved = flush.save(&mut transaction, &recut)?;
                transaction.save()?;
                Ok::<_, DriveError>(saved)
            });
            match saved.await? {
                Saved::Done(version) => {
                    self.rest_on(version);
                    self.dirty.clear();
                    self.base_bytes = self.bytes;
                    (self.changed, self.resized) = (false, false);
                }
                Saved::Moved(version) => self.rebase(version),
            }
        }
        Err(DriveError::Invalid { path: self.path.clone(), what: "it changes all the time" })
    }

    /// Lays what was written over another version that this node wrote.
    fn rebase(&mut self, version: Version) {
        let before = self.base.bytes();
        self.rest_on(version);
        let now = self.base.bytes();
        if self.resized {
            self.base_bytes = self.base_bytes.min(now);
            return;
        }
        if !self.options.write {
            // What is appended comes after what others appended.
            self.dirty.shift(before, now);
        }
        self.base_bytes = now;
        self.bytes = now.max(self.dirty.end());
    }

    /// Takes a version that this node wrote as the one that changes lie over.
    fn rest_on(&mut self, version: Version) {
        let view = self.drive.replica.view();
        // Else the moment before stands, which had less in view.
        if let Ok(begun) = view.path(&self.path).and_then(|state| view.begun(&self.path, &state)) {
            self.begun = begun;
        }
        self.base = ReadHandle::new(&self.drive, view, &self.path, version);
    }
}

impl<E: Engine> Flush<'_, E> {
    fn save(
        &self,
        transaction: &mut Transaction<'_, E>,
        recut: &Recut,
    ) -> Result<Saved, DriveError> {
        let own = transaction.replica().writer_key();
        let state = transaction.path(self.path)?;
        let mut shown = state.shown();
        let is_arrival = match (state.kind(), shown) {
            (Some(Kind::Directory), _) => {
                return Err(DriveError::IsADirectory { path: self.path.clone() });
            }
            (Some(Kind::File), Some(shown)) => {
                let is_base = shown.entry.stored().map(Stored::identity)
                    == self.base.entry.stored().map(Stored::identity);
                if !is_base && shown.writer == own {
                    return Ok(Saved::Moved(shown.clone()));
                }
                !is_base
            }
            (None, _) if transaction.removed_here(self.path, self.base)? => {
                return Err(DriveError::Absent { path: self.path.clone() });
            }
            (None, _) => true,
            _ => return Err(DriveError::NotAFile { path: self.path.clone() }),
        };
        if is_arrival {
            shown = None;
        }
        let like = shown.map_or(&self.base.entry, |shown| &shown.entry).clone();
        let stored = self.store(transaction, recut)?;
        let mut entry = Entry::new(Body::File(stored), like.attributes);
        entry.attributes.mtime = transaction.replica().host.now();
        entry.link = like.link;
        entry.moved_from = like.moved_from;
        if is_arrival {
            let mut begun = self.begun.clone();
            // What this node wrote meanwhile was not in view either, though its own log always is.
            for kept in state.versions.kept_of(&own, self.base) {
                if !begun.keeps.contains(&kept) {
                    begun.keeps.push(kept);
                }
            }
            transaction.set_since(self.path, &entry, &begun)?;
        } else {
            transaction.set_linked(self.path, entry.clone())?;
        }
        Ok(Saved::Done(Version { writer: own, entry }))
    }

    fn store(
        &self,
        transaction: &mut Transaction<'_, E>,
        recut: &Recut,
    ) -> Result<Stored, DriveError> {
        let runs = match recut {
            Recut::Inline(bytes) => return transaction.store_bytes(bytes),
            Recut::Runs(runs) => runs,
        };
        let mut list = ListBuilder::new();
        let mut layers = HashMap::new();
        for run in runs {
            match run {
                Run::Kept(range) => {
                    self.keep(transaction, &mut list, &mut layers, range.clone())?;
                }
                Run::New(piece) => {
                    let place = transaction.store_piece(piece.clone())?;
                    transaction.list_push(&mut list, piece.piece, place)?;
                }
                Run::Zeros(piece, count) => {
                    let place = transaction.store_piece(piece.clone())?;
                    for _ in 0..*count {
                        transaction.list_push(&mut list, piece.piece, place)?;
                    }
                }
            }
        }
        transaction.list_finish(list)
    }

    /// Lists the old pieces of a range, their places by this writer's layer table.
    fn keep(
        &self,
        transaction: &mut Transaction<'_, E>,
        list: &mut ListBuilder,
        layers: &mut HashMap<u32, u32>,
        range: std::ops::Range<u64>,
    ) -> Result<(), DriveError> {
        let is_own = self.base.writer == transaction.replica().writer_key();
        let mut reader = self.view.open(self.path, self.base)?;
        let mut at = range.start;
        while at < range.end {
            let short = || transaction.replica().inconsistent("a list of pieces became shorter");
            let located = reader.locate(at)?.ok_or_else(short)?;
            let Place { layer, block } = located.place;
            let layer = match layers.get(&layer) {
                _ if is_own => layer,
                Some(&number) => number,
                None => {
                    let row = reader.layer(layer)?;
                    let number = transaction.add_layer(LayerRow { fresh: None, ..row })?;
                    layers.insert(layer, number);
                    number
                }
            };
            transaction.list_push(list, located.piece, Place { layer, block })?;
            at = located.start.saturating_add(located.piece.raw_bytes.into());
        }
        Ok(())
    }
}
