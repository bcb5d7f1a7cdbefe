//! Taking blocks and heads from others: only what belongs to the one tree that is held.

use bytes::Bytes;
use ply_engine::Engine;
use ply_merkle::{Node, NodeIndex, RangeProof, Roots, Trusted, Verified, full_roots, verify};
use ply_types::{LeafHash, LogKey, TreeHash};

use super::LogsError;
use super::read::{self, GROUP_LEVEL};
use super::staging::{Staging, hashed};
use crate::head::{SignedHead, VerifiedHead};

/// A tree by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeMark {
    /// Number of blocks.
    pub length: u64,
    /// Hash over its roots.
    pub root: TreeHash,
}

/// Two trees of one log of which neither contains the other. Two signed heads with these roots show
/// that its writer forked it; where it did, a [`crate::ForkProof`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The log.
    pub log: LogKey,
    /// The tree that is held here.
    pub held: TreeMark,
    /// The head that was signed for it, or for an earlier length of it.
    pub held_head: Option<SignedHead>,
    /// The tree that was brought.
    pub brought: TreeMark,
}

/// What became of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Accepted {
    /// They are staged.
    Stored(Verified),
    /// They belong to what they were said to belong to, but nothing shows that this tree and the
    /// held one are one log. Nothing is staged. A proof of the empty range `shorter..shorter`
    /// within the tree of `longer` blocks, accepted first, would show it.
    Unproven {
        /// Length of the shorter tree.
        shorter: u64,
        /// Length of the longer tree.
        longer: u64,
    },
    /// The trees are not of one log. Nothing is staged.
    Forked(Box<Clash>),
}

/// What became of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum HeadStep {
    /// It is staged as the newest.
    Advanced,
    /// It says nothing new.
    Known,
    /// As [`Accepted::Unproven`].
    Unproven {
        /// Length of the shorter tree.
        shorter: u64,
        /// Length of the longer tree.
        longer: u64,
    },
    /// The trees are not of one log. Nothing is staged.
    Forked(Box<Clash>),
}

/// How a brought tree lies to the held one.
enum Fit {
    OneLog,
    Unproven { shorter: u64, longer: u64 },
    Forked(Box<Clash>),
}

/// The name of the tree that a longer one grew out of, where the longer one's nodes show it.
fn shown_at(length: u64, shown: &[Node]) -> Option<TreeHash> {
    let find = |index: NodeIndex| shown.iter().find(|node| node.index == index);
    let part = |index| find(index).map(|node| (node.hash, node.bytes));
    let parts = full_roots(length)?.map(part).collect::<Option<_>>()?;
    Roots::from_parts(length, parts).ok().map(|roots| roots.hash())
}

