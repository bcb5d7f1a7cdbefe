//! Index arithmetic: the shape of the tree, without any hash.
//!
//! A node at `level` whose subtree is the `offset`-th of that level has index
//! `offset * 2^(level + 1) + 2^level - 1`, so the level is the number of trailing one bits.

use std::fmt;
use std::ops::Range;

/// Most blocks a log may have: at 4 KiB a block, four pebibytes.
///
/// It bounds the depth of every proof, and leaves room in 64 bits for all arithmetic on indices.
pub const LENGTH_MAX: u64 = 1 << LEVEL_MAX;

/// Level of the root of a tree of [`LENGTH_MAX`] blocks; leaves are at level 0.
pub const LEVEL_MAX: u32 = 40;

/// Index of the last leaf of the largest tree, and the highest index there is.
const INDEX_MAX: u64 = 2 * (LENGTH_MAX - 1);

/// Position of a node in the tree, always inside the tree of [`LENGTH_MAX`] blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(u64);

impl NodeIndex {
    /// Takes an index from outside; `None` where the largest tree has no such node.
    pub const fn new(index: u64) -> Option<Self> {
        if index <= INDEX_MAX { Some(Self(index)) } else { None }
    }

    /// The node of a block; `None` at or beyond [`LENGTH_MAX`].
    pub const fn leaf(block: u64) -> Option<Self> {
        if block < LENGTH_MAX { Some(Self(block << 1)) } else { None }
    }

    /// The index as a number.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Steps above the leaves: 0 for a leaf, at most [`LEVEL_MAX`].
    pub const fn level(self) -> u32 {
        self.0.trailing_ones()
    }

    /// How many subtrees of this size lie to the left.
    const fn offset(self) -> u64 {
        self.0 >> (self.level() + 1)
    }

    /// The node at a place that is known to be inside the largest tree.
    const fn at(level: u32, offset: u64) -> Self {
        Self((offset << (level + 1)) | ((1 << level) - 1))
    }

    /// The block of a leaf; `None` for a node above.
    pub const fn block(self) -> Option<u64> {
        if self.level() == 0 { Some(self.0 >> 1) } else { None }
    }

    /// The blocks under this node, whether or not they exist yet.
    pub const fn span(self) -> Range<u64> {
        let level = self.level();
        let first = self.offset() << level;
        first..first + (1 << level)
    }

    /// Whether `other` is this node or lies below it.
    pub const fn covers(self, other: Self) -> bool {
        let (outer, inner) = (self.span(), other.span());
        outer.start <= inner.start && inner.end <= outer.end
    }

    /// The node above; `None` at the top of the largest tree.
    pub const fn parent(self) -> Option<Self> {
        let level = self.level();
        if level < LEVEL_MAX { Some(Self::at(level + 1, self.offset() >> 1)) } else { None }
    }

    /// The other child of the node above; `None` at the top of the largest tree.
    pub const fn sibling(self) -> Option<Self> {
        let level = self.level();
        if level < LEVEL_MAX { Some(Self::at(level, self.offset() ^ 1)) } else { None }
    }

    /// The left and the right node below; `None` for a leaf.
    pub const fn children(self) -> Option<(Self, Self)> {
        match self.level().checked_sub(1) {
            Some(level) => {
                let left = self.offset() << 1;
                Some((Self::at(level, left), Self::at(level, left | 1)))
            }
            None => None,
        }
    }
}

/// The roots of a tree of `length` blocks, from left to right: one for each one bit of the length.
///
/// `None` beyond [`LENGTH_MAX`].
pub fn full_roots(length: u64) -> Option<impl DoubleEndedIterator<Item = NodeIndex>> {
    let has = move |level: &u32| (length >> level) & 1 == 1;
    // Everything left of a root is a multiple of twice its size, so the division is exact.
    let root = move |level: u32| NodeIndex::at(level, (length >> level) ^ 1);
    (length <= LENGTH_MAX).then(|| (0..=LEVEL_MAX).rev().filter(has).map(root))
}

impl fmt::Display for NodeIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NodeIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(index: u64) -> NodeIndex {
        NodeIndex::new(index).expect("inside the largest tree")
    }

    #[test]
    fn the_drawing_on_the_front_page_is_right() {
        assert_eq!(node(3).children(), Some((node(1), node(5))));
        assert_eq!(node(5).children(), Some((node(4), node(6))));
        assert_eq!(node(4).children(), None);
        assert_eq!((node(3).level(), node(3).span()), (2, 0..4));
        assert_eq!((node(6).block(), node(5).block()), (Some(3), None));
        let roots: Vec<_> = full_roots(5).expect("not too long").collect();
        assert_eq!(roots, [node(3), node(8)]);
    }

    #[test]
    fn nothing_reaches_beyond_the_largest_tree() {
        let top = node(LENGTH_MAX - 1);
        assert_eq!((top.level(), top.span()), (LEVEL_MAX, 0..LENGTH_MAX));
        assert_eq!((top.parent(), top.sibling()), (None, None));
        let last = NodeIndex::leaf(LENGTH_MAX - 1).expect("the last leaf");
        assert_eq!(last, node(INDEX_MAX));
        let above: Vec<_> = std::iter::successors(Some(last), |node| node.parent()).collect();
        assert_eq!((above.len(), above.last()), (41, Some(&top)));
        assert_eq!(NodeIndex::leaf(LENGTH_MAX), None);
        assert_eq!(NodeIndex::new(INDEX_MAX + 1), None);
        assert_eq!(NodeIndex::new(u64::MAX), None);
        assert!(full_roots(LENGTH_MAX).is_some_and(|roots| roots.eq([top])));
        assert!(full_roots(LENGTH_MAX + 1).is_none());
        assert!(full_roots(0).is_some_and(|mut roots| roots.next().is_none()));
    }

    proptest! {
        #[test]
        fn neighbours_agree_about_each_other(index in 0..=INDEX_MAX) {
            let node = node(index);
            prop_assert_eq!(NodeIndex::at(node.level(), node.offset()), node);
            if let Some((left, right)) = node.children() {
                prop_assert_eq!((left.parent(), right.parent()), (Some(node), Some(node)));
                prop_assert_eq!((left.sibling(), right.sibling()), (Some(right), Some(left)));
                prop_assert_eq!(left.span().end, right.span().start);
                prop_assert_eq!(left.span().start..right.span().end, node.span());
                prop_assert!(node.covers(left) && !left.covers(node) && !left.covers(right));
            }
        }

        #[test]
        fn roots_tile_the_log_from_large_to_small(length in 0..=LENGTH_MAX) {
            let mut end = 0;
            let mut level = LEVEL_MAX + 1;
            for root in full_roots(length).expect("not too long") {
                prop_assert_eq!(root.span().start, end);
                prop_assert!(root.level() < level);
                (end, level) = (root.span().end, root.level());
            }
            prop_assert_eq!(end, length);
        }
    }
}
