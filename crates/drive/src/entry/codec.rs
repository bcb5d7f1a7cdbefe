//! Entries as bytes of an index row.
//!
//! A row holds at most [`ply_index::VALUE_BYTES_MAX`] bytes. An entry that needs more is written whole
//! into a frame, and its row is a stub that says where (`spill`).

use ply_chunk::{Content, Place};
use ply_proto as proto;
use ply_types::{LogKey, Path, Timestamp};
use thiserror::Error;

use super::{Attributes, Body, Entry, Kept, LinkMark, Stamp, Stored};

/// Content of at most this many bytes stays in the entry. A frame of its own costs about 80 bytes
/// beyond the content; above this size, listings would pay for bytes that nobody reads.
pub(crate) const INLINE_BYTES_MAX: usize = 192;

/// Longest entry that is written to a frame of its own.
pub(crate) const SPILL_BYTES_MAX: usize = 512 * 1024;

/// Why a row is not an entry.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct EntryFault(pub(crate) &'static str);

type Decoded<T> = Result<T, EntryFault>;

impl Entry {
    /// The entry as a message.
    pub(crate) fn to_proto(&self) -> proto::Entry {
        let mut row = proto::Entry {
            mode: self.attributes.mode,
            uid: self.attributes.uid,
            gid: self.attributes.gid,
            seconds: self.attributes.mtime.seconds,
            nanos: self.attributes.mtime.nanos,
            xattrs: self
                .attributes
                .xattrs
                .iter()
                .map(|(name, value)| proto::Xattr { name: name.clone(), value: value.clone() })
                .collect(),
            link: self.link.map(|mark| mark.0.to_vec()).unwrap_or_default(),
            commit: self.stamp.commit,
            clock: self.stamp.clock,
            keeps: self.keeps.iter().map(Kept::to_proto).collect(),
            moved_from: self.moved_from.as_ref().map(path_bytes).unwrap_or_default(),
            ..proto::Entry::default()
        };
        row.set_kind(match &self.body {
            Body::Tombstone => proto::Kind::Tombstone,
            Body::File(_) => proto::Kind::File,
            Body::Directory => proto::Kind::Directory,
            Body::Symlink(_) => proto::Kind::Symlink,
            Body::Fifo => proto::Kind::Fifo,
            Body::Socket => proto::Kind::Socket,
            Body::CharacterDevice(..) => proto::Kind::CharacterDevice,
            Body::BlockDevice(..) => proto::Kind::BlockDevice,
        });
        match &self.body {
            Body::File(stored) | Body::Symlink(stored) => stored.write(&mut row),
            Body::CharacterDevice(major, minor) | Body::BlockDevice(major, minor) => {
                (row.major, row.minor) = (*major, *minor);
            }
            Body::Tombstone | Body::Directory | Body::Fifo | Body::Socket => {}
        }
        row
    }

    /// The bytes of the row, whatever their length.
    pub(crate) fn encode(&self) -> Vec<u8> {
        proto::encode(&self.to_proto())
    }

    /// The row for an entry that was written whole to a frame at `place`.
    pub(crate) fn stub(&self, place: Place) -> Vec<u8> {
        let mut row = proto::Entry {
            commit: self.stamp.commit,
            clock: self.stamp.clock,
            size: self.size(),
            spill: Some(place_to_proto(place)),
            ..proto::Entry::default()
        };
        row.set_kind(self.to_proto().kind());
        proto::encode(&row)
    }

    /// Reads an entry; rows that are stubs give the place of the whole one.
    pub(crate) fn decode(bytes: &[u8]) -> Decoded<Result<Self, Place>> {
        let row: proto::Entry = proto::decode("entry", SPILL_BYTES_MAX, bytes)
            .map_err(|_| EntryFault("a row is not an entry"))?;
        match row.spill {
            Some(place) => Ok(Err(place_from_proto(place))),
            None => Self::from_proto(&row).map(Ok),
        }
    }

