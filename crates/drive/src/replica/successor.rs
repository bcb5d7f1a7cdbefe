//! A new writer key, and what this node wrote under the one before.
//!
//! A home that was copied goes on under a key of its own, and so does a node whose log turns out to
//! have a second history. The draft goes on with it: layers and clocks of the draft come to stand on
//! their own, and so do changes that were committed and are cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ply_engine::{Batch, Durability, Engine, Table};
use ply_index::KeyRange;
use ply_log::Signer;
use ply_types::{LogKey, Path, Seed};

use super::{Replica, settings_key};
use crate::clock::Clock;
use crate::commit::{Commit, LayerRow};
use crate::draft::{
    DraftClock, clock_row_key, encode_clock, encode_row, layer_row_key, link_row_key, path_row_key,
};
use crate::entry::{Attributes, Body, Entry};
use crate::error::DriveError;
use crate::key::{key_layer, key_path, layers, path_key};
use crate::settings::Settings;
use crate::view::cursor::RawRows;
use crate::view::tree::Tree;

/// What the node wrote under last, and whether that key is to be used no more.
struct Wrote {
    key: LogKey,
    is_disowned: bool,
}

impl Wrote {
    fn encode(&self) -> Vec<u8> {
        [self.key.0.as_slice(), &[u8::from(self.is_disowned)]].concat()
    }

    fn decode(row: &[u8]) -> Option<Self> {
        let (&mark, key) = row.split_last()?;
        Some(Self { key: LogKey::try_from(key).ok()?, is_disowned: mark != 0 })
    }
}

/// What goes from one key to the next.
struct Estate<'a, E: Engine> {
    replica: &'a Replica<E>,
    /// The tree of the key before, with all that it committed; `None` if it never did.
    tree: Option<Tree<'a, E>>,
    /// Rows that the draft is to have, by index key, each with its clock.
    rows: BTreeMap<Vec<u8>, (Entry, u32)>,
    /// Clocks that the draft had not, by number.
    new_clocks: Vec<(u32, Clock)>,
    next_clock: u32,
    batch: Batch,
}

impl<E: Engine> Replica<E> {
    fn wrote_key(&self) -> Vec<u8> {
        [self.id().0.as_slice(), b"k"].concat()
    }

    fn wrote(&self) -> Result<Option<Wrote>, DriveError> {
        let row = self.engine.get(Table::Member, &self.wrote_key())?;
        let malformed = || self.inconsistent("the key that it wrote under last is malformed");
        row.map(|row| Wrote::decode(&row).ok_or_else(malformed)).transpose()
    }

    fn put_wrote(&self, batch: &mut Batch, key: &LogKey, is_disowned: bool) {
        let wrote = Wrote { key: *key, is_disowned };
        batch.put(Table::Member, self.wrote_key(), wrote.encode());
    }

    /// Notes under which key this node writes, so that a later one knows of it.
    pub(crate) fn note_key(&self) -> Result<(), DriveError> {
        if self.has_noted_key.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.wrote()?.is_none_or(|wrote| wrote.key != self.writer_key()) {
            let mut batch = Batch::new();
            self.put_wrote(&mut batch, &self.writer_key(), false);
            self.engine.apply(&batch, Durability::Synced)?;
        }
        self.has_noted_key.store(true, Ordering::Release);
        Ok(())
    }

    /// Never signs under this key again: peers hold a history of it that is not the one held here.
    /// The next time that the drive is opened, it goes on under another.
    pub fn disown(&self) -> Result<(), DriveError> {
        self.is_disowned.store(true, Ordering::Release);
        let mut batch = Batch::new();
        self.put_wrote(&mut batch, &self.writer_key(), true);
        Ok(self.engine.apply(&batch, Durability::Synced)?)
    }

    /// Whether this node's writer key is to be used no more: [`Replica::disown`] was called, or its log is
    /// known to have two histories. Opened again, the drive goes on under another.
    pub fn is_used_up(&self) -> bool {
        self.is_disowned.load(Ordering::Acquire) || self.is_forked(&self.writer_key())
    }

