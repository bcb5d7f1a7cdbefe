//! What the issuer of the next record should say it knows.

use std::collections::BTreeSet;

use ply_types::{LogKey, RecordId};

use super::Membership;
use super::past::Past;
use super::record::{Record, SEEN_MAX};

/// Names for the `seen` of a new record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// At most [`SEEN_MAX`].
    pub ids: Vec<RecordId>,
    /// How many records did not fit. Those it admitted whom a removal would void by this can be
    /// admitted anew.
    pub left_out_count: usize,
}

impl Membership {
    /// What `issuer` should name when it signs its next record, given the records it holds.
    ///
    /// These are its own newest records, which stand for all that they name, and those of others
    /// that count and are not named yet. What rests on the word of `about`, whom the new record
    /// removes, goes first: it is void unless named.
    pub fn seen<'a>(
        &self,
        records: impl IntoIterator<Item = &'a Record>,
        issuer: &LogKey,
        about: Option<&LogKey>,
    ) -> Seen {
        let past = Past::new(records);
        let mind = past.mind(issuer);
        let news: BTreeSet<(u8, RecordId)> = past
            .records()
            .filter(|record| self.counts(&record.id()) || record.issuer() == *issuer)
            .filter(|record| !mind.names(&record.id()))
            .map(|record| (urgency(record, issuer, about), record.id()))
            .collect();
        let left_out_count = news.len().saturating_sub(SEEN_MAX);
        Seen { ids: news.into_iter().take(SEEN_MAX).map(|(_, id)| id).collect(), left_out_count }
    }
}

/// Lower goes first.
fn urgency(record: &Record, issuer: &LogKey, about: Option<&LogKey>) -> u8 {
    if record.issuer() == *issuer {
        0
    } else if Some(&record.authority()) == about {
        1
    } else {
        2
    }
}
