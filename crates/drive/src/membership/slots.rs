//! Who of those that came in by invites counts.

use std::collections::{BTreeMap, BTreeSet};

use ply_types::{LogKey, RecordId};

use super::record::{Record, What};

/// A slot of an invite.
pub(super) type Place = (RecordId, u32);

/// A self-admission taken apart.
#[derive(Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) record: &'a Record,
    pub(super) writer: LogKey,
    pub(super) invite: &'a Record,
    pub(super) key: LogKey,
    pub(super) slot: u32,
}

/// Claims to slots, and what admins have said about them so far.
#[derive(Default)]
pub(super) struct Slots<'a> {
    claims: BTreeMap<Place, Vec<Claim<'a>>>,
    admitted: BTreeSet<LogKey>,
    revoked: BTreeMap<LogKey, BTreeSet<LogKey>>,
}

impl<'a> Claim<'a> {
    /// `None` for every other kind of record.
    pub(super) fn of(record: &'a Record) -> Option<Self> {
        let What::SelfAdmission { writer, slot, invite } = record.what() else { return None };
        let invite = &**invite;
        let (writer, slot, key) = (*writer, *slot, record.issuer());
        Some(Self { record, writer, invite, key, slot })
    }

    pub(super) fn place(&self) -> Place {
        (self.invite.id(), self.slot)
    }
}

impl<'a> Slots<'a> {
    /// Enters a claim. All claims to one slot must be entered before any is [won](Self::is_won).
    pub(super) fn claim(&mut self, claim: Claim<'a>) {
        self.claims.entry(claim.place()).or_default().push(claim);
    }

    /// An admin named this key itself.
    pub(super) fn admit(&mut self, writer: LogKey) {
        self.admitted.insert(writer);
    }

    /// An admin ended an invite. Several may, each with others to be kept: all of those stay.
    pub(super) fn revoke(&mut self, invite: LogKey, confirmed: &[LogKey]) {
        self.revoked.entry(invite).or_default().extend(confirmed);
    }

    /// Whether a claim holds by what was said so far.
    ///
    /// The lowest name has the slot until somebody in it is confirmed; then only the confirmed
    /// have.
    pub(super) fn is_won(&self, claim: &Claim<'_>) -> bool {
        if self.is_confirmed(claim) {
            return true;
        }
        let claims = self.claims.get(&claim.place()).map(Vec::as_slice).unwrap_or_default();
        let lowest = claims.iter().map(|other| other.record.id()).min();
        !self.revoked.contains_key(&claim.key)
            && lowest == Some(claim.record.id())
            && !claims.iter().any(|other| self.is_confirmed(other))
    }

    /// Keys of the invites that were ended.
    pub(super) fn into_revoked(self) -> BTreeSet<LogKey> {
        self.revoked.into_keys().collect()
    }

    fn is_confirmed(&self, claim: &Claim<'_>) -> bool {
        self.admitted.contains(&claim.writer)
            || self.revoked.get(&claim.key).is_some_and(|kept| kept.contains(&claim.writer))
    }
}
