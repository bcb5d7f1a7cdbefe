//! The shape of a log's tree: roots, range proofs, byte seek.