    /// Reads an entry out of its message.
    pub(crate) fn from_proto(row: &proto::Entry) -> Decoded<Self> {
        let kind = proto::Kind::try_from(row.kind)
            .map_err(|_| EntryFault("an entry of a kind that this program does not know"))?;
        let body = match kind {
            proto::Kind::Tombstone => Body::Tombstone,
            proto::Kind::File => Body::File(Stored::read(row)?),
            proto::Kind::Directory => Body::Directory,
            proto::Kind::Symlink => Body::Symlink(Stored::read(row)?),
            proto::Kind::Fifo => Body::Fifo,
            proto::Kind::Socket => Body::Socket,
            proto::Kind::CharacterDevice => Body::CharacterDevice(row.major, row.minor),
            proto::Kind::BlockDevice => Body::BlockDevice(row.major, row.minor),
        };
        if 0o7777 < row.mode {
            return Err(EntryFault("an entry has permission bits beyond 07777"));
        }
        if 1_000_000_000 <= row.nanos {
            return Err(EntryFault("an entry has a second of more than 1,000,000,000 nanoseconds"));
        }
        let xattrs = row.xattrs.iter().map(|x| (x.name.clone(), x.value.clone())).collect();
        let link = match row.link.as_slice() {
            [] => None,
            mark => Some(LinkMark(
                mark.try_into().map_err(|_| EntryFault("a link mark is not 16 bytes"))?,
            )),
        };
        let moved_from = match row.moved_from.as_slice() {
            [] => None,
            path => Some(Path::parse(path).map_err(|_| EntryFault("moved from no path"))?),
        };
        Ok(Self {
            body,
            attributes: Attributes {
                mode: row.mode,
                uid: row.uid,
                gid: row.gid,
                mtime: Timestamp { seconds: row.seconds, nanos: row.nanos },
                xattrs,
            },
            link,
            stamp: Stamp { commit: row.commit, clock: row.clock },
            keeps: row.keeps.iter().map(Kept::from_proto).collect::<Decoded<_>>()?,
            moved_from,
        })
    }
}

impl Kept {
    fn to_proto(&self) -> proto::Kept {
        match self {
            Self::Theirs { writer, commit } => {
                proto::Kept { writer: writer.0.to_vec(), commit: *commit, entry: None }
            }
            Self::Own(entry) => proto::Kept { entry: Some(entry.to_proto()), ..Default::default() },
        }
    }

    fn from_proto(kept: &proto::Kept) -> Decoded<Self> {
        match &kept.entry {
            Some(entry) if entry.keeps.is_empty() => {
                Entry::from_proto(entry).map(|entry| Self::Own(Box::new(entry)))
            }
            Some(_) => Err(EntryFault("a kept version keeps versions itself")),
            None => Ok(Self::Theirs {
                writer: LogKey::try_from(kept.writer.as_slice())
                    .map_err(|_| EntryFault("a kept version has no author"))?,
                commit: kept.commit,
            }),
        }
    }
}

impl Stored {
    fn write(&self, row: &mut proto::Entry) {
        row.size = self.bytes();
        match self {
            Self::Inline(bytes) => row.inline.clone_from(bytes),
            Self::Frames(Content::Empty) => {}
            Self::Frames(content) => row.content = content.encode(),
        }
    }

    fn read(row: &proto::Entry) -> Decoded<Self> {
        let stored = if !row.inline.is_empty() {
            Self::Inline(row.inline.clone())
        } else if row.content.is_empty() {
            Self::Frames(Content::Empty)
        } else {
            let content = Content::decode(&row.content)
                .map_err(|_| EntryFault("an entry's list of pieces is malformed"))?;
            Self::Frames(content)
        };
        if stored.bytes() != row.size {
            return Err(EntryFault("an entry's size is not that of its content"));
        }
        Ok(stored)
    }
}

/// A path as it stands in messages: absolute, so that the root is not empty bytes.
fn path_bytes(path: &Path) -> Vec<u8> {
    [b"/", path.as_bytes()].concat()
}

fn place_to_proto(place: Place) -> proto::Place {
    proto::Place { layer: place.layer, block: place.block }
}

fn place_from_proto(place: proto::Place) -> Place {
    Place { layer: place.layer, block: place.block }
}