    /// Brings what an earlier key wrote along, if there was one. Gives the settings to open the drive
    /// with instead, if the key of these must be used no more.
    pub(super) fn succeed(&self, node: &Seed) -> Result<Option<Settings>, DriveError> {
        let own = self.writer_key();
        let Some(wrote) = self.wrote()? else { return Ok(None) };
        let is_forked = self.is_forked(&wrote.key);
        let is_used_up = wrote.key == own && (is_forked || wrote.is_disowned);
        if wrote.key == own && !is_used_up {
            return Ok(None);
        }
        let cut = self.kept_length(&wrote)?;
        if self.is_readable() {
            let estate = self.estate(&wrote.key, cut);
            // Without a commit that is damaged, what hangs on it would be left behind for good.
            if let Some(block) = self.logs.damaged(&wrote.key).runs().flatten().next() {
                let what = "damaged here, and needed to go on under another key";
                return Err(self.damaged(wrote.key, block, what));
            }
            let batch = estate?;
            self.engine.apply(&batch, Durability::Synced)?;
        }
        if wrote.is_disowned && !is_forked && cut < self.logs.roots(&wrote.key)?.length() {
            // It was never signed, and is in the draft again: what peers hold can take its place.
            self.logs.truncate(&wrote.key, cut)?;
        }
        let mut batch = Batch::new();
        if !is_used_up {
            self.put_wrote(&mut batch, &own, false);
            self.engine.apply(&batch, Durability::Synced)?;
            return Ok(None);
        }
        let mut settings = self.settings();
        settings.install_nonce = self.host.random();
        let next = Signer::new(&node.writer(&settings.id, &settings.install_nonce)).key();
        self.put_wrote(&mut batch, &next, false);
        batch.put(Table::Meta, settings_key(&settings.id), settings.encode());
        self.engine.apply(&batch, Durability::Synced)?;
        Ok(Some(settings))
    }

    /// How much of the log of an earlier key counts for others.
    fn kept_length(&self, wrote: &Wrote) -> Result<u64, DriveError> {
        let membership = self.membership();
        let end = membership.writer(&wrote.key).and_then(|status| status.end);
        let held = self.logs.roots(&wrote.key)?.length();
        Ok(match end {
            Some(end) => end.length.min(held),
            None if wrote.is_disowned => {
                self.logs.head(&wrote.key)?.map_or(0, |signed| signed.head.length)
            }
            None => held,
        })
    }

    fn estate(&self, key: &LogKey, cut: u64) -> Result<Batch, DriveError> {
        let held = self.logs.roots(key)?.length();
        let commit = match held.checked_sub(1) {
            Some(last) => self.newest_below(*key, last + 1)?,
            None => None,
        };
        let kept = if 0 < cut { self.newest_below(*key, cut)? } else { None };
        let tree = commit.as_ref().map(|commit| Tree {
            replica: self,
            writer: *key,
            commit: Some(commit),
            drafting: false,
        });
        let newest_clock = self.draft_clock_numbers()?.pop();
        let mut estate = Estate {
            replica: self,
            tree,
            rows: BTreeMap::new(),
            new_clocks: Vec::new(),
            next_clock: newest_clock.map_or(0, |newest| newest.saturating_add(1)),
            batch: Batch::new(),
        };
        for (index_key, entry) in self.draft_entries(&KeyRange::all(), usize::MAX)? {
            let clock = entry.stamp.clock;
            estate.rows.insert(index_key, (entry, clock));
        }
        estate.clocks(key, kept.as_ref())?;
        estate.lost(key, kept.as_ref())?;
        if !estate.rows.is_empty() {
            estate.directories(key, kept.as_ref())?;
            estate.layers()?;
        }
        Ok(estate.finish())
    }
}

