//! Which nodes a proof must bring: known to both sides without a word.

use std::ops::Range;

use ply_types::Fault;
use thiserror::Error;

use crate::flat::{LENGTH_MAX, LEVEL_MAX, NodeIndex, full_roots};

/// Most uncles that any proof has.
///
/// Left of the range a tree has at most one subtree for each level; right of it at most two, one on
/// the way up and one on the way down to the end of the log.
pub const UNCLES_MAX: usize = 3 * LEVEL_MAX as usize;

/// What blocks are proved to belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Within {
    /// The whole tree of a log of `length` blocks: the proof leads up to all its roots.
    Tree {
        /// Number of blocks.
        length: u64,
    },
    /// A subtree whose node the asker holds already: the proof stops there.
    Node(NodeIndex),
}

/// Why a range cannot be asked for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ShapeError {
    /// The tree has more blocks than any may.
    #[error("a log of {length} blocks exceeds {LENGTH_MAX}")]
    TooLong {
        /// Its length.
        length: u64,
    },
    /// The range ends before it starts, or leaves the tree or subtree.
    #[error("blocks {}..{} do not lie in {}..{}", .range.start, .range.end, .span.start, .span.end)]
    Outside {
        /// The range asked for.
        range: Range<u64>,
        /// The blocks there are.
        span: Range<u64>,
    },
}

impl ShapeError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

/// How a subtree lies to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Beside it. The proof brings this node.
    Beside,
    /// Inside it. The leaves give this node.
    Inside,
    /// An end of the range falls between its children. A leaf has nothing between, so such a node
    /// always has children.
    Across,
}

pub(super) fn part(index: NodeIndex, range: &Range<u64>) -> Part {
    let span = index.span();
    if span.end <= range.start || range.end <= span.start {
        Part::Beside
    } else if range.start <= span.start && span.end <= range.end {
        Part::Inside
    } else {
        Part::Across
    }
}

/// The nodes at which proofs within `within` end, from left to right, after a check of the range.
pub(super) fn tops(range: &Range<u64>, within: Within) -> Result<Vec<NodeIndex>, ShapeError> {
    let (span, tops) = match within {
        Within::Tree { length } => {
            let roots = full_roots(length).ok_or(ShapeError::TooLong { length })?;
            (0..length, roots.collect())
        }
        Within::Node(index) => (index.span(), vec![index]),
    };
    if range.start < span.start || range.end < range.start || span.end < range.end {
        return Err(ShapeError::Outside { range: range.clone(), span });
    }
    Ok(tops)
}

/// The nodes that a proof for `range` brings, from left to right; at most [`UNCLES_MAX`].
///
/// Takes time in the height of the tree, however long the range.
pub fn uncle_indices(range: &Range<u64>, within: Within) -> Result<Vec<NodeIndex>, ShapeError> {
    let mut stack = tops(range, within)?;
    stack.reverse();
    let mut uncles = Vec::new();
    while let Some(index) = stack.pop() {
        match part(index, range) {
            Part::Beside => uncles.push(index),
            Part::Inside => {}
            Part::Across => {
                if let Some((left, right)) = index.children() {
                    stack.extend([right, left]);
                }
            }
        }
    }
    debug_assert!(uncles.len() <= UNCLES_MAX, "{range:?} {within:?}");
    Ok(uncles)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(range: Range<u64>, within: Within) -> Vec<u64> {
        let uncles = uncle_indices(&range, within).expect("a fair question");
        uncles.into_iter().map(NodeIndex::value).collect()
    }

    #[test]
    fn the_drawing_of_the_module_is_right() {
        assert_eq!(values(2..3, Within::Tree { length: 5 }), [1, 6, 8]);
        let node = NodeIndex::new(5).expect("an index");
        assert_eq!(values(2..3, Within::Node(node)), [6]);
        assert_eq!(values(0..5, Within::Tree { length: 5 }), []);
    }

    #[test]
    fn an_empty_range_splits_the_tree() {
        assert_eq!(values(3..3, Within::Tree { length: 5 }), [1, 4, 6, 8]);
        assert_eq!(values(0..0, Within::Tree { length: 5 }), [3, 8]);
        assert_eq!(values(5..5, Within::Tree { length: 5 }), [3, 8]);
        assert_eq!(values(0..0, Within::Tree { length: 0 }), []);
    }

    #[test]
    fn unfair_questions_are_refused() {
        let tree = Within::Tree { length: 5 };
        let backwards = Range { start: 3, end: 2 };
        let node = NodeIndex::new(5).expect("an index");
        assert!(uncle_indices(&(0..6), tree).is_err());
        assert!(uncle_indices(&backwards, tree).is_err());
        assert!(uncle_indices(&(u64::MAX..u64::MAX), tree).is_err());
        assert!(uncle_indices(&(0..1), Within::Node(node)).is_err());
        assert!(uncle_indices(&(2..5), Within::Node(node)).is_err());
        let error = ShapeError::TooLong { length: u64::MAX };
        assert_eq!(uncle_indices(&(0..1), Within::Tree { length: u64::MAX }), Err(error));
    }

    proptest! {
        #[test]
        fn uncles_are_few_and_tile_what_the_range_leaves(
            (length, a, b) in (0..=LENGTH_MAX)
                .prop_flat_map(|length| (Just(length), 0..=length, 0..=length))
        ) {
            let range = a.min(b)..a.max(b);
            let uncles = uncle_indices(&range, Within::Tree { length }).expect("a fair question");
            prop_assert!(uncles.len() <= UNCLES_MAX);
            let mut end = 0;
            for span in uncles.iter().map(|uncle| uncle.span()) {
                if span.start != end {
                    prop_assert_eq!(end..span.start, range.clone());
                }
                end = span.end;
            }
            prop_assert!(end == length || end == range.start && range.end == length);
        }
    }
}
