//! The layers of a drive: where its content is, and how much of each log counts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use ply_engine::Engine;
use ply_log::Head;
use ply_types::LogKey;

use super::Replica;
use crate::clock::CommitMark;
use crate::commit::{Commit, LayerRow};
use crate::error::{DriveError, Missing};
use crate::key::layers;
use crate::view::cursor::RawRows;
use crate::view::tree::Tree;

/// Commits that are looked through for the length that a layer had before. Layers that are open grow
/// with nearly every commit.
const BEFORE_MAX: usize = 64;

/// What the envelopes of one writer's commits say of layers, up to one of them.
#[derive(Debug)]
pub(super) struct Named {
    up_to: CommitMark,
    layers: BTreeMap<LogKey, Head>,
}

impl<E: Engine> Replica<E> {
    /// The layers that the committed trees name, as far as their tables are here. A node without the
    /// read key puts the tables together from the envelopes of all commits. Those of the draft are no
    /// peer's business: [`draft_layer_heads`](Self::draft_layer_heads).
    pub fn layers(self: &Arc<Self>) -> Result<(Vec<Head>, Vec<Missing>), DriveError> {
        if !self.is_readable() {
            return self.layers_by_envelopes();
        }
        let view = self.view();
        let (mut heads, mut missing) = (Vec::new(), Vec::new());
        for tree in view.trees() {
            let mut rows = RawRows::new(tree, layers());
            loop {
                match rows.next() {
                    Ok(Some((_, row))) => {
                        heads.extend(LayerRow::decode(&row).map(|row| row.head()));
                    }
                    // What a page that breaks the rules would name is named by nobody.
                    Ok(None) | Err(DriveError::Damaged { .. }) => break,
                    Err(error) => {
                        missing.push(error.lacking().ok_or(error)?);
                        break;
                    }
                }
            }
        }
        Ok((heads, missing))
    }

    /// Whether a log is a layer of this drive.
    pub fn is_layer(self: &Arc<Self>, log: &LogKey) -> Result<bool, DriveError> {
        Ok(self.layers()?.0.iter().any(|head| head.log == *log))
    }

    /// The shortest tree of a layer that somebody vouches for and that has a block.
    pub fn layer_with(
        self: &Arc<Self>,
        log: &LogKey,
        block: u64,
    ) -> Result<Option<Head>, DriveError> {
        let layers = self.layers()?.0.into_iter();
        Ok(layers.filter(|head| head.log == *log && block < head.length).min_by_key(|h| h.length))
    }

    /// The layers that a commit made or grew, each with the blocks that are new in it, if the peer has
    /// the commit before.
    pub fn grown_since(
        &self,
        commit: &Arc<Commit>,
        their_length: u64,
    ) -> Result<Vec<(Head, Range<u64>)>, DriveError> {
        let previous = match commit.envelope.ancestors.first() {
            Some(mark) if mark.block + 1 == their_length => {
                Some(self.marked(commit.writer, *mark)?)
            }
            Some(_) => return Ok(Vec::new()),
            None => None,
        };
        let mut before = BTreeMap::new();
        if let (Some(previous), false) = (&previous, self.is_readable()) {
            before = self.named_before(previous, commit)?;
        } else if let Some(previous) = &previous {
            let tree = Tree {
                replica: self,
                writer: commit.writer,
                commit: Some(previous),
                drafting: false,
            };
            let mut rows = RawRows::new(tree, layers());
            while let Some((_, row)) = rows.next()? {
                if let Ok(layer) = LayerRow::decode(&row) {
                    before.insert(layer.key, layer.length);
                }
            }
        }
        let grown = commit.envelope.layers.iter().map(|layer| {
            let start = before.get(&layer.key).copied().unwrap_or(0);
            (layer.head(), start..layer.length)
        });
        Ok(grown.collect())
    }

    /// For a node that cannot read the tables: each commit's envelope names the layers that are new
    /// or grew, so all envelopes of a writer together name them all.
    fn layers_by_envelopes(&self) -> Result<(Vec<Head>, Vec<Missing>), DriveError> {
        let effective = self.effective();
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.retain(|writer, _| effective.contains_key(writer));
        let (mut heads, mut missing) = (Vec::new(), Vec::new());
        for (writer, newest) in effective {
            // A writer may have been cut off before what was walked.
            let known =
                named.remove(&writer).filter(|known| known.up_to.block <= newest.mark.block);
            let mut all = BTreeMap::new();
            let mut at = Arc::clone(&newest);
            let is_whole = loop {
                if known.as_ref().is_some_and(|known| known.up_to == at.mark) {
                    break true;
                }
                for layer in &at.envelope.layers {
                    all.entry(layer.key).or_insert_with(|| layer.head());
                }
                let Some(&mark) = at.envelope.ancestors.first() else { break true };
                match self.marked(writer, mark) {
                    Ok(earlier) => at = earlier,
                    Err(DriveError::Missing(block)) => {
                        missing.push(block);
                        break false;
                    }
                    // What is before a commit that breaks the rules is named by nobody.
                    Err(DriveError::Damaged { .. }) => break false,
                    Err(error) => return Err(error),
                }
            };
            for (log, head) in known.map(|known| known.layers).unwrap_or_default() {
                all.entry(log).or_insert(head);
            }
            heads.extend(all.values().copied());
            if is_whole {
                named.insert(writer, Named { up_to: newest.mark, layers: all });
            }
        }
        Ok((heads, missing))
    }

    /// The lengths that the layers of a commit had before it, as far as envelopes nearby say.
    fn named_before(
        &self,
        previous: &Arc<Commit>,
        commit: &Commit,
    ) -> Result<BTreeMap<LogKey, u64>, DriveError> {
        let mut before = BTreeMap::new();
        let mut at = Arc::clone(previous);
        for _ in 0..BEFORE_MAX {
            for layer in &at.envelope.layers {
                before.entry(layer.key).or_insert(layer.length);
            }
            if commit.envelope.layers.iter().all(|layer| before.contains_key(&layer.key)) {
                break;
            }
            let Some(&mark) = at.envelope.ancestors.first() else { break };
            at = self.marked(commit.writer, mark)?;
        }
        Ok(before)
    }
}