impl<E: Engine> Estate<'_, E> {
    /// What the key before had committed was in view whenever something entered the draft.
    fn clocks(&mut self, key: &LogKey, kept: Option<&Arc<Commit>>) -> Result<(), DriveError> {
        let Some(kept) = kept else { return Ok(()) };
        for number in self.replica.draft_clock_numbers()? {
            let mut clock = self.replica.draft_clock(number)?.clock;
            clock.see(*key, kept.mark);
            self.put_clock(number, &clock);
        }
        Ok(())
    }

    fn put_clock(&mut self, number: u32, clock: &Clock) {
        let row_key = clock_row_key(&self.replica.id(), number);
        // Under the next key nothing was made yet.
        let seen = DraftClock { clock: clock.clone(), own: None };
        self.batch.put(Table::Draft, row_key, encode_clock(&seen));
    }

    /// The number of a clock that the draft had not, with what the key before had committed in view.
    fn new_clock(&mut self, mut clock: Clock, key: &LogKey, kept: Option<&Arc<Commit>>) -> u32 {
        if let Some(kept) = kept {
            clock.see(*key, kept.mark);
        }
        if let Some((number, _)) = self.new_clocks.iter().find(|(_, known)| *known == clock) {
            return *number;
        }
        let number = self.next_clock;
        self.next_clock = number.saturating_add(1);
        self.put_clock(number, &clock);
        self.new_clocks.push((number, clock));
        number
    }

    /// Changes that were committed beyond what counts: they enter the draft, beneath what is there, each
    /// by what was in view when it was made.
    fn lost(&mut self, key: &LogKey, kept: Option<&Arc<Commit>>) -> Result<(), DriveError> {
        let Some(tree) = self.tree else { return Ok(()) };
        let number = kept.map_or(0, |kept| kept.mark.number);
        if tree.commit.is_none_or(|newest| newest.mark.number <= number) {
            return Ok(());
        }
        let mut rows = RawRows::new(tree, KeyRange::all());
        while let Some((index_key, row)) = rows.next()? {
            let is_path = key_path(&index_key).is_some();
            if !is_path || self.rows.contains_key(&index_key) {
                continue;
            }
            let entry = tree.decode(&row)?;
            if number < entry.stamp.commit {
                let clock = Clock::clone(&*tree.clock(entry.stamp)?);
                let clock = self.new_clock(clock, key, kept);
                self.rows.insert(index_key, (entry, clock));
            }
        }
        Ok(())
    }

    /// The directories above all that lives: the tree of the next key holds none of them yet. Each goes
    /// over what it went over before; one that was not there goes over nothing.
    fn directories(&mut self, key: &LogKey, kept: Option<&Arc<Commit>>) -> Result<(), DriveError> {
        let mut above: BTreeSet<Path> = BTreeSet::new();
        for (index_key, (entry, _)) in &self.rows {
            let lives = entry.kind().is_some() || !entry.keeps.is_empty();
            if let Some(path) = key_path(index_key).filter(|_| lives) {
                above.extend(path.ancestors());
            }
        }
        for directory in above {
            let index_key = path_key(&directory);
            if directory.is_root() || self.rows.contains_key(&index_key) {
                continue;
            }
            let own = match self.tree {
                Some(tree) => tree.entry(&index_key)?.map(|entry| (tree, entry)),
                None => None,
            };
            let own = own.filter(|(_, entry)| matches!(entry.body, Body::Directory));
            let (entry, clock) = if let Some((tree, entry)) = own {
                let clock = Clock::clone(&*tree.clock(entry.stamp)?);
                (entry, clock)
            } else {
                let attributes = Attributes { mode: 0o755, ..Attributes::default() };
                (Entry::new(Body::Directory, attributes), Clock::new())
            };
            let clock = self.new_clock(clock, key, kept);
            self.rows.insert(index_key, (entry, clock));
        }
        Ok(())
    }

    /// The layers that entries name by their numbers.
    fn layers(&mut self) -> Result<(), DriveError> {
        let Some(tree) = self.tree else { return Ok(()) };
        let mut rows = RawRows::new(tree, layers());
        while let Some((row_key, row)) = rows.next()? {
            let Some(number) = key_layer(&row_key) else { continue };
            if self.replica.draft_layer(number)?.is_some() {
                continue;
            }
            let layer = LayerRow::decode(&row)
                .map_err(|fault| self.replica.inconsistent(&fault.to_string()))?;
            let row = LayerRow { fresh: None, ..layer }.encode();
            self.batch.put(Table::Draft, layer_row_key(&self.replica.id(), number), row);
        }
        Ok(())
    }

    fn finish(mut self) -> Batch {
        let id = self.replica.id();
        for (index_key, (entry, clock)) in &self.rows {
            let row = encode_row(entry, *clock);
            self.batch.put(Table::Draft, path_row_key(&id, index_key), row);
            if let (Some(mark), Some(name)) = (entry.link, key_path(index_key)) {
                self.batch.put(Table::Draft, link_row_key(&id, mark, &name), Vec::new());
            }
        }
        self.batch
    }
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};

    use super::*;

    #[test]
    fn fuzz_rows_of_the_last_key() {
        let wrote = |is_disowned| Wrote { key: LogKey([7; 32]), is_disowned }.encode();
        Target::new("wrote-row", Form::Bytes, RoundTrip::Settled)
            .seed("own", wrote(false))
            .seed("disowned", wrote(true))
            .run(|row| Wrote::decode(row).map(|wrote| wrote.encode()));
    }
}
