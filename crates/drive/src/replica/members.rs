//! The members of a drive: admission of this node, invites.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use ply_engine::Engine;
use ply_log::Signer;
use ply_types::{LogKey, RecordId, Seed};

use super::Replica;
use crate::error::DriveError;
use crate::membership::{Issuer, RECORD_BYTES_MAX, Record, Role, What};
use crate::settings::Settings;

impl<E: Engine> Replica<E> {
    /// Whether this node may write, at once or by the invite it holds.
    pub fn is_writable(&self) -> bool {
        let settings = self.settings();
        self.is_readable()
            && (self.is_admitted()
                || settings.drive_secret.is_some()
                || self
                    .open_invite(&settings)
                    .is_some_and(|(_, invite)| self.has_free_slot(&invite)))
    }

    /// Whether this node's writer key was let in and not cut off.
    fn is_admitted(&self) -> bool {
        self.membership().writer(&self.writer_key()).is_some_and(|status| status.end.is_none())
    }

    /// The invite this node holds, unless it knows that it was revoked.
    fn open_invite(&self, settings: &Settings) -> Option<(Seed, Record)> {
        let invitation = settings.invitation.as_ref()?;
        let record = Record::parse(&self.id(), &invitation.record).ok()?;
        let key = Signer::new(&invitation.secret).key();
        let revoked = self.membership().invite_is_revoked(&key);
        (!revoked).then(|| (invitation.secret.clone(), record))
    }

    /// Makes this node a writer if it is not one: by the drive's own secret, or by an invite.
    pub(crate) fn admit_self(&self) -> Result<(), DriveError> {
        if self.is_admitted() {
            return Ok(());
        }
        let settings = self.settings();
        let writer = self.writer_key();
        if self.membership().writer(&writer).is_some() {
            // Its log has ended, and no admission opens it again.
            return Err(DriveError::ReadOnly { drive: settings.name });
        }
        let broken = |error: &dyn std::fmt::Display| {
            self.inconsistent(&format!("an admission cannot be signed: {error}"))
        };
        if let Some(secret) = &settings.drive_secret {
            let signer = Signer::new(secret);
            let record = Issuer::new(&signer, self.id(), &self.seen_by(&signer.key(), None))
                .admit(writer, Role::Admin)
                .map_err(|error| broken(&error))?;
            self.take_records(vec![record])?;
        } else if let Some((secret, invite)) = self.open_invite(&settings) {
            let What::Invite { slots, .. } = invite.what() else {
                return Err(DriveError::ReadOnly { drive: settings.name });
            };
            let slot = self
                .free_slot(&invite, *slots)
                .ok_or_else(|| DriveError::ReadOnly { drive: settings.name.clone() })?;
            let record = Record::self_admission(&secret, &invite, writer, slot)
                .map_err(|error| broken(&error))?;
            // The invite itself first: the claim rests on it.
            self.take_records(vec![invite, record])?;
        }
        if self.is_admitted() { Ok(()) } else { Err(DriveError::ReadOnly { drive: settings.name }) }
    }

    /// A slot of an invite that nobody is known to have claimed, by chance: others choose at the same
    /// time, and of two in one slot only one comes in.
    fn free_slot(&self, invite: &Record, slots: u32) -> Option<u32> {
        let free = self.free_slots(invite, slots);
        let [a, b, c, d, ..] = self.host.random();
        let count = u32::try_from(free.len()).ok().filter(|&count| 0 < count)?;
        let chosen = u32::from_le_bytes([a, b, c, d]) % count;
        usize::try_from(chosen).ok().and_then(|chosen| free.get(chosen)).copied()
    }

    /// Whether an invite lets one more in, as far as is known here.
    fn has_free_slot(&self, invite: &Record) -> bool {
        match invite.what() {
            What::Invite { slots, .. } => !self.free_slots(invite, *slots).is_empty(),
            _ => false,
        }
    }

    /// The slots of an invite that nobody is known to have claimed.
    fn free_slots(&self, invite: &Record, slots: u32) -> Vec<u32> {
        let taken: BTreeSet<u32> = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let claims = state.records.iter().filter_map(|record| match record.what() {
                What::SelfAdmission { slot, invite: by, .. } if by.id() == invite.id() => {
                    Some(*slot)
                }
                _ => None,
            });
            claims.collect()
        };
        (0..slots).filter(|slot| !taken.contains(slot)).collect()
    }

    /// Claims another slot where this node has written and lost the one that it had claimed.
    pub(super) fn claim_again(&self) -> Result<(), DriveError> {
        let has_written = 0 < self.logs.roots(&self.writer_key())?.length();
        let is_known = self.membership().writer(&self.writer_key()).is_some();
        if has_written && !is_known && self.open_invite(&self.settings()).is_some() {
            // It may have no slot left: then it stays a reader, and says so when it writes.
            match self.admit_self() {
                Ok(()) | Err(DriveError::ReadOnly { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes an invite with so many slots. Returns its secret and the signed record.
    pub fn invite(&self, role: Role, slots: u32) -> Result<(Seed, Vec<u8>), DriveError> {
        let secret = Seed::new(self.host.random());
        let not_admin = || DriveError::NotAdmin { drive: self.name() };
        let signer = self.admin_signer().ok_or_else(not_admin)?;
        let record = Issuer::new(&signer, self.id(), &[])
            .invite(&secret, role, slots)
            .map_err(|error| self.inconsistent(&format!("an invite cannot be signed: {error}")))?;
        let bytes = record.as_bytes().to_vec();
        debug_assert!(bytes.len() <= RECORD_BYTES_MAX, "the issuer checks what it signs");
        self.take_records(vec![record])?;
        Ok((secret, bytes))
    }

    /// What this node signs records with that only an admin may issue; `None` where it is none.
    pub(super) fn admin_signer(&self) -> Option<Signer> {
        if let Some(secret) = &self.settings().drive_secret {
            return Some(Signer::new(secret));
        }
        let is_admin = self.membership().is_admin(&self.writer_key());
        is_admin.then(|| Signer::new(&self.writer_seed))
    }

    /// What `issuer` should say that it knows in the next record that it signs; `about` is whom that
    /// record removes.
    pub fn seen_by(&self, issuer: &LogKey, about: Option<&LogKey>) -> Vec<RecordId> {
        let membership = self.membership();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        membership.seen(state.records.iter(), issuer, about).ids
    }

    /// Whether a peer's log may be opened and stored.
    pub fn admits(&self, writer: &LogKey) -> bool {
        self.membership().admits(writer)
    }
}
