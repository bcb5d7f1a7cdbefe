//! What an index entry says about a file's content.

use std::convert::Infallible;

use ply_types::Identity;

use super::error::ListError;
use super::node::{Found, find};
use super::piece::{Child, NodeRef, Piece, Place};
use super::rows::{LEVEL_MAX, ROW_BYTES_MAX, RowReader, RowWriter};
use super::tree::Tree;
use crate::varint;

/// Pieces that an index entry holds itself: a list of about 1 MiB of file at default parameters.
pub const INLINE_PIECES_MAX: usize = 16;

/// Bytes of the longest encoded content.
pub const CONTENT_BYTES_MAX: usize = 1 + 1 + INLINE_PIECES_MAX * ROW_BYTES_MAX;

const _: () = assert!(CONTENT_BYTES_MAX <= 1024, "an index value holds it");

const EMPTY: u8 = 0;
const ONE: u8 = 1;
const INLINE: u8 = 2;
const TREE: u8 = 3;

/// The content of a file, by its number of pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// No bytes.
    Empty,
    /// One chunk.
    One(Piece, Place),
    /// 2 to [`INLINE_PIECES_MAX`] chunks. Use [`ListBuilder`](super::ListBuilder) to make it.
    Inline(Vec<(Piece, Place)>),
    /// More: they are listed in nodes of their own.
    Tree {
        /// The root of the list.
        root: NodeRef,
        /// How many pieces there are.
        piece_count: u64,
    },
}

impl Content {
    /// What the file is, whatever its name: equal for equal lists of pieces.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Empty => Identity(crate::hash(&[]).0),
            Self::One(piece, _) => Identity(piece.hash.0),
            Self::Inline(pieces) => inline_identity(pieces),
            Self::Tree { root, .. } => Identity(root.hash.0),
        }
    }

    /// Length of the file.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(piece, _) => piece.raw_bytes.into(),
            Self::Inline(pieces) => {
                pieces.iter().map(|(piece, _)| u64::from(piece.raw_bytes)).sum()
            }
            Self::Tree { root, .. } => root.raw_bytes,
        }
    }

    /// How many pieces there are.
    pub fn piece_count(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(..) => 1,
            Self::Inline(pieces) => pieces.len() as u64,
            Self::Tree { piece_count, .. } => *piece_count,
        }
    }

    /// What is directly below: pieces, or the one root of a tree.
    pub fn children(&self) -> Vec<Child> {
        match self {
            Self::Empty => Vec::new(),
            Self::One(piece, place) => vec![Child::Piece(*piece, *place)],
            Self::Inline(pieces) => children(pieces),
            Self::Tree { root, .. } => vec![Child::Node(*root)],
        }
    }

    /// The child that holds this byte; `None` past the end.
    ///
    /// To read on below a [`Child::Node`], take the start off the offset and ask that node.
    pub fn find(&self, offset: u64) -> Option<Found> {
        find(&self.children(), offset)
    }

    /// The bytes for an index entry, at most [`CONTENT_BYTES_MAX`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Empty => out.push(EMPTY),
            Self::One(..) => out.push(ONE),
            Self::Inline(pieces) => {
                out.push(INLINE);
                varint::put(&mut out, pieces.len() as u64);
            }
            Self::Tree { root, piece_count } => {
                out.extend_from_slice(&[TREE, root.level]);
                varint::put(&mut out, *piece_count);
            }
        }
        let mut rows = RowWriter::default();
        for child in self.children() {
            rows.put(&mut out, &child);
        }
        out
    }

    /// Parses what [`Content::encode`] made.
    pub fn decode(bytes: &[u8]) -> Result<Self, ListError> {
        let mut reader = RowReader::new(bytes);
        let content = match reader.byte()? {
            EMPTY => Self::Empty,
            ONE => {
                let (piece, place) = reader.piece()?;
                Self::One(piece, place)
            }
            INLINE => {
                let count = reader.number()?;
                match usize::try_from(count) {
                    Ok(2..=INLINE_PIECES_MAX) => {}
                    _ => return Err(ListError::Count { count }),
                }
                Self::Inline((0..count).map(|_| reader.piece()).collect::<Result<_, _>>()?)
            }
            TREE => {
                let level = reader.byte()?;
                if LEVEL_MAX < level {
                    return Err(ListError::Level { level });
                }
                let piece_count = reader.number()?;
                let root = reader.node(level)?;
                // More than an entry holds itself, and none of them empty.
                if piece_count <= INLINE_PIECES_MAX as u64 || root.raw_bytes < piece_count {
                    return Err(ListError::Count { count: piece_count });
                }
                Self::Tree { root, piece_count }
            }
            form => return Err(ListError::Form { form }),
        };
        reader.finish()?;
        Ok(content)
    }
}

fn children(pieces: &[(Piece, Place)]) -> Vec<Child> {
    pieces.iter().map(|&(piece, place)| Child::Piece(piece, place)).collect()
}

/// The identity of a list that has no nodes: that of the nodes it would have.
fn inline_identity(pieces: &[(Piece, Place)]) -> Identity {
    let nowhere = Place { layer: 0, block: 0 };
    let mut store = |_: &[u8]| Ok::<Place, Infallible>(nowhere);
    let mut tree = Tree::default();
    for child in children(pieces) {
        let Ok(()) = tree.push(child, &mut store);
    }
    let Ok(root) = tree.finish(&mut store);
    match (root, pieces) {
        (Some(root), [_, _, ..]) => Identity(root.hash.0),
        // Only a list made by hand is as short as this: it is then what its piece is.
        (_, [(piece, _), ..]) => Identity(piece.hash.0),
        (_, []) => Content::Empty.identity(),
    }
}
