//! Grouping children into nodes, level by level, as they come.

use super::node::ListNode;
use super::piece::{Child, NodeRef, Place};

/// Children of a node, at most.
pub const NODE_CHILDREN_MAX: usize = 512;

/// Children of a node, at least, but for the last of a level: each level is then the shorter one.
const NODE_CHILDREN_MIN: usize = 2;

/// One child in so many ends its node. A power of two, below 2^16.
const NODE_CHILDREN_AVG: u16 = 128;

const _: () = assert!(NODE_CHILDREN_AVG.is_power_of_two());

/// Whether a node with these children is complete.
pub(super) fn ends_node(children: &[Child]) -> bool {
    match children.last() {
        Some(last) if NODE_CHILDREN_MIN <= children.len() => {
            let [low, high, ..] = *last.hash();
            u16::from_le_bytes([low, high]).is_multiple_of(NODE_CHILDREN_AVG)
                || children.len() == NODE_CHILDREN_MAX
        }
        _ => false,
    }
}

/// A tree under construction: the open node of each level, lowest first.
#[derive(Debug, Default)]
pub(super) struct Tree {
    open: Vec<Vec<Child>>,
}

impl Tree {
    /// Adds a piece at the end, and stores the nodes which that completes.
    pub(super) fn push<E>(
        &mut self,
        piece: Child,
        store: &mut impl FnMut(&[u8]) -> Result<Place, E>,
    ) -> Result<(), E> {
        self.push_at(0, piece, store)
    }

    /// Stores the nodes that are still open; the root, or `None` where no pieces came.
    pub(super) fn finish<E>(
        mut self,
        store: &mut impl FnMut(&[u8]) -> Result<Place, E>,
    ) -> Result<Option<NodeRef>, E> {
        let mut level = 0;
        while let Some(open) = self.open.get(level) {
            let is_top = level + 1 == self.open.len();
            match open.as_slice() {
                [Child::Node(root)] if is_top => return Ok(Some(*root)),
                [] => {}
                _ => {
                    let node = self.close(level, store)?;
                    self.push_at(level + 1, node, store)?;
                }
            }
            level += 1;
        }
        Ok(None)
    }

    fn push_at<E>(
        &mut self,
        mut level: usize,
        mut child: Child,
        store: &mut impl FnMut(&[u8]) -> Result<Place, E>,
    ) -> Result<(), E> {
        loop {
            if self.open.len() <= level {
                self.open.resize_with(level + 1, Vec::new);
            }
            let Some(open) = self.open.get_mut(level) else { return Ok(()) };
            open.push(child);
            if !ends_node(open) {
                return Ok(());
            }
            child = self.close(level, store)?;
            level += 1;
        }
    }

    fn close<E>(
        &mut self,
        level: usize,
        store: &mut impl FnMut(&[u8]) -> Result<Place, E>,
    ) -> Result<Child, E> {
        let children = self.open.get_mut(level).map(std::mem::take).unwrap_or_default();
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let node = ListNode::new(level, children);
        let place = store(&node.encode())?;
        Ok(Child::Node(node.reference(place)))
    }
}
