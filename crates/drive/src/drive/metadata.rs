//! What a path is, and what is in a directory.

use std::collections::VecDeque;
use std::pin::Pin;

use futures::Stream;
use ply_engine::Engine;
use ply_types::{Identity, LogKey, Name, Path};

use super::Drive;
use crate::entry::{Attributes, Body, Kind, LinkMark};
use crate::error::DriveError;
use crate::remote::Want;
use crate::versions::Version;
use crate::view::{Named, PathState};

/// Names of a directory that are read at once.
const STRETCH: usize = 1024;

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The path.
    pub path: Path,
    /// What it is.
    pub kind: Kind,
    /// Its attributes.
    pub attributes: Attributes,
    /// Bytes of content.
    pub size: u64,
    /// Equal for equal content; `None` for what has none.
    pub identity: Option<Identity>,
    /// The mark it shares with its other names.
    pub link: Option<LinkMark>,
    /// Major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// Author of the shown version; `None` where a directory is only implied by what is in it.
    pub writer: Option<LogKey>,
    /// All current versions that differ, the shown one first.
    pub versions: Vec<VersionInfo>,
    /// Whether there is more than one thing here.
    pub conflict: bool,
    /// Writers whose part could not be looked at.
    pub unfetched: Vec<LogKey>,
}

/// One current version of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionInfo {
    /// Its author.
    pub writer: LogKey,
    /// What it is.
    pub kind: Kind,
    /// Its attributes.
    pub attributes: Attributes,
    /// Bytes of content.
    pub size: u64,
    /// Equal for equal content.
    pub identity: Option<Identity>,
    /// Number of the commit that wrote it; `None` while it is a draft.
    pub commit: Option<u64>,
}

/// A name in a directory.
pub type DirEntry = Metadata;

/// The names of a directory, all in memory, with what could not be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadDir {
    /// Names in order of their bytes.
    pub entries: Vec<DirEntry>,
    /// Writers whose part could not be looked at.
    pub unfetched: Vec<LogKey>,
}

/// The names of a directory as they are read, however many there are.
pub type DirStream = Pin<Box<dyn Stream<Item = Result<DirEntry, DriveError>> + Send>>;

impl VersionInfo {
    fn of(version: &Version) -> Option<Self> {
        let entry = &version.entry;
        Some(Self {
            writer: version.writer,
            kind: entry.kind()?,
            attributes: entry.attributes.clone(),
            size: entry.size(),
            identity: entry.stored().map(crate::entry::Stored::identity),
            commit: Some(entry.stamp.commit).filter(|&number| number != 0),
        })
    }
}

impl Metadata {
    /// Puts together what is known of a path; `None` when nothing is there.
    pub(crate) fn of(path: Path, state: &PathState) -> Option<Self> {
        let kind = state.kind()?;
        let shown = state.shown().map(|version| &version.entry);
        let stored = shown.and_then(|entry| entry.stored());
        let mut unfetched: Vec<LogKey> = state.missing.iter().map(|(writer, _)| *writer).collect();
        unfetched.dedup();
        Some(Self {
            path,
            kind,
            attributes: state.attributes(),
            size: stored.map_or(0, crate::entry::Stored::bytes),
            identity: stored.map(crate::entry::Stored::identity),
            link: shown.and_then(|entry| entry.link),
            device: match shown.map(|entry| &entry.body) {
                Some(Body::CharacterDevice(major, minor) | Body::BlockDevice(major, minor)) => {
                    Some((*major, *minor))
                }
                _ => None,
            },
            writer: state.shown().map(|version| version.writer),
            versions: state.versions.distinct().into_iter().filter_map(VersionInfo::of).collect(),
            conflict: state.is_conflict(),
            unfetched,
        })
    }
}

impl From<Named> for Option<Metadata> {
    fn from(named: Named) -> Self {
        Metadata::of(named.path, &named.state)
    }
}

impl<E: Engine> Drive<E> {
    /// All that is known of a path, nothing included.
    pub(crate) async fn state(&self, path: &Path) -> Result<PathState, DriveError> {
        self.state_with(path, &Want::Stat(path.clone())).await
    }

    /// As [`Drive::state`]; what is not here is brought with the words of `want`.
    async fn state_with(&self, path: &Path, want: &Want) -> Result<PathState, DriveError> {
        self.replica.may_read()?;
        let look = || self.replica.view().path(path);
        let mut state = self.sound(path, look).await?;
        let is_partial =
            self.replica.whole(&state.missing).is_err() || !self.replica.unfetched().is_empty();
        if is_partial && self.fetch(want.clone()).await.is_ok() {
            state = self.sound(path, look).await?;
        }
        // What came may have told.
        self.replica.may_read()?;
        Ok(state)
    }

