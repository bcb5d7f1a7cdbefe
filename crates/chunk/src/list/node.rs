//! One node of a list that is too long for its index entry.

use super::error::ListError;
use super::piece::{Child, ListHash, NodeRef, Place};
use super::rows::{LEVEL_MAX, ROW_BYTES_MAX, RowReader, RowWriter, total};
use super::tree::{NODE_CHILDREN_MAX, ends_node};

/// Bytes of the longest encoded node: level, count, rows. Far below what a frame holds.
pub const NODE_BYTES_MAX: usize = 1 + 2 + NODE_CHILDREN_MAX * ROW_BYTES_MAX;

const _: () = assert!(NODE_BYTES_MAX < crate::frame::RAW_BYTES_MAX as usize);

/// Names the use of BLAKE3. Never changed: it is part of every identity.
const CONTEXT: &str = "plywood 2026-11 content list node";

/// A node: 1 to [`NODE_CHILDREN_MAX`] children, all pieces at level 0, all nodes above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListNode {
    level: u8,
    children: Vec<Child>,
    raw_bytes: u64,
}

/// Where an offset lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Position of the child among its siblings.
    pub index: usize,
    /// Where the child starts, counted from the start of its parent.
    pub start: u64,
    /// The child that holds the offset.
    pub child: Child,
}

impl ListNode {
    /// Takes the children of a node that ends where the rule says. Theirs must be the level below.
    pub(super) fn new(level: u8, children: Vec<Child>) -> Self {
        // A builder would need 2^44 pieces to come to the end of 64 bits.
        let raw_bytes = total(&children).unwrap_or(u64::MAX);
        Self { level, children, raw_bytes }
    }

    /// Parses a node. It may still be another than the one wanted: see [`ListNode::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ListError> {
        let mut reader = RowReader::new(bytes);
        let level = reader.byte()?;
        if LEVEL_MAX < level {
            return Err(ListError::Level { level });
        }
        let count = reader.number()?;
        let Ok(count @ 1..=NODE_CHILDREN_MAX) = usize::try_from(count) else {
            return Err(ListError::Count { count });
        };
        let mut children = Vec::with_capacity(count);
        for index in 0..count {
            if ends_node(&children) {
                return Err(ListError::Boundary { index: index.saturating_sub(1) });
            }
            children.push(match level.checked_sub(1) {
                None => reader.piece().map(|(piece, place)| Child::Piece(piece, place))?,
                Some(below) => Child::Node(reader.node(below)?),
            });
        }
        reader.finish()?;
        let raw_bytes = total(&children)?;
        Ok(Self { level, children, raw_bytes })
    }

    /// Checks that this is the node referred to.
    pub fn check(self, expected: &NodeRef) -> Result<Self, ListError> {
        let found = self.hash();
        if found != expected.hash {
            return Err(ListError::WrongNode { expected: expected.hash, found });
        }
        if self.level != expected.level || self.raw_bytes != expected.raw_bytes {
            return Err(ListError::WrongParent { hash: found });
        }
        Ok(self)
    }

    /// The bytes of the node, as [`ListNode::decode`] takes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(3 + self.children.len() * ROW_BYTES_MAX);
        out.push(self.level);
        crate::varint::put(&mut out, self.children.len() as u64);
        let mut rows = RowWriter::default();
        for child in &self.children {
            rows.put(&mut out, child);
        }
        out
    }

    /// Its hash. Places have no part in it.
    pub fn hash(&self) -> ListHash {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&[self.level]);
        for child in &self.children {
            hasher.update(child.hash()).update(&child.raw_bytes().to_le_bytes());
        }
        ListHash(*hasher.finalize().as_bytes())
    }

    /// The node as its parent sees it, once it is stored.
    pub(super) fn reference(&self, place: Place) -> NodeRef {
        NodeRef { hash: self.hash(), level: self.level, raw_bytes: self.raw_bytes, place }
    }

    /// Its height: 0 for a node of pieces.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Bytes of the file below it.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// What it has below it, in order.
    pub fn children(&self) -> &[Child] {
        &self.children
    }

    /// The child that holds this byte, counted from the start of the node; `None` past its end.
    pub fn find(&self, offset: u64) -> Option<Found> {
        find(&self.children, offset)
    }
}

/// The child that holds a byte.
pub(super) fn find(children: &[Child], offset: u64) -> Option<Found> {
    let mut start = 0_u64;
    for (index, &child) in children.iter().enumerate() {
        let end = start.checked_add(child.raw_bytes())?;
        if offset < end {
            return Some(Found { index, start, child });
        }
        start = end;
    }
    None
}
