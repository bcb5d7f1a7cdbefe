//! The union as an index of its own, kept on this node.
//!
//! For every path that has current versions it holds one short row: a hash of them all, and whether
//! there is more than one thing. Its root is a name for what the drive shows. Two nodes that know the
//! same commits have the same root, and conflicts are found without a look at what has none.
//!
//! ```text
//!   writers' trees, each at a commit
//!      │  what differs from the commits that the row names: `changes`
//!      ▼
//!   keys ──▶ Versions::of, the one rule ──▶ edits of the tree: `apply`
//!                                              │
//!                                              ▼
//!                          pages and their row in Table::Union: `pages`
//! ```
//!
//! # What always holds
//!
//! - The tree follows from the commits that the row names and from nothing else: a tree that came there
//!   step by step is the tree built anew, byte for byte.
//! - Drafts are not in it.
//! - It may be thrown away at any time. Nothing of it is sent, nothing is fetched for it, and where a
//!   page of a writer is not here it is just not known.
//!
//! A tree is built anew the way it is kept: from nothing, every key is a change.

mod apply;
mod changes;
mod pages;
mod row;
#[cfg(all(test, feature = "suite"))]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, TryLockError};

use ply_engine::{Engine, EngineError};
use ply_index::{KeyRange, Page, PageRef, TreeError, UpdateError};
use ply_types::{Fault, LogKey, PageHash, Path};

use crate::cache::Cache;
use crate::clock::Clock;
use crate::error::{DriveError, Missing};
use crate::key::key_path;
use crate::now::now;
use crate::replica::Replica;
use crate::view::View;
pub(crate) use changes::Changes;
use pages::{Kept, UnionPages};

/// Pages of the tree in memory, by bytes: the inner levels of the largest trees, and what was edited
/// lately.
const PAGES_BYTES_MAX: usize = 4 << 20;
/// Changed keys that are looked at together. They and their edits are all that is in memory of a change.
const BATCH_KEYS: usize = 2048;
/// The root of a union in which nothing is: it has no page that could name it.
const EMPTY: PageHash = PageHash([0; 32]);

/// What a replica remembers of its union between two looks.
#[derive(Debug)]
pub(crate) struct UnionState {
    cache: Cache<PageHash, Arc<Page>>,
    /// Held while somebody works on the tree. Which commits could not be made one for want of a block:
    /// until it is here, trying again would only read everything before it again.
    wanting: Mutex<Option<(Clock, Missing)>>,
}

impl Default for UnionState {
    fn default() -> Self {
        Self { cache: Cache::new(PAGES_BYTES_MAX), wanting: Mutex::new(None) }
    }
}

/// Why work on the tree ended early.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Something of the drive is missing or wrong.
    Drive(DriveError),
    /// The tree cannot lead on from here, and has to be built anew.
    Lost,
    /// The caller has no more time.
    Interrupted,
}

