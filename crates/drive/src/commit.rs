//! Commits: the block that ends each signed stretch of a metadata log.
//!
//! A commit block is two frames side by side (`MetadataBlock` in the schema). The envelope opens with
//! the mirror key and says how the commit hangs together with others; the body opens with the read
//! key and says what the drive looks like.
//!
//! The state of a writer is the **checkpoint**, an index whose pages are in the log, with the
//! **delta**, the rows that changed since, in the commit itself. So a small change is one small block.

mod codec;
mod rules;

use std::collections::BTreeMap;

use ply_index::{PageRef, Totals};
use ply_types::{CommitId, LogKey, Timestamp, TreeHash};

use crate::clock::{Clock, CommitMark};

pub(crate) use codec::{CommitFault, METADATA_BLOCK_BYTES_MAX};
pub(crate) use rules::check;

/// Rows that changed since the last checkpoint: a value, or `None` for a row that is gone.
pub(crate) type Delta = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What every peer that knows the drive may read of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// One more than the highest number in view.
    pub number: u64,
    /// Commits before this one in its log.
    pub count: u64,
    /// Earlier commits of the log at distances of 1, 2, 4, …
    pub ancestors: Vec<CommitMark>,
    /// What was in view: at the commit, and when older drafts began.
    pub(crate) clocks: Vec<ClockRecord>,
    /// New or grown layers.
    pub(crate) layers: Vec<LayerRow>,
    /// Membership records made with this commit, as signed.
    pub(crate) records: Vec<Vec<u8>>,
}

/// A clock as a commit writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClockRecord {
    /// Block of the author's commit whose first clock the components are changes to; `None` when
    /// they are all of it.
    pub(crate) since: Option<u64>,
    /// The clock, or its changes.
    pub(crate) components: Clock,
}

/// A layer as its author's layer table has it: enough to trust every block of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerRow {
    pub(crate) key: LogKey,
    pub(crate) length: u64,
    pub(crate) bytes: u64,
    pub(crate) root: TreeHash,
    pub(crate) sealed: bool,
    pub(crate) fresh: Option<[u8; 32]>,
    pub(crate) signature: Vec<u8>,
}

/// What only readers of the drive may read of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The last checkpoint; `None` while there was none.
    pub(crate) index: Option<PageRef>,
    /// Rows that changed since.
    pub(crate) delta: Delta,
    /// Files and bytes in the author's index.
    pub totals: Totals,
    /// What the author wrote about it.
    pub message: String,
    /// When, by the author's clock. Data, never an argument.
    pub time: Timestamp,
    /// Which program made it.
    pub program: String,
}

/// A commit that was opened and checked against its own rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its author.
    pub writer: LogKey,
    /// Its name.
    pub mark: CommitMark,
    /// What mirrors read.
    pub envelope: Envelope,
    /// What readers read; `None` on a node without the read key.
    pub body: Option<Body>,
}

impl Commit {
    /// The commit whose clock this one's builds on.
    pub fn clock_base(&self) -> Option<u64> {
        self.envelope.clocks.first().and_then(|clock| clock.since)
    }

    /// Its name, as people see it.
    pub fn id(&self) -> CommitId {
        self.mark.id
    }
}

/// The ancestors of a commit that follows `previous`: at distances of 1, 2, 4, … commits.
///
/// `ancestor_of` gives what a commit lists as its own ancestors. A list holds one mark for each power
/// of two up to the commit's count, so any commit is found in a number of steps that grows with the
/// logarithm of the distance.
pub(crate) fn ancestors<E>(
    previous: Option<(CommitMark, u64)>,
    mut ancestors_of: impl FnMut(CommitMark) -> Result<Vec<CommitMark>, E>,
) -> Result<Vec<CommitMark>, E> {
    let Some((mark, previous_count)) = previous else { return Ok(Vec::new()) };
    let count = previous_count + 1;
    let mut marks = vec![mark];
    let mut distance = 1_u64;
    // The commit at distance 2d is the one at distance d before the one at distance d.
    while distance * 2 <= count {
        let Some(&middle) = marks.last() else { break };
        let position = marks.len() - 1;
        let Some(&next) = ancestors_of(middle)?.get(position) else { break };
        marks.push(next);
        distance *= 2;
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn every_power_of_two_back_is_an_ancestor() {
        let mark = |number: u64| CommitMark { number, block: number, id: CommitId([0; 32]) };
        let mut lists: Vec<Vec<CommitMark>> = vec![Vec::new()];
        for count in 1..200_u64 {
            let list = ancestors(Some((mark(count - 1), count - 1)), |at| {
                Ok::<_, Infallible>(lists[usize::try_from(at.number).unwrap()].clone())
            })
            .unwrap();
            let expected: Vec<CommitMark> = (0..64)
                .map(|power| 1 << power)
                .take_while(|&distance: &u64| distance <= count)
                .map(|distance| mark(count - distance))
                .collect();
            assert_eq!(list, expected);
            lists.push(list);
        }
    }
}
