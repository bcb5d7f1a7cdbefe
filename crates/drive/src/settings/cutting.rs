//! How files become chunks and frames: a property of the drive, the same for all who write to it.

use ply_chunk::{CutParams, Level};
use ply_proto as proto;

/// How files become chunks and frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutting {
    /// Sizes of chunks.
    pub chunk: CutParams,
    /// Compression level of zstd.
    pub level: Level,
}

impl Cutting {
    /// What a drive uses unless told otherwise.
    pub const DEFAULT: Self = Self { chunk: CutParams::DEFAULT, level: Level::DEFAULT };

    /// The message that says it.
    pub(crate) fn to_proto(self) -> proto::Cutting {
        proto::Cutting {
            min: self.chunk.min(),
            avg: self.chunk.avg(),
            max: self.chunk.max(),
            level: self.level.number().into(),
        }
    }

    /// Reads it, or says what makes no sense in it.
    pub(crate) fn from_proto(said: &proto::Cutting) -> Result<Self, &'static str> {
        Ok(Self {
            chunk: CutParams::new(said.min, said.avg, said.max)
                .map_err(|_| "chunk sizes make no sense")?,
            level: Level::new(said.level.into()).map_err(|_| "no such compression level")?,
        })
    }
}
