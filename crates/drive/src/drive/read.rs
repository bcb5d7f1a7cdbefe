//! Reading files, from any offset, of any version.

use std::ops::Range;

use ply_engine::Engine;
use ply_types::{LogKey, Path};

use super::Drive;
use crate::entry::Kind;
use crate::error::DriveError;
use crate::remote::Want;
use crate::versions::Version;
use crate::view::{Local, View};

/// Bytes that are wanted ahead of a reader.
const AHEAD_BYTES: u64 = 4 << 20;

/// A file that is open for reading. What is read stays the version that was opened.
#[derive(Debug)]
pub struct ReadHandle<E: Engine> {
    drive: Drive<E>,
    view: View<E>,
    path: Path,
    version: Version,
    /// Whether peers show the same version under that path, and can be asked for it by its path.
    is_now: bool,
}

impl<E: Engine> Drive<E> {
    /// Opens the shown version of a file, or that of one writer.
    pub async fn open(
        &self,
        path: &Path,
        writer: Option<&LogKey>,
    ) -> Result<ReadHandle<E>, DriveError> {
        self.open_to_read(path, writer, 0..0).await
    }

    /// As [`Drive::open`], for who is going to read some bytes first: if the entry is not here, these
    /// come with it, in the same round trip.
    pub async fn open_to_read(
        &self,
        path: &Path,
        writer: Option<&LogKey>,
        bytes: Range<u64>,
    ) -> Result<ReadHandle<E>, DriveError> {
        let end = bytes.end.min(bytes.start.saturating_add(AHEAD_BYTES));
        let want = Want::Open { path: path.clone(), bytes: bytes.start..end };
        let state = self.heard_state(path, &want).await?;
        let version = match writer {
            None => {
                match state.kind() {
                    None => return Err(self.absent(path, &state)),
                    Some(Kind::Directory) => {
                        return Err(DriveError::IsADirectory { path: path.clone() });
                    }
                    Some(_) => {}
                }
                state.shown().cloned().ok_or_else(|| self.absent(path, &state))?
            }
            Some(writer) => match state.versions.by(writer) {
                Some(version) => version.clone(),
                // What is not here may have it.
                None if state.missing.iter().any(|(missing, _)| missing == writer) => {
                    return Err(self.absent(path, &state));
                }
                None => {
                    let writer = writer.to_string();
                    return Err(DriveError::NoVersion { path: path.clone(), writer });
                }
            },
        };
        if version.entry.stored().is_none() {
            return Err(DriveError::NotAFile { path: path.clone() });
        }
        let view = self.replica.view();
        Ok(ReadHandle { drive: self.clone(), view, path: path.clone(), version, is_now: true })
    }

    /// The whole content of a file.
    pub async fn read(&self, path: &Path) -> Result<Vec<u8>, DriveError> {
        let file = self.open_to_read(path, None, 0..u64::MAX).await?;
        file.read(0..file.bytes()).await
    }

    /// Where a symlink points.
    pub async fn read_link(&self, path: &Path) -> Result<Vec<u8>, DriveError> {
        let file = self.open_to_read(path, None, 0..u64::MAX).await?;
        if file.version.entry.kind() != Some(Kind::Symlink) {
            let what = "not a symbolic link";
            return Err(DriveError::Invalid { path: path.clone(), what });
        }
        file.read(0..file.bytes()).await
    }

    /// Brings the whole content of a file, and says when it is here.
    pub async fn download(&self, path: &Path) -> Result<(), DriveError> {
        self.open_to_read(path, None, 0..u64::MAX).await?.download().await
    }
}

impl<E: Engine> ReadHandle<E> {
    /// A version of a file as a view shows it.
    pub(crate) fn new(drive: &Drive<E>, view: View<E>, path: &Path, version: Version) -> Self {
        Self { drive: drive.clone(), view, path: path.clone(), version, is_now: true }
    }

    /// As it was: peers that are asked for the path would give what it is.
    pub(super) fn of_the_past(mut self) -> Self {
        self.is_now = false;
        self
    }

    /// What it is read in.
    pub(crate) fn view(&self) -> &View<E> {
        &self.view
    }

    /// Length of the file.
    pub fn bytes(&self) -> u64 {
        self.version.entry.size()
    }

    /// How much of it is held here.
    pub fn local(&self) -> Result<Local, DriveError> {
        self.view.local(&self.path, &self.version)
    }

    /// Brings the whole content, and says when it is here.
    pub async fn download(&self) -> Result<(), DriveError> {
        let mut offset = 0;
        while offset < self.bytes() {
            let part = self.read_some(offset, usize::MAX).await?;
            if part.is_empty() {
                break;
            }
            offset += part.len() as u64;
        }
        Ok(())
    }

    /// The version that is read.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Some bytes from `offset` on, at least one unless the file ends there.
    pub async fn read_some(&self, offset: u64, max: usize) -> Result<Vec<u8>, DriveError> {
        let end = offset.saturating_add(AHEAD_BYTES).min(self.bytes());
        let want = Want::Data { path: self.path.clone(), bytes: offset..end };
        self.drive
            .bring(&self.path, self.is_now.then_some(want), || {
                self.view.open(&self.path, &self.version)?.read_at(offset, max)
            })
            .await
    }

    /// A range of bytes; shorter only where the file ends.
    pub async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, DriveError> {
        let mut bytes = Vec::new();
        let mut offset = range.start;
        let end = range.end.min(self.bytes());
        while offset < end {
            let wanted = usize::try_from(end - offset).unwrap_or(usize::MAX);
            let part = self.read_some(offset, wanted).await?;
            if part.is_empty() {
                break;
            }
            offset += part.len() as u64;
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}
