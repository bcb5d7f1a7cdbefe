//! Proofs that writers signed two histories. They are kept for ever, and handed on like records.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use ply_engine::{Batch, Durability, Engine, Order, Table, prefix_end};
use ply_log::{FORK_BYTES_MAX, Fork, ForkProof};
use ply_types::{DriveId, LogKey};

use super::Replica;
use crate::error::DriveError;
use crate::membership::{ForkPoint, Membership};

/// What the hash of records and forks is derived under.
const CONTEXT: &str = "plywood 2026-11 membership records and forks held";

/// One proof, checked: where the histories of a writer part.
#[derive(Clone, Debug)]
pub(super) struct Proved {
    common_length: u64,
    bytes: Vec<u8>,
}

/// The proofs that are held: of each writer the one that leaves least in common.
pub(super) type Forks = BTreeMap<LogKey, Proved>;

pub(super) fn points(forks: &Forks) -> Vec<ForkPoint> {
    let point =
        |(&log, proved): (&LogKey, &Proved)| ForkPoint { log, common_length: proved.common_length };
    forks.iter().map(point).collect()
}

/// One hash over what two nodes compare to know that they hold the same records and forks.
pub(super) fn hash(records: [u8; 32], forks: &Forks) -> [u8; 32] {
    if forks.is_empty() {
        return records;
    }
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&records);
    for (log, proved) in forks {
        hasher.update(&log.0).update(&proved.common_length.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn fork_key(drive: &DriveId, log: &LogKey) -> Vec<u8> {
    [drive.0.as_slice(), b"f", log.0.as_slice()].concat()
}

/// Checks a proof. `None` where it shows a fork, but not where the histories part: the one who found
/// it could have said so.
fn check(bytes: &[u8]) -> Result<Option<Fork>, DriveError> {
    let wrong = |what: String| DriveError::Fork { what };
    if FORK_BYTES_MAX < bytes.len() {
        return Err(wrong("longer than any proof".to_owned()));
    }
    let proof = ForkProof::decode(bytes).map_err(|error| wrong(error.to_string()))?;
    let fork = proof.check().map_err(|error| wrong(error.to_string()))?;
    Ok(fork.is_first.then_some(fork))
}

impl<E: Engine> Replica<E> {
    /// Reads the proofs from the store.
    pub(super) fn load_forks(&self) -> Result<Forks, DriveError> {
        let prefix = [self.id().0.as_slice(), b"f"].concat();
        let (mut rows, end) = (Vec::new(), prefix_end(&prefix));
        self.engine.scan(Table::Member, &prefix, &end, Order::Ascending, &mut |_, row| {
            rows.push(row.to_vec());
            ControlFlow::Continue(())
        })?;
        let mut forks = Forks::new();
        for bytes in rows {
            let fork = check(&bytes).map_err(|error| self.inconsistent(&error.to_string()))?;
            let Some(fork) = fork else { continue };
            forks.insert(fork.log, Proved { common_length: fork.common, bytes });
        }
        Ok(forks)
    }

    /// Every proof of a fork that is held, encoded.
    pub fn forks(&self) -> Vec<Vec<u8>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.forks.values().map(|proved| proved.bytes.clone()).collect()
    }

    /// Whether a proof is held that a writer signed two histories.
    pub fn is_forked(&self, writer: &LogKey) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.forks.contains_key(writer)
    }

    /// Takes proofs of forks in. Those that do not hold are the peer's fault ([`DriveError::Fork`]);
    /// those of nobody who writes here are passed over. Says whether any was new.
    pub fn accept_forks<B: AsRef<[u8]>>(
        &self,
        proofs: impl IntoIterator<Item = B>,
    ) -> Result<bool, DriveError> {
        let id = self.id();
        {
            let _admitting = self.admitting.lock().unwrap_or_else(PoisonError::into_inner);
            let membership = self.membership();
            let mut forks = {
                let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
                state.forks.clone()
            };
            let mut batch = Batch::new();
            for bytes in proofs {
                let bytes = bytes.as_ref();
                let Some(fork) = check(bytes)? else { continue };
                let held = forks.get(&fork.log).map(|held| held.common_length);
                let is_known = held.is_some_and(|held| held <= fork.common);
                if is_known || membership.writer(&fork.log).is_none() {
                    continue;
                }
                batch.put(Table::Member, fork_key(&id, &fork.log), bytes.to_vec());
                let proved = Proved { common_length: fork.common, bytes: bytes.to_vec() };
                forks.insert(fork.log, proved);
            }
            if batch.is_empty() {
                return Ok(false);
            }
            self.engine.apply(&batch, Durability::Synced)?;
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let evaluated = Membership::evaluate(id, state.records.iter(), &points(&forks));
            state.forks = forks;
            state.membership = Some(Arc::new(evaluated));
        }
        self.refresh()?;
        Ok(true)
    }
}
