//! The slow tree: each node is recomputed from the blocks, by recursion over ranges of blocks.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;

use ply_merkle::{Node, NodeIndex, Roots, Trusted, leaf_hash};
use ply_types::{LeafHash, NodeHash, TreeHash};

/// A log that keeps all its blocks and nothing else.
pub(crate) struct Model {
    pub(crate) blocks: Vec<Vec<u8>>,
}

fn hash(context: &str, bytes: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, bytes)
}

/// Hash and bytes of the subtree over some blocks, whose number is a power of two.
fn subtree(blocks: &[Vec<u8>]) -> ([u8; 32], u64) {
    if let [block] = blocks {
        let mut message = (block.len() as u64).to_le_bytes().to_vec();
        message.extend(block);
        return (hash("plywood 2026-11 merkle leaf", &message), block.len() as u64);
    }
    let (left, right) = blocks.split_at(blocks.len() / 2);
    let (left, right) = (subtree(left), subtree(right));
    let mut message = left.0.to_vec();
    message.extend(left.1.to_le_bytes());
    message.extend(right.0);
    message.extend(right.1.to_le_bytes());
    (hash("plywood 2026-11 merkle parent", &message), left.1 + right.1)
}

impl Model {
    /// Blocks of 0 to 6 bytes, no two alike but for the empty ones' bytes.
    pub(crate) fn of_length(length: u64) -> Self {
        let block = |block: u64| {
            let bytes = block.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
            bytes[..(block % 7) as usize].to_vec()
        };
        Self { blocks: (0..length).map(block).collect() }
    }

    pub(crate) fn length(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The node over a range of blocks; its index stands in the middle of theirs.
    fn node_over(&self, range: Range<usize>) -> Node {
        let (hash, bytes) = subtree(&self.blocks[range.clone()]);
        let index = NodeIndex::new((range.start + range.end - 1) as u64).unwrap();
        Node { index, hash: NodeHash(hash), bytes }
    }

    /// Every complete node, by index.
    pub(crate) fn nodes(&self) -> BTreeMap<NodeIndex, Node> {
        let length = self.blocks.len();
        let sizes = (0..=length.max(1).ilog2()).map(|level| 1_usize << level);
        sizes
            .flat_map(|size| (0..length / size).map(move |n| n * size..(n + 1) * size))
            .map(|range| self.node_over(range))
            .map(|node| (node.index, node))
            .collect()
    }

    /// The hash over all roots.
    pub(crate) fn root(&self) -> TreeHash {
        let mut message = self.length().to_le_bytes().to_vec();
        let (mut start, mut rest) = (0, self.blocks.len());
        while let Some(level) = rest.checked_ilog2() {
            let size = 1 << level;
            let root = self.node_over(start..start + size);
            message.extend(root.index.value().to_le_bytes());
            message.extend(root.hash.0);
            message.extend(root.bytes.to_le_bytes());
            (start, rest) = (start + size, rest - size);
        }
        TreeHash(hash("plywood 2026-11 merkle roots", &message))
    }

    /// Bytes of the blocks before `block`.
    pub(crate) fn byte_start(&self, block: u64) -> u64 {
        self.blocks.iter().take(block as usize).map(|block| block.len() as u64).sum()
    }

    /// What a head would have signed.
    pub(crate) fn trusted(&self) -> Trusted {
        let bytes = self.byte_start(self.length());
        Trusted::Tree { length: self.length(), bytes, root: self.root() }
    }

    /// What an asker computes from blocks that came.
    pub(crate) fn leaves(&self, range: &Range<u64>) -> Vec<(LeafHash, u64)> {
        self.blocks[range.start as usize..range.end as usize]
            .iter()
            .map(|block| (leaf_hash(block), block.len() as u64))
            .collect()
    }

    /// The roots, built by appending, and all nodes that came into being.
    pub(crate) fn grown(&self) -> (Roots, BTreeMap<NodeIndex, Node>) {
        let (mut roots, mut nodes) = (Roots::new(), BTreeMap::new());
        for block in &self.blocks {
            let created = |node: Node| assert_eq!(nodes.insert(node.index, node), None);
            roots.push(leaf_hash(block), block.len() as u64, created).unwrap();
        }
        (roots, nodes)
    }
}

/// A store that reads from a map.
pub(crate) fn store(
    nodes: &BTreeMap<NodeIndex, Node>,
) -> impl Fn(NodeIndex) -> Result<Option<Node>, Infallible> {
    |index| Ok(nodes.get(&index).copied())
}
