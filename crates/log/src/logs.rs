//! Logs in a storage engine.
//!
//! What is kept of a log: the frames of the blocks that are held, the leaf of each block that was
//! ever held, the nodes of the tree that lead to them, the newest signed head, and the roots of the
//! longest tree that blocks here were checked against (of an own log: all that was appended, signed
//! or not).
//!
//! Everything that is kept of one log belongs to **one tree**. Blocks and heads of a tree that does
//! not contain, or lie in, the one held are not stored; they come back as [`Accepted::Forked`], or
//! as [`Accepted::Unproven`] while nothing shows how the two trees lie to each other.
//!
//! A block that turns out to be damaged is asked for as one that never came, until it comes again.
//!
//! Reads are direct ([`Logs`]). Writes are collected in a [`Staging`] and applied as one batch.

mod accept;
mod commit;
mod damaged;
mod error;
mod read;
mod rival;
mod rows;
mod staging;
mod trim;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ply_engine::{Durability, Engine};
use ply_merkle::{Node, NodeIndex, Place, ProveError, RangeProof, Roots, SeekError, Within};
use ply_types::LogKey;

pub use accept::{Accepted, Clash, HeadStep, TreeMark};
pub use error::LogsError;
pub use read::{RECENT_BYTES_MAX, RecentNodes};
pub use rival::RivalStep;
pub use rows::{BLOCK_ROW_BYTES, BlockRow, block_row_key};
pub use staging::Staging;

use damaged::Damaged;

use crate::fork::Branch;
use crate::have::HaveMap;
use crate::head::{SignedHead, VerifiedHead};

/// The logs in an engine. Cheap to clone; all that write to the same logs must share one by
/// cloning, for it holds the lock under which batches are applied.
#[derive(Debug)]
pub struct Logs<E> {
    engine: Arc<E>,
    /// Held from the last look at what is stored until the batch that follows from it is applied.
    committing: Arc<Mutex<()>>,
    damaged: Arc<Damaged>,
}

impl<E> Clone for Logs<E> {
    fn clone(&self) -> Self {
        let (committing, damaged) = (Arc::clone(&self.committing), Arc::clone(&self.damaged));
        Self { engine: Arc::clone(&self.engine), committing, damaged }
    }
}

impl<E: Engine> Logs<E> {
    /// The logs that are kept in an engine.
    pub fn new(engine: Arc<E>) -> Self {
        Self { engine, committing: Arc::default(), damaged: Arc::default() }
    }

