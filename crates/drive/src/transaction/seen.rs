//! What has to be seen of a path before it is written, and the clocks that say what was.

use ply_engine::{Engine, Table};
use ply_types::{LogKey, Path};

use super::Transaction;
use crate::clock::Clock;
use crate::draft::{DraftClock, clock_row_key, encode_clock};
use crate::error::{DriveError, Missing};
use crate::view::PathState;

/// Components of all clocks of a draft together: at about 90 bytes each they leave room for the layers
/// in an envelope.
const COMPONENTS_MAX: usize = 8192;

/// What has to be seen before a path is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// What every writer says of it. [`DriveError::Missing`] names a part that is not here.
    Whole,
    /// What is here. For when nobody in reach has the rest, for writing waits for nobody.
    Here,
}

impl<E: Engine> Transaction<'_, E> {
    /// Whether this transaction may go on without parts that are missing.
    ///
    /// # Errors
    ///
    /// [`DriveError::Missing`] for a part that it must see, as those of its own writer always.
    pub fn goes_without(&self, missing: &[(LogKey, Missing)]) -> Result<(), DriveError> {
        let own = self.replica.writer_key();
        match missing.iter().find(|(writer, _)| *writer == own) {
            Some((_, missing)) => Err(DriveError::Missing(*missing)),
            None if self.sight == Sight::Whole => self.view.whole(missing),
            None => Ok(()),
        }
    }

    /// What a path is as the transaction found it, as far as it has to be seen. Of a writer whose part
    /// is missing nothing counts, also not what is here of it.
    pub(super) fn found(&self, path: &Path) -> Result<PathState, DriveError> {
        let mut state = self.view.path(path)?;
        let mut unseen = Vec::new();
        while !state.missing.is_empty() {
            self.goes_without(&state.missing)?;
            unseen.append(&mut state.missing);
            state = self.view.without(&unseen).path(path)?;
        }
        Ok(PathState { missing: unseen, ..state })
    }

    /// The clock by which a path goes that enters the draft now.
    pub(super) fn clock_now(&mut self) -> Result<u32, DriveError> {
        if let Some(number) = self.clock {
            return Ok(number);
        }
        let number = self.clock_number(self.view.others())?;
        self.clock = Some(number);
        Ok(number)
    }

    /// The number of a clock in the draft: that of an equal one, if it is at hand, else a new one. Where
    /// there are so many that a commit could not carry more, that of an earlier one: what was seen since
    /// then stays beside what is written.
    pub(super) fn clock_number(&mut self, clock: Clock) -> Result<u32, DriveError> {
        if self.clocks.is_empty() {
            self.clocks.extend(self.replica.newest_draft_clock()?);
        }
        let own = self.view.commit_of(&self.replica.writer_key());
        let seen = DraftClock { clock, own: Some(own.map_or(0, |commit| commit.mark.number)) };
        if let Some((number, _)) = self.clocks.iter().find(|(_, known)| *known == seen) {
            return Ok(*number);
        }
        let newest = self.clocks.last().map(|(newest, _)| *newest);
        let count = newest.map_or(0, |newest| newest as usize + 1);
        let earlier = self.clocks.iter().rev().find(|(_, known)| is_earlier(known, &seen));
        if let Some((number, _)) = earlier.filter(|_| COMPONENTS_MAX < count * seen.clock.len()) {
            return Ok(*number);
        }
        let number = newest.map_or(0, |newest| newest + 1);
        let key = clock_row_key(&self.replica.id(), number);
        self.staging().batch().put(Table::Draft, key, encode_clock(&seen));
        self.clocks.push((number, seen));
        Ok(number)
    }
}

/// Whether all that one saw the other saw too.
fn is_earlier(one: &DraftClock, other: &DraftClock) -> bool {
    other.clock.includes(&one.clock) && one.own <= other.own
}