impl<E: Engine> Staging<'_, E> {
    /// Compares a tree, of which some nodes are shown, with the one held.
    fn fit(&mut self, log: &LogKey, brought: TreeMark, shown: &[Node]) -> Result<Fit, LogsError> {
        let state = self.state(log)?;
        let (held, held_head) = (state.known(), state.head);
        let (shorter, longer) = (held.length.min(brought.length), held.length.max(brought.length));
        let (root, known) = if shorter == longer {
            (held.root, Some(brought.root))
        } else if held.length == 0 {
            return Ok(Fit::OneLog);
        } else if held.length < brought.length {
            (held.root, shown_at(shorter, shown))
        } else {
            let roots = read::roots_at(log, shorter, &|index| self.node(log, index))?;
            (brought.root, roots.map(|roots| roots.hash()))
        };
        Ok(match known {
            None => Fit::Unproven { shorter, longer },
            Some(known) if known == root => Fit::OneLog,
            Some(_) => Fit::Forked(Box::new(Clash { log: *log, held, held_head, brought })),
        })
    }

    /// Checks blocks, in the order of the proof's range, and stages them with the nodes that the
    /// proof brought. An empty range brings nodes alone.
    ///
    /// What is trusted must come from a verified head, from a commit that names the log by hash, or
    /// from [`super::Logs::node`].
    pub fn accept(
        &mut self,
        log: &LogKey,
        proof: &RangeProof,
        blocks: &[Bytes],
        trusted: Trusted,
    ) -> Result<Accepted, LogsError> {
        let blocks = hashed(blocks);
        let leaves: Vec<(LeafHash, u64)> =
            blocks.iter().map(|(block, leaf)| (*leaf, block.len() as u64)).collect();
        let verified = verify(proof, &leaves, trusted)
            .map_err(|source| LogsError::Proof { log: *log, source })?;
        match trusted {
            Trusted::Tree { length, root, .. } => {
                match self.fit(log, TreeMark { length, root }, verified.nodes())? {
                    Fit::OneLog => self.adopt(log, length, verified.nodes())?,
                    Fit::Unproven { shorter, longer } => {
                        return Ok(Accepted::Unproven { shorter, longer });
                    }
                    Fit::Forked(clash) => return Ok(Accepted::Forked(clash)),
                }
            }
            Trusted::Node(node) => {
                if self.node(log, node.index)? != Some(node) {
                    return Err(LogsError::UnknownNode { log: *log, index: node.index });
                }
            }
        }
        self.put_blocks(log, verified.range().start, &blocks)?;
        self.put_proof(log, &verified)?;
        Ok(Accepted::Stored(verified))
    }

    /// Remembers the roots of a tree longer than the one held.
    fn adopt(&mut self, log: &LogKey, length: u64, shown: &[Node]) -> Result<(), LogsError> {
        let state = self.state(log)?;
        if length <= state.roots.length() {
            return Ok(());
        }
        let find = |index| Ok(shown.iter().find(|node| node.index == index).copied());
        if let Some(roots) = read::roots_at(log, length, &find)? {
            state.roots = roots;
        }
        Ok(())
    }

    /// Stages the nodes of a proof, but for those below groups that leaf rows give: see
    /// [`GROUP_LEVEL`]. The leaves of the range itself are staged with their blocks.
    fn put_proof(&mut self, log: &LogKey, verified: &Verified) -> Result<(), LogsError> {
        let range = verified.range();
        for node in verified.nodes() {
            let span = node.index.span();
            let is_uncle = span.end <= range.start || range.end <= span.start;
            if GROUP_LEVEL <= node.index.level() {
                self.put_node(log, *node);
            } else if is_uncle && self.node(log, node.index)?.is_none() {
                match node.index.block() {
                    Some(block) => drop(self.state(log)?.leaves.insert(block, *node)),
                    None => self.put_node(log, *node),
                }
            }
            self.state(log)?.nodes.insert(node.index, *node);
        }
        Ok(())
    }

    /// Stages a head as the newest of its log, if it is newer and of the tree that is held. A head
    /// longer than that tree must wait until a proof within it was accepted; only a log of which
    /// nothing is known takes any head.
    pub fn set_head(&mut self, head: &VerifiedHead) -> Result<HeadStep, LogsError> {
        let signed = *head.signed();
        let (log, length) = (signed.head.log, signed.head.length);
        let is_newer = self.state(&log)?.head.is_none_or(|held| held.head.length < length);
        let brought = TreeMark { length, root: signed.head.root };
        Ok(match (self.fit(&log, brought, &[])?, is_newer) {
            (Fit::OneLog, true) => {
                self.state(&log)?.head = Some(signed);
                HeadStep::Advanced
            }
            // An older head changes nothing, whether or not its nodes are here to compare.
            (Fit::OneLog | Fit::Unproven { .. }, false) => HeadStep::Known,
            (Fit::Unproven { shorter, longer }, true) => HeadStep::Unproven { shorter, longer },
            (Fit::Forked(clash), _) => HeadStep::Forked(clash),
        })
    }
}
