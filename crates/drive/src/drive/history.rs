//! Commits: making them, dropping a draft, looking back.

use std::ops::ControlFlow;
use std::sync::Arc;

use ply_engine::{Batch, Durability, Engine, Table, prefix_end};
use ply_types::{LogKey, Path, Timestamp};

use super::{Drive, Past};
use crate::clock::CommitMark;
use crate::commit::Commit;
use crate::error::DriveError;
use crate::remote::Want;
use crate::replica::{Event, Gaps};
use crate::transaction::{Committed, Transaction};

/// A commit as a history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its author.
    pub writer: LogKey,
    /// Its name.
    pub mark: CommitMark,
    /// Position in its author's log, from 0.
    pub count: u64,
    /// What the author wrote about it.
    pub message: String,
    /// When, by the author's clock.
    pub time: Timestamp,
    /// Which program made it.
    pub program: String,
    /// Files and directories in the author's index.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
}

impl<E: Engine> Drive<E> {
    /// Makes the draft permanent. `None` when there is nothing to commit.
    pub async fn commit(
        &self,
        message: &str,
        program: &str,
    ) -> Result<Option<Committed>, DriveError> {
        let root = Path::root();
        self.complete(&root, Want::Tree(root.clone()), || {
            Transaction::begin(&self.replica)?.commit(message, program)
        })
        .await
    }

    /// Drops the draft. Says how many paths it changed.
    pub fn discard(&self) -> Result<u64, DriveError> {
        self.replica.discard()
    }

    /// The commits that led to what the drive is now, newest first, as far as they are held here.
    pub fn log(&self, count_max: usize) -> Result<Vec<Entry>, DriveError> {
        self.replica.may_read()?;
        let mut history = Vec::new();
        self.replica.history(Gaps::Pass, |commit| note(&mut history, commit, count_max))?;
        Ok(history)
    }
}

impl<E: Engine> Past<E> {
    /// The commits that led to this moment, newest first, as far as they are held here.
    pub fn log(&self, count_max: usize) -> Result<Vec<Entry>, DriveError> {
        let mut history = Vec::new();
        let replica = self.drive().replica();
        let note = |commit: &Arc<Commit>| note(&mut history, commit, count_max);
        replica.history_of(self.view().commits(), Gaps::Pass, note)?;
        Ok(history)
    }
}

/// Adds a commit to a history that is to have so many.
fn note(history: &mut Vec<Entry>, commit: &Commit, count_max: usize) -> ControlFlow<()> {
    if history.len() == count_max {
        return ControlFlow::Break(());
    }
    if let Some(body) = &commit.body {
        history.push(Entry {
            writer: commit.writer,
            mark: commit.mark,
            count: commit.envelope.count,
            message: body.message.clone(),
            time: body.time,
            program: body.program.clone(),
            files: body.totals.count,
            bytes: body.totals.bytes,
        });
    }
    ControlFlow::Continue(())
}

impl<E: Engine> crate::replica::Replica<E> {
    /// Drops the draft's paths. Content that only it named stays until it is collected, and is found
    /// again by its hash if it is written again.
    pub(crate) fn discard(self: &Arc<Self>) -> Result<u64, DriveError> {
        let _writing = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let paths = self.draft_paths()?.len() as u64;
        let mut batch = Batch::new();
        for tag in [b'p', b'c', b'h'] {
            let prefix = [self.id().0.as_slice(), &[tag]].concat();
            let end = prefix_end(&prefix);
            batch.delete_range(Table::Draft, prefix, end);
        }
        self.engine.apply(&batch, Durability::Synced)?;
        self.tell(|| [Event::Discarded { paths }]);
        Ok(paths)
    }
}