    /// As [`Drive::state`], for who only reads: of a drive of which nothing was heard yet, the first
    /// news is waited for. Who writes does not wait: nothing else is in view, and that is all it takes.
    pub(crate) async fn heard_state(
        &self,
        path: &Path,
        want: &Want,
    ) -> Result<PathState, DriveError> {
        let state = self.state_with(path, want).await?;
        let is_told = state.kind().is_some() && !path.is_root();
        if is_told || !self.replica.is_unheard() {
            return Ok(state);
        }
        // Heads come before the answer to any question.
        match self.fetch(want.clone()).await {
            Ok(()) => self.state_with(path, want).await,
            // The root is always there.
            Err(_) if path.is_root() => Ok(state),
            Err(_) => Err(DriveError::Unheard { drive: self.replica.name() }),
        }
    }

    /// What a path is. "No such file" is said only when every writer's tree says so.
    pub async fn metadata(&self, path: &Path) -> Result<Metadata, DriveError> {
        let state = self.heard_state(path, &Want::Stat(path.clone())).await?;
        Metadata::of(path.clone(), &state).ok_or_else(|| self.absent(path, &state))
    }

    /// As [`Drive::metadata`], for who is about to write there: does not wait for the first news of a
    /// drive. `None` where nothing is to be seen.
    pub async fn metadata_to_replace(&self, path: &Path) -> Result<Option<Metadata>, DriveError> {
        Ok(Metadata::of(path.clone(), &self.state(path).await?))
    }

    /// The error for a path where nothing was found.
    pub(crate) fn absent(&self, path: &Path, state: &PathState) -> DriveError {
        // What is malformed will not come from anybody.
        let malformed = |&(writer, at): &(LogKey, _)| self.replica.malformed_at(writer, at);
        if let Some(error) = state.missing.iter().find_map(malformed) {
            return error;
        }
        let mut writers: Vec<LogKey> = state.missing.iter().map(|(writer, _)| *writer).collect();
        writers.extend(self.replica.unfetched());
        writers.sort_unstable();
        writers.dedup();
        if writers.is_empty() {
            DriveError::Absent { path: path.clone() }
        } else {
            DriveError::Offline { path: path.clone(), writers }
        }
    }

    /// Checks that a path is a directory.
    pub(crate) async fn directory(&self, path: &Path) -> Result<(), DriveError> {
        match self.metadata(path).await?.kind {
            Kind::Directory => Ok(()),
            _ => Err(DriveError::NotADirectory { path: path.clone() }),
        }
    }

    /// All names of a directory. Writers whose part is out of reach are named, and hide nobody else's.
    pub async fn read_dir(&self, path: &Path) -> Result<ReadDir, DriveError> {
        self.directory(path).await?;
        let mut read = ReadDir::default();
        let mut after: Option<Name> = None;
        loop {
            let (entries, more, unfetched) = self.stretch(path, after.as_ref()).await?;
            read.unfetched.extend(unfetched);
            after = entries.last().and_then(|last| last.path.split()).map(|(_, name)| name);
            read.entries.extend(entries);
            if !more {
                break;
            }
        }
        read.unfetched.extend(self.replica.unfetched());
        read.unfetched.sort_unstable();
        read.unfetched.dedup();
        Ok(read)
    }

    /// One stretch of names, whether more follow, and the writers that could not be asked.
    async fn stretch(
        &self,
        path: &Path,
        after: Option<&Name>,
    ) -> Result<(Vec<DirEntry>, bool, Vec<LogKey>), DriveError> {
        let list = || self.replica.view().list(path, after, STRETCH);
        let mut listing = self.sound(path, list).await?;
        // A writer of whom nothing is here has names anywhere: asked for once, not at each stretch.
        let is_partial = self.replica.whole(&listing.missing).is_err()
            || (after.is_none() && !self.replica.unfetched().is_empty());
        let want = || Want::List { path: path.clone(), after: after.cloned() };
        if is_partial && self.fetch(want()).await.is_ok() {
            listing = self.sound(path, list).await?;
        }
        let unfetched = listing.missing.iter().map(|(writer, _)| *writer).collect();
        let entries = listing.names.into_iter().filter_map(Option::from).collect();
        Ok((entries, listing.more, unfetched))
    }

    /// The names of a directory as a stream, for directories of any size.
    pub fn read_dir_stream(&self, path: &Path) -> DirStream {
        struct Position<E: Engine> {
            drive: Drive<E>,
            path: Path,
            after: Option<Name>,
            ready: VecDeque<DirEntry>,
            more: bool,
            checked: bool,
        }
        let position = Position {
            drive: self.clone(),
            path: path.clone(),
            after: None,
            ready: VecDeque::new(),
            more: true,
            checked: false,
        };
        Box::pin(futures::stream::try_unfold(position, |mut at| async move {
            if !at.checked {
                at.drive.directory(&at.path).await?;
                at.checked = true;
            }
            while at.ready.is_empty() && at.more {
                let (entries, more, _) = at.drive.stretch(&at.path, at.after.as_ref()).await?;
                at.after = entries.last().and_then(|last| last.path.split()).map(|(_, n)| n);
                (at.ready, at.more) = (entries.into(), more);
            }
            Ok(at.ready.pop_front().map(|entry| (entry, at)))
        }))
    }
}
