//! Invites that end after a while.
//!
//! No clock decides who may write: an invite does not end because it is late, but because its issuer ends
//! it. Rows of the store say which to end and when; whoever runs the node has to look for what is due.

use std::ops::ControlFlow;

use ply_engine::{Batch, Durability, Engine, Order, Table, prefix_end};
use ply_types::{LogKey, Timestamp};

use super::Replica;
use crate::error::DriveError;
use crate::membership::{CONFIRMED_MAX, Issuer};

/// Reads the row of an invite: the second since 1970 in which it ends.
pub(crate) fn decode_end(row: &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(row.try_into().ok()?))
}

impl<E: Engine> Replica<E> {
    /// Has an invite end at a time, by its key. To be called by who made it.
    pub fn end_invite_at(&self, invite: &LogKey, at: Timestamp) -> Result<(), DriveError> {
        let mut batch = Batch::new();
        batch.put(Table::Member, self.end_key(invite.0.as_slice()), at.seconds.to_le_bytes());
        Ok(self.engine.apply(&batch, Durability::Synced)?)
    }

    /// Ends the invites that are due: those who came in by them stay, as far as this node has heard of
    /// them. Says whether there were any.
    pub fn end_due_invites(&self) -> Result<bool, DriveError> {
        let now = self.host.now().seconds;
        let due: Vec<LogKey> = self
            .ends()?
            .into_iter()
            .filter(|(_, end)| end.is_none_or(|end| end <= now))
            .map(|(invite, _)| invite)
            .collect();
        for invite in &due {
            self.end_invite(invite)?;
        }
        Ok(!due.is_empty())
    }

    fn end_invite(&self, invite: &LogKey) -> Result<(), DriveError> {
        // Who is no admin any more has no say, and nothing to end.
        if let Some(signer) = self.admin_signer() {
            let membership = self.membership();
            let came_in = membership.writers().filter(|(_, status)| status.invite == Some(*invite));
            let confirmed: Vec<LogKey> = came_in.map(|(&writer, _)| writer).collect();
            let mut parts: Vec<&[LogKey]> = confirmed.chunks(CONFIRMED_MAX).collect();
            if parts.is_empty() {
                parts.push(&[]);
            }
            for part in parts {
                let seen = self.seen_by(&signer.key(), None);
                let record = Issuer::new(&signer, self.id(), &seen).revoke(*invite, part);
                let record = record.map_err(|error| {
                    self.inconsistent(&format!("the end of an invite cannot be signed: {error}"))
                })?;
                self.take_records(vec![record])?;
            }
        }
        let mut batch = Batch::new();
        batch.delete(Table::Member, self.end_key(invite.0.as_slice()));
        Ok(self.engine.apply(&batch, Durability::Synced)?)
    }

    /// Invites that are to end. One whose row cannot be made out has no time: it ends at once.
    fn ends(&self) -> Result<Vec<(LogKey, Option<i64>)>, DriveError> {
        let prefix = self.end_key(&[]);
        let (mut ends, end) = (Vec::new(), prefix_end(&prefix));
        self.engine.scan(Table::Member, &prefix, &end, Order::Ascending, &mut |key, row| {
            let invite = key.get(prefix.len()..).and_then(|key| LogKey::try_from(key).ok());
            ends.extend(invite.map(|invite| (invite, decode_end(row))));
            ControlFlow::Continue(())
        })?;
        Ok(ends)
    }

    fn end_key(&self, invite: &[u8]) -> Vec<u8> {
        [self.id().0.as_slice(), b"x", invite].concat()
    }
}
