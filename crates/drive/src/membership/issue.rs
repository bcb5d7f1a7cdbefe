//! Signing records: one function for each kind.

use ply_log::Signer;
use ply_proto as proto;
use ply_types::{DriveId, Epoch, LogKey, RecordId, Seed};

use super::decode::{self, SIGNATURE_CONTEXT};
use super::error::{IssueError, RecordError};
use super::record::{Prefix, Record, Role, SealedKey, What};

/// Somebody about to sign records of a drive.
///
/// What comes out was read back through [`Record::parse`], so no peer refuses what was signed here
/// for its form. Whether it counts depends on who the signer is.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    signer: &'a Signer,
    drive: DriveId,
    seen: &'a [RecordId],
}

impl<'a> Issuer<'a> {
    /// The holder of `signer`, who knows the records `seen`.
    ///
    /// `seen` is what [`Membership::seen`](super::Membership::seen) says. At most
    /// [`SEEN_MAX`](super::SEEN_MAX); in any order.
    pub fn new(signer: &'a Signer, drive: DriveId, seen: &'a [RecordId]) -> Self {
        Self { signer, drive, seen }
    }

    /// Lets a key write. For one that came in by an invite, this confirms its slot.
    pub fn admit(&self, writer: LogKey, role: Role) -> Result<Record, IssueError> {
        let said = proto::Admission { writer: writer.0.to_vec(), role: role_number(role) };
        self.sign(proto::record::What::Admission(said))
    }

    /// Makes an invite out of 32 fresh random bytes, its secret.
    ///
    /// It names no earlier records, so that it stays small inside a self-admission.
    pub fn invite(&self, secret: &Seed, role: Role, slots: u32) -> Result<Record, IssueError> {
        let key = Signer::new(secret).key().0.to_vec();
        let said = proto::Invite { key, role: role_number(role), slots };
        Self { seen: &[], ..*self }.sign(proto::record::What::Invite(said))
    }

    /// Ends a log at `cut`.
    ///
    /// If its writer is an admin, what that one issued and `seen` does not name is void.
    pub fn remove(&self, writer: LogKey, cut: Prefix) -> Result<Record, IssueError> {
        let (length, root) = (cut.length, cut.root.0.to_vec());
        let said = proto::Removal { writer: writer.0.to_vec(), length, root };
        self.sign(proto::record::What::Removal(said))
    }

    /// Ends an invite. Of those who came in by it, `confirmed` stay.
    pub fn revoke(&self, invite: LogKey, confirmed: &[LogKey]) -> Result<Record, IssueError> {
        let confirmed = confirmed.iter().map(|key| key.0.to_vec()).collect();
        let said = proto::Revocation { invite: invite.0.to_vec(), confirmed };
        self.sign(proto::record::What::Revocation(said))
    }

    /// Pins prefixes of logs for ever. Only the drive's key may.
    pub fn floor(&self, logs: &[(LogKey, Prefix)]) -> Result<Record, IssueError> {
        let logs = logs.iter().map(|(writer, prefix)| proto::FloorLog {
            writer: writer.0.to_vec(),
            length: prefix.length,
            root: prefix.root.0.to_vec(),
        });
        self.sign(proto::record::What::Floor(proto::Floor { logs: logs.collect() }))
    }

    /// Hands a new read key to those who stay.
    pub fn rotate(&self, epoch: Epoch, keys: &[SealedKey]) -> Result<Record, IssueError> {
        let keys = keys.iter().map(|key| proto::SealedKey {
            writer: key.writer.0.to_vec(),
            sealed: key.sealed.clone(),
        });
        let said = proto::Rotation { epoch: epoch.0.to_vec(), keys: keys.collect() };
        self.sign(proto::record::What::Rotation(said))
    }

    fn sign(&self, what: proto::record::What) -> Result<Record, IssueError> {
        let mut seen = self.seen.to_vec();
        seen.sort_unstable();
        seen.dedup();
        let record = proto::encode(&proto::Record {
            drive: self.drive.0.to_vec(),
            seen: seen.iter().map(|id| id.0.to_vec()).collect(),
            what: Some(what),
        });
        let signature = self.signer.sign(SIGNATURE_CONTEXT, &record).0.to_vec();
        let issuer = self.signer.key().0.to_vec();
        let bytes = proto::encode(&proto::SignedRecord { record, issuer, signature });
        Ok(decode::record(&self.drive, &bytes)?)
    }
}

impl Record {
    /// Lets `writer` in by an invite whose secret the caller has.
    ///
    /// Slots are first come, first served: an invite with many is best entered at a random one.
    pub fn self_admission(
        secret: &Seed,
        invite: &Self,
        writer: LogKey,
        slot: u32,
    ) -> Result<Self, IssueError> {
        if !matches!(invite.what, What::Invite { .. }) {
            return Err(IssueError(RecordError::NoInvite { writer }));
        }
        let said =
            proto::SelfAdmission { writer: writer.0.to_vec(), slot, invite: invite.bytes.clone() };
        let signer = Signer::new(secret);
        Issuer::new(&signer, invite.drive, &[]).sign(proto::record::What::SelfAdmission(said))
    }
}

fn role_number(role: Role) -> i32 {
    match role {
        Role::Writer => proto::Role::Writer.into(),
        Role::Admin => proto::Role::Admin.into(),
    }
}
