//! Entries: what a writer says of a path.

mod codec;

use ply_chunk::Content;
use ply_types::{Identity, LogKey, Path, Timestamp};

pub(crate) use codec::{EntryFault, INLINE_BYTES_MAX, SPILL_BYTES_MAX};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Bytes.
    File,
    /// Names of other paths.
    Directory,
    /// A text that points elsewhere.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device of characters.
    CharacterDevice,
    /// A device of blocks.
    BlockDevice,
}

/// Bytes of a file or of a symlink's target: here, or in frames of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// All bytes, in the entry itself.
    Inline(Vec<u8>),
    /// In frames of layers, by their numbers in the author's layer table.
    Frames(Content),
}

/// What an entry is, apart from its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Its author removed what they had seen of this path.
    Tombstone,
    /// A file.
    File(Stored),
    /// A directory.
    Directory,
    /// A symlink; its target is its content.
    Symlink(Stored),
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device of characters, by major and minor number.
    CharacterDevice(u32, u32),
    /// A device of blocks, by major and minor number.
    BlockDevice(u32, u32),
}

/// An extended attribute: name and value, any bytes.
pub type Xattr = (Vec<u8>, Vec<u8>);

/// What `chmod`, `chown`, `touch` and `setfattr` change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits, `0` to `0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// When the content changed last.
    pub mtime: Timestamp,
    /// By name, ascending.
    pub xattrs: Vec<Xattr>,
}

/// Names that carry the same mark are hard links to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkMark(pub [u8; 16]);

/// Where an entry stands in its author's history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Number of the commit that wrote it; 0 while it is a draft.
    pub commit: u64,
    /// Which clock of that commit says what its author had in view.
    pub clock: u32,
}

/// A version that the author of an entry had in view and left standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Another writer's, found in that writer's index.
    Theirs {
        /// Its author.
        writer: LogKey,
        /// Its commit.
        commit: u64,
    },
    /// The author's own, whole: an index has room for one row a path.
    Own(Box<Entry>),
}

/// What a writer says of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub body: Body,
    /// Its attributes; default for tombstones.
    pub attributes: Attributes,
    /// The mark it shares with other names of the same file.
    pub link: Option<LinkMark>,
    /// Where it stands in its author's history.
    pub stamp: Stamp,
    /// Versions left standing beside it.
    pub keeps: Vec<Kept>,
    /// Where the content was renamed from. A hint.
    pub moved_from: Option<Path>,
}

impl Entry {
    /// An entry that is not committed yet.
    pub fn new(body: Body, attributes: Attributes) -> Self {
        Self {
            body,
            attributes,
            link: None,
            stamp: Stamp::default(),
            keeps: Vec::new(),
            moved_from: None,
        }
    }

    /// The mark of a removed path.
    pub fn tombstone() -> Self {
        Self::new(Body::Tombstone, Attributes::default())
    }

    /// What it is; `None` for a tombstone.
    pub fn kind(&self) -> Option<Kind> {
        match self.body {
            Body::Tombstone => None,
            Body::File(_) => Some(Kind::File),
            Body::Directory => Some(Kind::Directory),
            Body::Symlink(_) => Some(Kind::Symlink),
            Body::Fifo => Some(Kind::Fifo),
            Body::Socket => Some(Kind::Socket),
            Body::CharacterDevice(..) => Some(Kind::CharacterDevice),
            Body::BlockDevice(..) => Some(Kind::BlockDevice),
        }
    }

    /// The bytes of a file or of a symlink's target.
    pub fn stored(&self) -> Option<&Stored> {
        match &self.body {
            Body::File(stored) | Body::Symlink(stored) => Some(stored),
            _ => None,
        }
    }

    /// Bytes of content; 0 for what has none.
    pub fn size(&self) -> u64 {
        self.stored().map_or(0, Stored::bytes)
    }

    /// Whether two entries would look the same to a user, their times apart.
    pub fn same_but_for_times(&self, other: &Self) -> bool {
        let (a, b) = (&self.attributes, &other.attributes);
        let same_body = match (self.stored(), other.stored()) {
            (Some(a), Some(b)) => self.kind() == other.kind() && a.identity() == b.identity(),
            (None, None) => self.body == other.body,
            _ => false,
        };
        same_body && (a.mode, a.uid, a.gid, &a.xattrs) == (b.mode, b.uid, b.gid, &b.xattrs)
    }
}

impl Stored {
    /// Bytes of content.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Frames(content) => content.bytes(),
        }
    }

    /// Equal content has an equal identity, wherever it is kept.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Inline(bytes) => Identity(ply_chunk::hash(bytes).0),
            Self::Frames(content) => content.identity(),
        }
    }
}
