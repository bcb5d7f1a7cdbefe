//! The prover's side.

use std::ops::Range;

use ply_types::Fault;
use thiserror::Error;

use super::RangeProof;
use super::shape::{ShapeError, Within, uncle_indices};
use crate::flat::NodeIndex;
use crate::node::Node;

/// Why a proof cannot be given. `E` is what the caller's own store of nodes says.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// There is no such range.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A node beside the range is not held.
    #[error("node {index} of the tree is not held")]
    Missing {
        /// Which one.
        index: NodeIndex,
    },
    /// The store of nodes refused.
    #[error("node {index} of the tree cannot be read")]
    Store {
        /// Which one.
        index: NodeIndex,
        /// What the store said.
        source: E,
    },
}

impl<E> ProveError<E> {
    /// What the caller can do about it; `of_store` says it for errors of the store.
    pub fn fault(&self, of_store: impl FnOnce(&E) -> Fault) -> Fault {
        match self {
            Self::Shape(error) => error.fault(),
            Self::Missing { .. } => Fault::Absent,
            Self::Store { source, .. } => of_store(source),
        }
    }
}

/// Collects the proof for a range out of a store of nodes.
pub fn prove<E>(
    range: Range<u64>,
    within: Within,
    nodes: &impl Fn(NodeIndex) -> Result<Option<Node>, E>,
) -> Result<RangeProof, ProveError<E>> {
    let uncle = |index| match nodes(index) {
        Ok(Some(node)) => Ok((node.hash, node.bytes)),
        Ok(None) => Err(ProveError::Missing { index }),
        Err(source) => Err(ProveError::Store { index, source }),
    };
    let uncles = uncle_indices(&range, within)?.into_iter().map(uncle).collect::<Result<_, _>>()?;
    Ok(RangeProof { range, within, uncles })
}
