//! Parts of other writers' trees that these signed and nobody can read.
//!
//! Such a part will not come from anybody, so nobody waits for it: it is passed over and its writer named.
//! What is written at a path where it may have a say stands beside that, as beside anything unseen.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ply_engine::Engine;
use ply_types::LogKey;

use super::Replica;
use crate::error::{DriveError, Missing};

/// Parts that are remembered. One that was forgotten is waited for until it is met again.
const PARTS_MAX: usize = 1 << 14;

/// What was met, with whose it is, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Malformed(Mutex<BTreeMap<(LogKey, Missing), String>>);

impl Malformed {
    fn met(&self) -> MutexGuard<'_, BTreeMap<(LogKey, Missing), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Engine> Replica<E> {
    /// The error for a part of a writer's tree that nobody can read, if one was met.
    pub fn malformed(&self, writer: &LogKey) -> Option<DriveError> {
        let met = self.malformed.met();
        let first = (*writer, Missing { log: LogKey([0; 32]), block: 0 });
        let ((of, at), what) = met.range(first..).next()?;
        (of == writer).then(|| self.damaged(at.log, at.block, what))
    }

    /// The same for one part.
    pub(crate) fn malformed_at(&self, writer: LogKey, at: Missing) -> Option<DriveError> {
        let what = self.malformed.met().get(&(writer, at)).cloned()?;
        Some(self.damaged(at.log, at.block, &what))
    }

    /// See [`View::whole`](crate::View::whole).
    pub(crate) fn whole(&self, missing: &[(LogKey, Missing)]) -> Result<(), DriveError> {
        let met = self.malformed.met();
        match missing.iter().find(|part| !met.contains_key(part)) {
            Some((_, missing)) => Err(DriveError::Missing(*missing)),
            None => Ok(()),
        }
    }

    /// Whether any was met, of whomever.
    pub(crate) fn has_malformed(&self) -> bool {
        !self.malformed.met().is_empty()
    }

    pub(crate) fn note_malformed(&self, writer: LogKey, at: Missing, what: String) {
        let mut met = self.malformed.met();
        if PARTS_MAX <= met.len() && !met.contains_key(&(writer, at)) {
            met.pop_first();
        }
        met.insert((writer, at), what);
    }
}