impl<E: Engine> Replica<E> {
    /// The root of the union of all commits that count, the draft left out. The same for every node with
    /// the same [state](Replica::state_hash), and `None` where it is not known: pages are not here, the
    /// node cannot read the drive or has heard nothing of it, somebody else is working it out right
    /// now, or `go_on` said no. It is asked every few milliseconds.
    pub fn union_root(
        self: &Arc<Self>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<PageHash>, DriveError> {
        let view = self.view().without_draft();
        let root = |root: Option<PageRef>| root.map_or(EMPTY, |root| root.hash);
        if let Some(kept) = UnionPages::new(self).kept()?
            && kept.commits == view.clock()
        {
            return Ok(Some(root(kept.root)));
        }
        self.with_union(&view, go_on, |_, at| Ok(root(at)))
    }

    /// Whether a tree was ever worked out, so that the next one will cost no more than what changed.
    pub(crate) fn has_union(&self) -> Result<bool, DriveError> {
        Ok(UnionPages::new(self).kept()?.is_some())
    }

    /// The paths of these ranges that have more than one thing in `view`, its draft left out; `None`
    /// where that is not known.
    pub(crate) fn union_conflicts(
        &self,
        view: &View<E>,
        ranges: &[KeyRange],
    ) -> Result<Option<Vec<Path>>, DriveError> {
        self.with_union(&view.without_draft(), &|| true, |pages, root| {
            let mut paths = Vec::new();
            for range in ranges {
                let visit = |key: &[u8], _: &[u8]| {
                    paths.extend(key_path(key));
                    ControlFlow::Continue(())
                };
                at_once(now(ply_index::counted(pages, root, range, &row::weigh, visit)))?;
            }
            Ok(paths)
        })
    }

    /// Brings the tree to the commits of a view and looks at it there.
    fn with_union<T>(
        &self,
        view: &View<E>,
        go_on: &dyn Fn() -> bool,
        look: impl Fn(&UnionPages<'_, E>, Option<PageRef>) -> Result<T, Halt>,
    ) -> Result<Option<T>, DriveError> {
        let commits = view.clock();
        if !self.is_readable() || (commits.is_empty() && self.settings().drive_secret.is_none()) {
            return Ok(None);
        }
        let mut wanting = match self.union.wanting.try_lock() {
            Ok(wanting) => wanting,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        if let Some((at, missing)) = &*wanting
            && *at == commits
            && !self.logs.holds(&missing.log, missing.block)?
        {
            return Ok(None);
        }
        *wanting = None;
        let pages = UnionPages::new(self);
        let mut from = pages.kept()?;
        loop {
            let is_anew = from.is_none();
            let led = self.lead(&pages, from.take(), view, go_on);
            match led.and_then(|kept| look(&pages, kept.root)) {
                Ok(found) => return Ok(Some(found)),
                Err(Halt::Lost) if !is_anew => {}
                Err(Halt::Lost | Halt::Interrupted) => return Ok(None),
                Err(Halt::Drive(DriveError::Missing(missing))) => {
                    *wanting = Some((commits, missing));
                    return Ok(None);
                }
                // Whoever reads there is told what is damaged.
                Err(Halt::Drive(error)) if error.fault() == Fault::Corrupt => return Ok(None),
                Err(Halt::Drive(error)) => return Err(error),
            }
        }
    }

    /// Leads the tree from the commits that it is of to those of `view`; from nothing, if it is none.
    fn lead(
        &self,
        pages: &UnionPages<'_, E>,
        from: Option<Kept>,
        view: &View<E>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Kept, Halt> {
        let commits = view.clock();
        let mut kept = match from {
            Some(kept) if kept.commits == commits => return Ok(kept),
            Some(kept) => kept,
            None => {
                pages.clear()?;
                Kept::default()
            }
        };
        let old = std::mem::replace(&mut kept.commits, commits.clone());
        let writers: BTreeSet<LogKey> =
            old.iter().chain(commits.iter()).map(|(writer, _)| writer).collect();
        for writer in writers {
            let before = old.component(&writer);
            if before == commits.component(&writer) {
                continue;
            }
            let before = match before.map(|mark| self.marked(writer, mark)).transpose() {
                Ok(before) => before,
                Err(error) => return Err(behind(error)),
            };
            let mut changes = Changes::new(self, writer, before.as_ref(), view.commit_of(&writer));
            let step = |error| blame(error, &old);
            while let Some(keys) = changes.next(BATCH_KEYS).map_err(step)? {
                if !go_on() {
                    return Err(Halt::Interrupted);
                }
                kept.root = pages.apply(view, kept.root, &keys).map_err(step)?;
            }
        }
        pages.finish(kept)
    }
}

/// What an error means that came while the tree was led on: about blocks that are as old as the tree
/// itself, that the old commits can no longer be read.
fn blame(halt: Halt, old: &Clock) -> Halt {
    let at = match &halt {
        Halt::Drive(
            DriveError::Missing(Missing { log, block }) | DriveError::Damaged { log, block, .. },
        ) => (log, *block),
        _ => return halt,
    };
    if old.component(at.0).is_some_and(|mark| at.1 <= mark.block) { Halt::Lost } else { halt }
}

/// What an error means when a commit is read that the tree is of.
fn behind(error: DriveError) -> Halt {
    match error.fault() {
        Fault::Offline | Fault::Corrupt => Halt::Lost,
        _ => Halt::Drive(error),
    }
}

/// The result of a look at the tree.
fn at_once<T>(result: Option<Result<T, TreeError<Halt>>>) -> Result<T, Halt> {
    match result {
        Some(Ok(found)) => Ok(found),
        Some(Err(TreeError::Pages(halt))) => Err(halt),
        Some(Err(TreeError::Malformed { .. })) | None => Err(Halt::Lost),
    }
}

impl From<DriveError> for Halt {
    fn from(error: DriveError) -> Self {
        Self::Drive(error)
    }
}

impl From<EngineError> for Halt {
    fn from(error: EngineError) -> Self {
        Self::Drive(error.into())
    }
}

impl<S> From<UpdateError<Self, S>> for Halt {
    fn from(error: UpdateError<Self, S>) -> Self {
        match error {
            UpdateError::Tree(TreeError::Pages(halt)) => halt,
            UpdateError::Tree(TreeError::Malformed { .. }) | UpdateError::Build(_) => Self::Lost,
        }
    }
}
