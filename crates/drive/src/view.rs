//! What a drive looks like at one moment: the trees of its writers, each at one commit.

mod begun;
mod content;
pub(crate) mod cursor;
mod links;
mod listing;
mod local;
pub(crate) mod rows;
pub(crate) mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use ply_engine::Engine;
use ply_types::LogKey;

pub(crate) use begun::Begun;
pub use content::Reader;
pub use listing::{Listing, Named, Walk};
pub use local::Local;
pub use rows::PathState;

use crate::clock::{Clock, CommitMark};
use crate::commit::Commit;
use crate::error::Missing;
use crate::replica::Replica;
use tree::Tree;

/// A moment of a drive, to be read. Costs nothing to make and stays as it is while others write.
#[derive(Debug)]
pub struct View<E: Engine> {
    replica: Arc<Replica<E>>,
    /// The commit of each writer that counts at this moment.
    commits: BTreeMap<LogKey, Arc<Commit>>,
    /// Writers of which this node knows a head and holds no commit that counts.
    unfetched: Vec<LogKey>,
    /// Whether this node's own changes lie on top; not so in views of the past.
    drafting: bool,
}

impl<E: Engine> Clone for View<E> {
    fn clone(&self) -> Self {
        Self {
            replica: Arc::clone(&self.replica),
            commits: self.commits.clone(),
            unfetched: self.unfetched.clone(),
            drafting: self.drafting,
        }
    }
}

impl<E: Engine> View<E> {
    pub(crate) fn new(
        replica: Arc<Replica<E>>,
        commits: BTreeMap<LogKey, Arc<Commit>>,
        unfetched: Vec<LogKey>,
        drafting: bool,
    ) -> Self {
        Self { replica, commits, unfetched, drafting }
    }

    /// The same moment without this node's own changes.
    pub(crate) fn without_draft(&self) -> Self {
        Self { drafting: false, ..self.clone() }
    }

    /// The same moment as if nothing had ever come of some writers.
    pub(crate) fn without(&self, writers: &[(LogKey, Missing)]) -> Self {
        let mut view = self.clone();
        view.commits.retain(|writer, _| writers.iter().all(|(other, _)| other != writer));
        view
    }

    /// The commits that this view shows, by writer.
    pub fn commits(&self) -> impl Iterator<Item = (LogKey, CommitMark)> + '_ {
        self.commits.iter().map(|(&writer, commit)| (writer, commit.mark))
    }

    /// The trees to read, this node's own with its draft among them.
    pub(crate) fn trees(&self) -> Vec<Tree<'_, E>> {
        let replica = &*self.replica;
        let own = replica.writer_key();
        let mut trees: Vec<Tree<'_, E>> = self
            .commits
            .iter()
            .map(|(&writer, commit)| Tree {
                replica,
                writer,
                commit: Some(commit),
                drafting: self.drafting && writer == own,
            })
            .collect();
        if self.drafting && !self.commits.contains_key(&own) {
            trees.push(Tree { replica, writer: own, commit: None, drafting: true });
        }
        trees
    }

    /// This node's own tree, when there is anything in it.
    pub(crate) fn own_tree(&self) -> Option<Tree<'_, E>> {
        let own = self.replica.writer_key();
        self.trees().into_iter().find(|tree| tree.writer == own)
    }

    /// The commit of a writer that this view shows.
    pub(crate) fn commit_of(&self, writer: &LogKey) -> Option<&Arc<Commit>> {
        self.commits.get(writer)
    }

    /// Writers that are known and of which nothing was fetched yet.
    pub fn unfetched(&self) -> &[LogKey] {
        &self.unfetched
    }

    /// All that this view shows, as a clock.
    pub fn clock(&self) -> Clock {
        let mut clock = Clock::new();
        for (writer, mark) in self.commits() {
            clock.see(writer, mark);
        }
        clock
    }
}
