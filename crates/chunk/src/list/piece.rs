//! What a list is made of: pieces, places, and references to nodes.

use std::fmt;

use ply_types::ChunkHash;

/// One chunk of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    /// Its name.
    pub hash: ChunkHash,
    /// Its bytes before compression, 1 to [`RAW_BYTES_MAX`](crate::RAW_BYTES_MAX).
    pub raw_bytes: u32,
}

/// Where a frame is kept. A hint: what is found there is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Number of the layer in the drive's table of layers.
    pub layer: u32,
    /// Position of the block in that layer.
    pub block: u64,
}

/// Hash of a node of a list: over hashes and lengths of its children, not over their places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListHash(pub [u8; 32]);

/// A node of a list, seen from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeRef {
    /// What the node must hash to.
    pub hash: ListHash,
    /// Its height: 0 for a node of pieces.
    pub level: u8,
    /// Bytes of the file below it.
    pub raw_bytes: u64,
    /// Where its frame is kept.
    pub place: Place,
}

/// What a node has below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Child {
    /// A chunk of the file, and where its frame is kept.
    Piece(Piece, Place),
    /// A node of the level below.
    Node(NodeRef),
}

impl Child {
    /// Bytes of the file that it stands for.
    pub fn raw_bytes(&self) -> u64 {
        match self {
            Self::Piece(piece, _) => piece.raw_bytes.into(),
            Self::Node(node) => node.raw_bytes,
        }
    }

    /// Where its frame is kept.
    pub fn place(&self) -> Place {
        match self {
            Self::Piece(_, place) => *place,
            Self::Node(node) => node.place,
        }
    }

    /// Its hash, of whichever kind.
    pub(super) fn hash(&self) -> &[u8; 32] {
        match self {
            Self::Piece(piece, _) => piece.hash.as_bytes(),
            Self::Node(node) => &node.hash.0,
        }
    }
}

impl fmt::Display for ListHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ListHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
