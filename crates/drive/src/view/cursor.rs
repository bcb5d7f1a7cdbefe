//! One writer's rows in order of keys: the delta over the checkpoint, and the draft over both.

use std::collections::VecDeque;

use ply_engine::Engine;
use ply_index::{Cursor, KeyRange};

use super::tree::{Tree, flatten};
use crate::entry::Entry;
use crate::error::DriveError;
use crate::now::now;
use crate::replica::Replica;

/// Changes that are read at once from the draft.
const DRAFT_ROWS: usize = 1024;

/// Walks the committed rows of one writer.
#[derive(Debug)]
pub(crate) struct RawRows<'view, E: Engine> {
    tree: Tree<'view, E>,
    range: KeyRange,
    checkpoint: Cursor<&'view Replica<E>>,
    /// Keys before this one were passed.
    from: Vec<u8>,
}

impl<'view, E: Engine> RawRows<'view, E> {
    pub(crate) fn new(tree: Tree<'view, E>, range: KeyRange) -> Self {
        let checkpoint = Cursor::new(tree.replica, tree.checkpoint(), range.clone());
        Self { tree, from: range.start.clone(), range, checkpoint }
    }

    /// The key ahead, and whether the delta has it. Rows that the delta removed are passed.
    fn ahead(&mut self) -> Result<Option<(Vec<u8>, bool)>, DriveError> {
        loop {
            let peeked = now(self.checkpoint.peek())
                .map(|found| found.map(|row| row.map(|(key, _)| key.to_vec())));
            let below = flatten(self.tree.replica, self.tree.writer, peeked)?;
            let Some((key, change)) = self.change_ahead() else {
                return Ok(below.map(|key| (key, false)));
            };
            match below {
                Some(below) if below < *key => return Ok(Some((below, false))),
                _ if change.is_some() => return Ok(Some((key.clone(), true))),
                _ => {
                    let after = [key.as_slice(), &[0]].concat();
                    self.seek(&after);
                }
            }
        }
    }

    fn change_ahead(&self) -> Option<(&'view Vec<u8>, &'view Option<Vec<u8>>)> {
        let (key, change) = self.tree.delta()?.range(self.from.clone()..).next()?;
        self.range.contains(key).then_some((key, change))
    }

    pub(crate) fn peek(&mut self) -> Result<Option<Vec<u8>>, DriveError> {
        Ok(self.ahead()?.map(|(key, _)| key))
    }

    /// The row ahead, which is then passed.
    pub(crate) fn next(&mut self) -> Result<Option<ply_index::Row>, DriveError> {
        let Some((key, is_change)) = self.ahead()? else { return Ok(None) };
        let row = if is_change {
            self.tree.delta().and_then(|delta| delta.get(&key)).cloned().flatten()
        } else {
            let next = now(self.checkpoint.next());
            flatten(self.tree.replica, self.tree.writer, next)?.map(|(_, row)| row)
        };
        self.seek(&[key.as_slice(), &[0]].concat());
        Ok(row.map(|row| (key, row)))
    }

    /// Passes every key before `key`.
    pub(crate) fn seek(&mut self, key: &[u8]) {
        if self.from.as_slice() < key {
            self.from = key.to_vec();
            self.checkpoint.seek(key);
        }
    }
}

/// Walks the entries of one writer, this node's draft over its own.
#[derive(Debug)]
pub(crate) struct Entries<'view, E: Engine> {
    rows: RawRows<'view, E>,
    draft: VecDeque<(Vec<u8>, Entry)>,
    draft_done: bool,
}

impl<'view, E: Engine> Entries<'view, E> {
    pub(crate) fn new(tree: Tree<'view, E>, range: KeyRange) -> Self {
        Self { draft_done: !tree.drafting, rows: RawRows::new(tree, range), draft: VecDeque::new() }
    }

    pub(crate) fn tree(&self) -> Tree<'view, E> {
        self.rows.tree
    }

    /// The key ahead.
    pub(crate) fn peek(&mut self) -> Result<Option<Vec<u8>>, DriveError> {
        self.refill()?;
        let committed = self.rows.peek()?;
        let drafted = self.draft.front().map(|(key, _)| key);
        Ok(match (committed, drafted) {
            (Some(committed), Some(drafted)) => Some(committed.min(drafted.clone())),
            (committed, drafted) => committed.or_else(|| drafted.cloned()),
        })
    }

    /// The entry ahead, which is then passed.
    pub(crate) fn next(&mut self) -> Result<Option<(Vec<u8>, Entry)>, DriveError> {
        let Some(key) = self.peek()? else { return Ok(None) };
        if let Some((_, entry)) = self.draft.pop_front_if(|(ahead, _)| *ahead == key) {
            self.rows.seek(&[key.as_slice(), &[0]].concat());
            return Ok(Some((key, entry)));
        }
        match self.rows.next()? {
            Some((key, row)) => Ok(Some((key, self.rows.tree.decode(&row)?))),
            None => Ok(None),
        }
    }

    fn refill(&mut self) -> Result<(), DriveError> {
        if self.draft.is_empty() && !self.draft_done {
            let range = &self.rows.range;
            let range = KeyRange { start: self.rows.from.clone(), end: range.end.clone() };
            let rows = self.rows.tree.replica.draft_entries(&range, DRAFT_ROWS)?;
            self.draft_done = rows.len() < DRAFT_ROWS;
            self.draft = rows.into();
        }
        Ok(())
    }
}
