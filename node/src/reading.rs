//! A drive that a command reads: as it is, or as it was.

use std::ops::Range;

use ply_drive::{
    Drive, DriveError, HistoryEntry, Incomplete, Kind, LinkMark, Metadata, Past, ReadDir,
    ReadHandle, View, Want,
};
use ply_store::Store;
use ply_types::{LogKey, Path};

/// A drive at the moment that the user named.
pub(crate) enum Reading {
    /// As it is, this node's draft on top.
    Now(Drive<Store>),
    /// As the author of a commit had it.
    Then(Past<Store>),
}

impl Reading {
    /// The drive, whatever the moment.
    pub(crate) fn drive(&self) -> &Drive<Store> {
        match self {
            Self::Now(drive) => drive,
            Self::Then(past) => past.drive(),
        }
    }

    /// Whether nothing of the drive has arrived here yet.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self, Self::Now(drive) if drive.replica().is_unheard())
    }

    /// What can be read without fetching.
    pub(crate) fn view(&self) -> View<Store> {
        match self {
            Self::Now(drive) => drive.replica().view(),
            Self::Then(past) => past.view().clone(),
        }
    }

    /// What a path is.
    pub(crate) async fn metadata(&self, path: &Path) -> Result<Metadata, DriveError> {
        match self {
            Self::Now(drive) => drive.metadata(path).await,
            Self::Then(past) => past.metadata(path).await,
        }
    }

    /// All names of a directory.
    pub(crate) async fn read_dir(&self, path: &Path) -> Result<ReadDir, DriveError> {
        match self {
            Self::Now(drive) => drive.read_dir(path).await,
            Self::Then(past) => past.read_dir(path).await,
        }
    }

    /// Opens the shown version of a file, or that of one writer, for who reads `bytes` first.
    pub(crate) async fn open(
        &self,
        path: &Path,
        writer: Option<&LogKey>,
        bytes: Range<u64>,
    ) -> Result<ReadHandle<Store>, DriveError> {
        match self {
            Self::Now(drive) => drive.open_to_read(path, writer, bytes).await,
            Self::Then(past) => past.open(path, writer).await,
        }
    }

    /// Where a symlink points.
    pub(crate) async fn read_link(&self, path: &Path) -> Result<Vec<u8>, DriveError> {
        let link = self.open(path, None, 0..u64::MAX).await?;
        if link.version().entry.kind() != Some(Kind::Symlink) {
            return Err(DriveError::Invalid { path: path.clone(), what: "not a symbolic link" });
        }
        link.read(0..link.bytes()).await
    }

    /// The names of the file that carries a mark.
    pub(crate) async fn names(&self, path: &Path, mark: LinkMark) -> Result<Vec<Path>, DriveError> {
        self.drive().complete_blocks(path, || self.view().names(mark)).await
    }

    /// The commits that led to the moment, newest first, as far as they are held here.
    pub(crate) fn log(&self, count_max: usize) -> Result<Vec<HistoryEntry>, DriveError> {
        match self {
            Self::Now(drive) => drive.log(count_max),
            Self::Then(past) => past.log(count_max),
        }
    }

    /// Runs an operation over what is held here, brings what it misses, and runs it again.
    pub(crate) async fn complete<T, F: Incomplete>(
        &self,
        path: &Path,
        want: Want,
        operation: impl FnMut() -> Result<T, F>,
    ) -> Result<T, F> {
        match self {
            Self::Now(drive) => drive.complete(path, want, operation).await,
            // Peers answer questions about the present.
            Self::Then(past) => past.drive().complete_blocks(path, operation).await,
        }
    }
}
