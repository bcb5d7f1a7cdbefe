//! What changed in one writer's tree from one commit to another.

use std::collections::{BTreeSet, btree_set};
use std::sync::Arc;

use ply_engine::Engine;
use ply_index::Diff;
use ply_types::LogKey;

use super::Halt;
use crate::commit::Commit;
use crate::error::DriveError;
use crate::key::{key_layer, key_path, layers_and_paths};
use crate::now::now;
use crate::replica::Replica;
use crate::view::tree::{Tree, flatten};

/// The keys of paths whose row may be another one, and no key whose row is not. First those of both
/// deltas, then those in which the checkpoints differ: each in order, a few of them twice.
pub(crate) struct Changes<'view, E: Engine> {
    before: Tree<'view, E>,
    after: Tree<'view, E>,
    deltas: btree_set::IntoIter<Vec<u8>>,
    checkpoints: Diff<&'view Replica<E>, &'view Replica<E>>,
}

impl<'view, E: Engine> Changes<'view, E> {
    pub(crate) fn new(
        replica: &'view Replica<E>,
        writer: LogKey,
        before: Option<&'view Arc<Commit>>,
        after: Option<&'view Arc<Commit>>,
    ) -> Self {
        let tree = |commit| Tree { replica, writer, commit, drafting: false };
        let (before, after) = (tree(before), tree(after));
        let deltas = before.delta().into_iter().chain(after.delta());
        let deltas: BTreeSet<Vec<u8>> = deltas.flat_map(|delta| delta.keys().cloned()).collect();
        let checkpoints = Diff::new(
            (replica, before.checkpoint()),
            (replica, after.checkpoint()),
            layers_and_paths(),
        );
        Self { before, after, deltas: deltas.into_iter(), checkpoints }
    }

    /// The next keys in order, at most `count_max`; `None` when there are no more.
    pub(crate) fn next(&mut self, count_max: usize) -> Result<Option<Vec<Vec<u8>>>, Halt> {
        let mut keys = Vec::new();
        while keys.len() < count_max {
            let Some(key) = self.deltas.next() else { break };
            self.take(key, &mut keys)?;
        }
        if !keys.is_empty() {
            return Ok(Some(keys));
        }
        while keys.len() < count_max {
            let change = now(self.checkpoints.next());
            let Some(change) = flatten(self.after.replica, self.after.writer, change)? else {
                break;
            };
            self.take(change.key, &mut keys)?;
        }
        Ok((!keys.is_empty()).then_some(keys))
    }

    /// Takes a key if it is a path's. Keys that no path has are their author's nonsense, as everywhere.
    fn take(&self, key: Vec<u8>, keys: &mut Vec<Vec<u8>>) -> Result<(), Halt> {
        if key_layer(&key).is_some() {
            return self.check_layer(&key);
        }
        if key_path(&key).is_some() {
            keys.push(key);
        }
        Ok(())
    }

    /// A long entry is kept in a layer, and its row says in which by number. Nobody who is honest ever
    /// gives a number to another layer. Where that was done, rows may mean something else that are
    /// themselves as they were.
    fn check_layer(&self, key: &[u8]) -> Result<(), Halt> {
        let Some(number) = key_layer(key) else { return Ok(()) };
        let layer = |tree: &Tree<'_, E>| -> Result<Option<LogKey>, DriveError> {
            Ok(tree.committed_layer(number)?.map(|layer| layer.key))
        };
        match layer(&self.before)? {
            Some(before) if layer(&self.after)? != Some(before) && self.after.commit.is_some() => {
                Err(Halt::Lost)
            }
            _ => Ok(()),
        }
    }
}
