//! The seam to everything that can bring what is not held here.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use futures::future::Future;
use ply_types::{LogKey, Name, Path};
use thiserror::Error;

/// What is wanted, in the words in which a single round trip can bring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The newest heads of all writers.
    Heads,
    /// The entry of a path.
    Stat(Path),
    /// The entry of a path, and bytes of the file that it is as far as whoever answers has them.
    Open {
        /// The path.
        path: Path,
        /// Which bytes.
        bytes: Range<u64>,
    },
    /// The names in a directory, as many as one answer brings.
    List {
        /// The directory.
        path: Path,
        /// The name after which they begin; from the first where there is none.
        after: Option<Name>,
    },
    /// Everything below a directory, content left out.
    Tree(Path),
    /// Bytes of a file.
    Data {
        /// The file.
        path: Path,
        /// Which bytes.
        bytes: Range<u64>,
    },
    /// Blocks by position.
    Blocks {
        /// The log.
        log: LogKey,
        /// Which blocks.
        blocks: Range<u64>,
    },
    /// Every block of the drive.
    Everything,
}

impl Want {
    /// The path that it is wanted for.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stat(path)
            | Self::Open { path, .. }
            | Self::List { path, .. }
            | Self::Tree(path)
            | Self::Data { path, .. } => Some(path),
            Self::Heads | Self::Blocks { .. } | Self::Everything => None,
        }
    }
}

/// Why something could not be brought.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RemoteError {
    /// No peer of this drive is connected.
    #[error("no peer of this drive is in reach")]
    NoPeer,
    /// Peers are there, and none of them has it.
    #[error("no peer has it")]
    NoSource,
    /// It takes longer than the caller waits.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// Storing it failed.
    #[error("{0}")]
    Storage(String),
}

/// A future that is passed around without its type.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that can bring parts of a drive: peers, a bucket.
///
/// # Contract
///
/// When `fetch` returns `Ok`, what it brought was verified and is held in the drive's logs. It may
/// bring less than was wanted: the caller looks again and decides.
pub trait Remote: Send + Sync {
    /// Brings what is wanted from whoever has it.
    fn fetch(&self, want: Want) -> BoxFuture<'_, Result<(), RemoteError>>;
}

/// Nobody else: the drive is on its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Remote for Alone {
    fn fetch(&self, _want: Want) -> BoxFuture<'_, Result<(), RemoteError>> {
        Box::pin(std::future::ready(Err(RemoteError::NoPeer)))
    }
}

impl fmt::Debug for dyn Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}