    /// Begins to collect changes.
    pub fn stage(&self) -> Staging<'_, E> {
        Staging::new(self)
    }

    /// A block, checked against its leaf; `None` when it is not held.
    pub fn block(&self, log: &LogKey, block: u64) -> Result<Option<Bytes>, LogsError> {
        let found = self.damaged.note(log, block, read::block(&*self.engine, log, block));
        Ok(found?.map(|(bytes, _)| bytes))
    }

    /// As [`Logs::block`], for one who proves it next with [`Logs::prove_next`].
    pub fn block_next(
        &self,
        log: &LogKey,
        block: u64,
        recent: &mut RecentNodes,
    ) -> Result<Option<Bytes>, LogsError> {
        let found = self.damaged.note(log, block, read::block(&*self.engine, log, block));
        Ok(found?.map(|(bytes, row)| {
            recent.insert_leaf(block, &row);
            bytes
        }))
    }

    /// Whether a block is held. One that was damaged when it was read last is not.
    pub fn holds(&self, log: &LogKey, block: u64) -> Result<bool, LogsError> {
        let row = read::block_row(&*self.engine, log, block)?;
        Ok(row.is_some_and(|row| row.at.is_some()) && !self.damaged.contains(log, block))
    }

    /// Which blocks are held, but for those that were damaged when they were read last.
    pub fn have(&self, log: &LogKey) -> Result<HaveMap, LogsError> {
        let mut have = read::have(&*self.engine, log)?;
        self.damaged.of(log).runs().for_each(|run| have.remove_range(run));
        Ok(have)
    }

    /// Which blocks were damaged when they were read last, and have not come again since.
    pub fn damaged(&self, log: &LogKey) -> HaveMap {
        self.damaged.of(log)
    }

    /// The newest head; its signature was checked before it was stored.
    pub fn head(&self, log: &LogKey) -> Result<Option<SignedHead>, LogsError> {
        read::head(&*self.engine, log)
    }

    /// The roots of the longest tree that is known here; of an own log with all that is not signed
    /// yet.
    pub fn roots(&self, log: &LogKey) -> Result<Roots, LogsError> {
        read::roots(&*self.engine, log)
    }

    /// The roots that the log had at some length; `None` when nodes are missing.
    pub fn roots_at(&self, log: &LogKey, length: u64) -> Result<Option<Roots>, LogsError> {
        read::roots_at(log, length, &|index| self.node(log, index))
    }

    /// A node of the tree; `None` when it is not known here.
    pub fn node(&self, log: &LogKey, index: NodeIndex) -> Result<Option<Node>, LogsError> {
        read::node(&*self.engine, log, index)
    }

    /// Proves blocks to someone. Takes no look at the blocks themselves.
    pub fn prove(
        &self,
        log: &LogKey,
        range: Range<u64>,
        within: Within,
    ) -> Result<RangeProof, LogsError> {
        self.prove_next(log, range, within, &mut RecentNodes::default())
    }

    /// As [`Logs::prove`], for one who proves several ranges of one log: what `recent` holds is not read
    /// again.
    pub fn prove_next(
        &self,
        log: &LogKey,
        range: Range<u64>,
        within: Within,
        recent: &mut RecentNodes,
    ) -> Result<RangeProof, LogsError> {
        let log = *log;
        let recent = RefCell::new(recent);
        let node = |index| read::recent_node(&*self.engine, &log, index, &mut recent.borrow_mut());
        let proof = ply_merkle::prove(range, within, &node);
        proof.map_err(|error| match error {
            ProveError::Shape(source) => LogsError::Shape { log, source },
            ProveError::Missing { index } => LogsError::MissingNode { log, index },
            ProveError::Store { source, .. } => source,
            other => LogsError::Rows { log, what: other.to_string() },
        })
    }

    /// Finds the block that holds a byte, in the tree of some length.
    pub fn seek(&self, log: &LogKey, length: u64, byte_offset: u64) -> Result<Place, LogsError> {
        let log = *log;
        let place = ply_merkle::seek(byte_offset, length, &|index| self.node(&log, index));
        place.map_err(|error| match error {
            SeekError::Missing { index } => LogsError::MissingNode { log, index },
            SeekError::Store { source, .. } => source,
            SeekError::Inconsistent { .. } => LogsError::Rows { log, what: error.to_string() },
            _ => LogsError::Seek { log, byte_offset, length },
        })
    }

    /// This node's half of a fork proof: the block at a position under the newest head. `None` when
    /// the head or the leaf is not here, or the head does not reach so far.
    pub fn branch(&self, log: &LogKey, position: u64) -> Result<Option<Branch>, LogsError> {
        let head = self.head(log)?.filter(|head| position < head.head.length);
        let row = read::block_row(&*self.engine, log, position)?;
        let (Some(head), Some(row)) = (head, row) else { return Ok(None) };
        let within = Within::Tree { length: head.head.length };
        let proof = self.prove(log, position..position.saturating_add(1), within)?;
        let (leaf, leaf_bytes) = (row.leaf, row.bytes);
        Ok(Some(Branch { head, leaf, leaf_bytes, uncles: proof.uncles }))
    }

    /// Appends blocks to an own log and makes them durable; says where they are.
    pub fn append<'blocks>(
        &self,
        log: &LogKey,
        blocks: impl IntoIterator<Item = &'blocks [u8]>,
    ) -> Result<Range<u64>, LogsError> {
        let mut staging = self.stage();
        let start = staging.roots(log)?.length();
        let end = blocks.into_iter().try_fold(start, |_, block| {
            Ok::<_, LogsError>(staging.append(log, block)?.saturating_add(1))
        })?;
        staging.commit(Durability::Synced)?;
        Ok(start..end)
    }

    /// Takes blocks with their proof: stored and durable when the answer is [`Accepted::Stored`].
    pub fn accept(
        &self,
        log: &LogKey,
        proof: &RangeProof,
        blocks: &[Bytes],
        trusted: ply_merkle::Trusted,
    ) -> Result<Accepted, LogsError> {
        let mut staging = self.stage();
        let accepted = staging.accept(log, proof, blocks, trusted)?;
        staging.commit(Durability::Synced)?;
        Ok(accepted)
    }

    /// Takes a head: stored and durable when the answer is [`HeadStep::Advanced`].
    pub fn set_head(&self, head: &VerifiedHead) -> Result<HeadStep, LogsError> {
        let mut staging = self.stage();
        let step = staging.set_head(head)?;
        staging.commit(Durability::Synced)?;
        Ok(step)
    }
}
