//! What a path was before: one version after another, newest first.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use ply_engine::Engine;
use ply_types::{Identity, LogKey, Path, Timestamp};

use super::Drive;
use crate::clock::CommitMark;
use crate::commit::Commit;
use crate::entry::{Attributes, Entry, Kind, Stored};
use crate::error::DriveError;
use crate::key::path_key;
use crate::view::tree::Tree;

/// What one commit made of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastVersion {
    /// Its author.
    pub writer: LogKey,
    /// The commit, by which the drive of then can be opened.
    pub commit: CommitMark,
    /// When it was made, by the author's clock.
    pub time: Timestamp,
    /// What the author wrote about it.
    pub message: String,
    /// What the path became; `None` where it was removed.
    pub kind: Option<Kind>,
    /// Its attributes.
    pub attributes: Attributes,
    /// Bytes of content.
    pub size: u64,
    /// Equal for equal content.
    pub identity: Option<Identity>,
}

/// The versions of a path, newest first: by number, then by writer.
pub type VersionStream = Pin<Box<dyn Stream<Item = Result<PastVersion, DriveError>> + Send>>;

/// Commits by number and author, each with what its author's tree said of the path then.
type Ahead = BTreeMap<(u64, LogKey), (Arc<Commit>, Entry)>;

impl<E: Engine> Drive<E> {
    /// Every version that a path ever had in the writers' trees, those that lost among them. Goes from
    /// one commit that changed the path to the next, whatever lies between.
    pub fn versions(&self, path: &Path) -> VersionStream {
        struct Position<E: Engine> {
            drive: Drive<E>,
            path: Path,
            ahead: Option<Ahead>,
        }
        let position = Position { drive: self.clone(), path: path.clone(), ahead: None };
        Box::pin(futures::stream::try_unfold(position, |mut at| async move {
            let mut ahead = match at.ahead.take() {
                Some(ahead) => ahead,
                None => at.drive.newest_versions(&at.path).await?,
            };
            let Some((_, (commit, entry))) = ahead.pop_last() else { return Ok(None) };
            let drive = &at.drive;
            let earlier = drive
                .complete_blocks(&at.path, || {
                    let Some(&previous) = commit.envelope.ancestors.first() else {
                        return Ok(None);
                    };
                    let previous = drive.replica.marked(commit.writer, previous)?;
                    drive.version_in(&at.path, &previous)
                })
                .await?;
            ahead.extend(earlier);
            at.ahead = Some(ahead);
            Ok(Some((past(&commit, &entry), at)))
        }))
    }

    async fn newest_versions(&self, path: &Path) -> Result<Ahead, DriveError> {
        self.complete_blocks(path, || {
            let mut ahead = Ahead::new();
            for commit in self.replica.effective().values() {
                ahead.extend(self.version_in(path, commit)?);
            }
            Ok(ahead)
        })
        .await
    }

    /// What a writer's tree said of a path as of a commit, with the commit that wrote it.
    #[expect(clippy::type_complexity, reason = "a row of the map above")]
    fn version_in(
        &self,
        path: &Path,
        commit: &Arc<Commit>,
    ) -> Result<Option<((u64, LogKey), (Arc<Commit>, Entry))>, DriveError> {
        let writer = commit.writer;
        let replica = &*self.replica;
        let tree = Tree { replica, writer, commit: Some(commit), drafting: false };
        let Some(entry) = tree.entry(&path_key(path))? else { return Ok(None) };
        let written = replica.numbered(commit, entry.stamp.commit)?;
        Ok(Some(((written.mark.number, writer), (written, entry))))
    }
}

fn past(commit: &Commit, entry: &Entry) -> PastVersion {
    let body = commit.body.as_ref();
    PastVersion {
        writer: commit.writer,
        commit: commit.mark,
        time: body.map(|body| body.time).unwrap_or_default(),
        message: body.map(|body| body.message.clone()).unwrap_or_default(),
        kind: entry.kind(),
        attributes: entry.attributes.clone(),
        size: entry.size(),
        identity: entry.stored().map(Stored::identity),
    }
}
