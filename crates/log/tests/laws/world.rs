//! Small logs, kept whole.

use std::collections::BTreeMap;
use std::convert::Infallible;

use ply_log::{Branch, ForkProof, Head, Signer, VerifiedHead};
use ply_merkle::{Node, NodeIndex, Roots, Within, leaf_hash, prove};
use ply_types::Seed;

pub(crate) fn signer(byte: u8) -> Signer {
    Signer::new(&Seed::new([byte; 32]))
}

/// A log that remembers its blocks and nodes.
#[derive(Clone, Default)]
pub(crate) struct Whole {
    pub(crate) blocks: Vec<Vec<u8>>,
    roots: Roots,
    nodes: BTreeMap<NodeIndex, Node>,
}

impl Whole {
    pub(crate) fn push(&mut self, block: &[u8]) {
        let nodes = &mut self.nodes;
        let created = |node: Node| assert!(nodes.insert(node.index, node).is_none());
        self.roots.push(leaf_hash(block), block.len() as u64, created).unwrap();
        self.blocks.push(block.to_vec());
    }

    pub(crate) fn of(blocks: &[&str]) -> Self {
        let mut whole = Self::default();
        for block in blocks {
            whole.push(block.as_bytes());
        }
        whole
    }

    pub(crate) fn head(&self, signer: &Signer) -> VerifiedHead {
        Head::new(signer.key(), &self.roots).sign(signer).unwrap()
    }

    pub(crate) fn branch(&self, signer: &Signer, position: u64) -> Branch {
        let within = Within::Tree { length: self.roots.length() };
        let store = |index| Ok::<_, Infallible>(self.nodes.get(&index).copied());
        let proof = prove(position..position + 1, within, &store).unwrap();
        let block = &self.blocks[position as usize];
        let head = *self.head(signer).signed();
        let (leaf, leaf_bytes) = (leaf_hash(block), block.len() as u64);
        Branch { head, leaf, leaf_bytes, uncles: proof.uncles }
    }
}

pub(crate) fn fork(a: &Whole, b: &Whole, position: u64) -> ForkProof {
    let signer = signer(1);
    ForkProof { position, a: a.branch(&signer, position), b: b.branch(&signer, position) }
}
