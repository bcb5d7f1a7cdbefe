//! Where two histories of a log part: found block by block, and proved.

use ply_engine::Engine;
use ply_merkle::{RangeProof, Within, uncle_indices};

use super::{Logs, LogsError};
use crate::fork::{Branch, ForkProof};

/// What a block of the other history says about the one that is held here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RivalStep {
    /// The histories part further to the left; this block says more.
    Ask {
        /// The position of the block.
        position: u64,
    },
    /// They part here.
    Proved(Box<ForkProof>),
    /// They agree up to here, and with this block.
    Same,
    /// What is held here does not tell.
    Unknown,
}

impl<E: Engine> Logs<E> {
    /// Compares a block of another history, shown with its proof, with the history held here. The
    /// caller has checked the branch against its head.
    ///
    /// Every step at least halves what is left, so as many are needed as the tree has levels.
    pub fn compare(&self, position: u64, theirs: Branch) -> Result<RivalStep, LogsError> {
        let log = theirs.head.head.log;
        let ours = match self.branch(&log, position) {
            Ok(Some(ours)) => ours,
            Ok(None) => return Ok(RivalStep::Unknown),
            Err(error) if error.is_missing() => return Ok(RivalStep::Unknown),
            Err(error) => return Err(error),
        };
        // Left of a position both trees have the same subtrees, one for each one bit of it.
        let left = position.count_ones() as usize;
        let differing = ours.uncles.iter().zip(&theirs.uncles).take(left).position(|(a, b)| a != b);
        let Some(differing) = differing else {
            let is_same = (ours.leaf, ours.leaf_bytes) == (theirs.leaf, theirs.leaf_bytes);
            let proof = ForkProof { position, a: ours, b: theirs };
            return Ok(if is_same { RivalStep::Same } else { RivalStep::Proved(Box::new(proof)) });
        };
        let range = position..position.saturating_add(1);
        let within = Within::Tree { length: theirs.head.head.length };
        let indices =
            uncle_indices(&range, within).map_err(|source| LogsError::Shape { log, source })?;
        let last = indices.get(differing).and_then(|index| index.span().end.checked_sub(1));
        Ok(last.map_or(RivalStep::Unknown, |position| RivalStep::Ask { position }))
    }
}

impl Branch {
    /// The proof that its block belongs to its head, as the log's own proofs are.
    pub fn range_proof(&self, position: u64) -> RangeProof {
        let range = position..position.saturating_add(1);
        let within = Within::Tree { length: self.head.head.length };
        RangeProof { range, within, uncles: self.uncles.clone() }
    }
}
