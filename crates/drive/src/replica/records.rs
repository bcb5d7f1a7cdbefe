//! The records of membership that are held: in memory what is in the store, and nothing else.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use ply_engine::{Batch, Durability, Engine, Order, Table, prefix_end};
use ply_types::{DriveId, LogKey, RecordId};

use super::{Replica, State, forks};
use crate::error::DriveError;
use crate::membership::{ForkPoint, Inserted, Membership, Record, RecordSet, What};

fn record_key(drive: &DriveId, record: &RecordId) -> Vec<u8> {
    [drive.0.as_slice(), b"r", record.0.as_slice()].concat()
}

/// Records and what follows from them, with changes that are not stored yet.
struct Offered {
    records: RecordSet,
    forks: Vec<ForkPoint>,
    membership: Arc<Membership>,
    batch: Batch,
}

impl<E: Engine> Replica<E> {
    /// Reads the records of a drive from the store.
    pub(super) fn load_members(&self) -> Result<(), DriveError> {
        let id = self.id();
        let prefix = [id.0.as_slice(), b"r"].concat();
        let mut rows = Vec::new();
        let end = prefix_end(&prefix);
        self.engine.scan(Table::Member, &prefix, &end, Order::Ascending, &mut |_, row| {
            rows.push(row.to_vec());
            ControlFlow::Continue(())
        })?;
        // As one: a claim to a slot is kept only if it wins or another record refers to it.
        let records: RecordSet = rows
            .iter()
            .map(|row| Record::parse(&id, row))
            .collect::<Result<_, _>>()
            .map_err(|error| self.inconsistent(&format!("a membership record: {error}")))?;
        let forks = self.load_forks()?;
        let membership = Membership::evaluate(id, records.iter(), &forks::points(&forks));
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.records = records;
        state.forks = forks;
        state.membership = Some(Arc::new(membership));
        Ok(())
    }

    /// Who may write.
    pub fn membership(&self) -> Arc<Membership> {
        self.members_of(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn members_of(&self, state: &State) -> Arc<Membership> {
        match &state.membership {
            Some(membership) => Arc::clone(membership),
            None => Arc::new(Membership::evaluate(self.id(), [], &[])),
        }
    }

    /// Hash of all records and proofs of forks held: peers compare it.
    pub fn records_hash(&self) -> [u8; 32] {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        forks::hash(state.records.hash(), &state.forks)
    }

    /// Every record held, as signed.
    pub fn records(&self) -> Vec<Vec<u8>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.records.iter().map(|record| record.as_bytes().to_vec()).collect()
    }

    /// The records that name a writer to be let in. Another node takes heads of its log only where it has
    /// one of them that counts.
    pub fn admissions(&self, log: &LogKey) -> BTreeSet<RecordId> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let names = |record: &&Record| match record.what() {
            What::Admission { writer, .. } | What::SelfAdmission { writer, .. } => writer == log,
            _ => false,
        };
        state.records.iter().filter(names).map(Record::id).collect()
    }

    /// Takes records in from a peer: those that are malformed are the peer's fault
    /// ([`DriveError::Record`]), those that nobody with a say stands behind are passed over. Says
    /// whether any was new.
    pub fn accept_records<B: AsRef<[u8]>>(
        &self,
        records: impl IntoIterator<Item = B>,
    ) -> Result<bool, DriveError> {
        let id = self.id();
        let mut parsed = Vec::new();
        for record in records {
            parsed.push(Record::parse(&id, record.as_ref())?);
        }
        self.take_records(parsed)
    }

    /// Takes checked records in and evaluates anew. Nothing is known that is not durable.
    pub(crate) fn take_records(&self, mut records: Vec<Record>) -> Result<bool, DriveError> {
        {
            let _admitting = self.admitting.lock().unwrap_or_else(PoisonError::into_inner);
            let mut offered = {
                let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
                records.retain(|record| state.records.record(&record.id()).is_none());
                if records.is_empty() {
                    return Ok(false);
                }
                let membership = self.members_of(&state);
                let (records, forks) = (state.records.clone(), forks::points(&state.forks));
                Offered { records, forks, membership, batch: Batch::new() }
            };
            offered.take(self.id(), records);
            if offered.batch.is_empty() {
                return Ok(false);
            }
            self.engine.apply(&offered.batch, Durability::Synced)?;
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            state.records = offered.records;
            state.membership = Some(offered.membership);
        }
        self.refresh()?;
        self.claim_again()?;
        Ok(true)
    }
}

impl Offered {
    /// Takes those records that somebody with a say stands behind.
    fn take(&mut self, id: DriveId, mut waiting: Vec<Record>) {
        // One record can give the issuer of another a say, so offer what is left again.
        loop {
            let membership = &self.membership;
            let (wanted, rest): (Vec<Record>, Vec<Record>) =
                waiting.into_iter().partition(|record| membership.wants(record));
            waiting = rest;
            let mut is_new = false;
            // Claims last: which of them are kept depends on who refers to them.
            let (claims, others): (Vec<Record>, Vec<Record>) = wanted
                .into_iter()
                .partition(|record| matches!(record.what(), What::SelfAdmission { .. }));
            for record in others.into_iter().chain(claims) {
                is_new |= self.insert(id, record);
            }
            if !is_new {
                break;
            }
            let evaluated = Membership::evaluate(id, self.records.iter(), &self.forks);
            self.membership = Arc::new(evaluated);
        }
    }

    fn insert(&mut self, id: DriveId, record: Record) -> bool {
        let (key, row) = (record_key(&id, &record.id()), record.as_bytes().to_vec());
        if let Some(dropped) = self.records.dropped_by(&record) {
            self.batch.delete(Table::Member, record_key(&id, &dropped));
        }
        let is_new = self.records.insert(record) == Inserted::New;
        if is_new {
            self.batch.put(Table::Member, key, row);
        }
        is_new
    }
}
