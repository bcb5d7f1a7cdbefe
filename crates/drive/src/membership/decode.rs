//! Bytes to records: every length and every rule that one record can break by itself.

use ply_log::{Signature, verify};
use ply_proto as proto;
use ply_types::{DriveId, Epoch, LogKey, RecordId, TreeHash};

use super::error::RecordError;
use super::record::{
    CONFIRMED_MAX, FLOOR_LOGS_MAX, Prefix, RECORD_BYTES_MAX, ROTATION_KEYS_MAX, Record, Role,
    SEALED_KEY_BYTES_MAX, SEEN_MAX, SELF_ADMISSION_BYTES_MAX, SLOTS_MAX, SealedKey, What,
};

/// What signatures over records are bound to.
pub(super) const SIGNATURE_CONTEXT: &str = "plywood 2026-11 membership record";
/// What names of records are derived under.
const ID_CONTEXT: &str = "plywood 2026-11 membership record id";
/// For errors.
const RECORD: &str = "membership record";

/// Reads one signed record and all that it carries.
pub(super) fn record(drive: &DriveId, bytes: &[u8]) -> Result<Record, RecordError> {
    let (signed, message) = open(drive, bytes)?;
    let what = match message.what {
        Some(proto::record::What::SelfAdmission(said)) => {
            check_count("earlier records in a self-admission", message.seen.len(), 0)?;
            self_admission(drive, &signed, bytes, &said)?
        }
        other => plain(drive, signed.issuer, other)?,
    };
    signed.finish(drive, bytes, &message.seen, what)
}

/// A record that can carry no other.
fn plain_record(drive: &DriveId, bytes: &[u8]) -> Result<Record, RecordError> {
    let (signed, message) = open(drive, bytes)?;
    let what = plain(drive, signed.issuer, message.what)?;
    signed.finish(drive, bytes, &message.seen, what)
}

/// The outer message, its parts in their types.
struct Signed {
    record: Vec<u8>,
    issuer: LogKey,
    signature: Signature,
}

impl Signed {
    /// Checks the signature, last because it costs most.
    fn finish(
        self,
        drive: &DriveId,
        bytes: &[u8],
        seen: &[Vec<u8>],
        what: What,
    ) -> Result<Record, RecordError> {
        let seen = seen
            .iter()
            .map(|id| fixed("earlier record", id).map(RecordId))
            .collect::<Result<_, _>>()?;
        verify(&self.issuer, SIGNATURE_CONTEXT, &self.record, &self.signature)
            .map_err(|_| RecordError::Signature { issuer: self.issuer })?;
        let id = record_id(&self.issuer, &self.record);
        let (drive, bytes) = (*drive, bytes.to_vec());
        Ok(Record { id, drive, issuer: self.issuer, seen, what, bytes })
    }
}

/// Unwraps both messages and checks that they speak of the drive.
fn open(drive: &DriveId, bytes: &[u8]) -> Result<(Signed, proto::Record), RecordError> {
    let signed: proto::SignedRecord = proto::decode(RECORD, RECORD_BYTES_MAX, bytes)?;
    let message: proto::Record = proto::decode(RECORD, RECORD_BYTES_MAX, &signed.record)?;
    let found = DriveId(fixed("drive", &message.drive)?);
    if found != *drive {
        return Err(RecordError::WrongDrive { expected: *drive, found });
    }
    check_count("earlier records", message.seen.len(), SEEN_MAX)?;
    let issuer = LogKey(fixed("issuer", &signed.issuer)?);
    let signature = Signature(fixed("signature", &signed.signature)?);
    Ok((Signed { record: signed.record, issuer, signature }, message))
}

/// Names a record. The signature stays out: a signer can make many over the same words.
fn record_id(issuer: &LogKey, record: &[u8]) -> RecordId {
    let mut hasher = blake3::Hasher::new_derive_key(ID_CONTEXT);
    hasher.update(issuer.as_bytes()).update(record);
    RecordId(*hasher.finalize().as_bytes())
}

fn self_admission(
    drive: &DriveId,
    signed: &Signed,
    bytes: &[u8],
    said: &proto::SelfAdmission,
) -> Result<What, RecordError> {
    check_count("bytes of a self-admission", bytes.len(), SELF_ADMISSION_BYTES_MAX)?;
    let writer = log_key("writer", drive, &said.writer)?;
    let invite = plain_record(drive, &said.invite)?;
    let What::Invite { key, slots, .. } = invite.what else {
        return Err(RecordError::NoInvite { writer });
    };
    if signed.issuer != key {
        return Err(RecordError::WrongInvite { writer, issuer: signed.issuer, invite: key });
    }
    if slots <= said.slot {
        return Err(RecordError::Slot { slot: said.slot, slots });
    }
    Ok(What::SelfAdmission { writer, slot: said.slot, invite: Box::new(invite) })
}

fn plain(
    drive: &DriveId,
    issuer: LogKey,
    what: Option<proto::record::What>,
) -> Result<What, RecordError> {
    use proto::record::What as Said;
    match what {
        Some(Said::Admission(said)) => Ok(What::Admission {
            writer: log_key("writer", drive, &said.writer)?,
            role: role(issuer, said.role)?,
        }),
        Some(Said::Invite(said)) => invite(drive, issuer, &said),
        Some(Said::Removal(said)) => Ok(What::Removal {
            writer: log_key("writer", drive, &said.writer)?,
            cut: prefix(said.length, &said.root)?,
        }),
        Some(Said::Revocation(said)) => revocation(drive, &said),
        Some(Said::Floor(said)) => floor(drive, issuer, &said),
        Some(Said::Rotation(said)) => rotation(drive, said),
        Some(Said::SelfAdmission(said)) => {
            Err(RecordError::NoInvite { writer: log_key("writer", drive, &said.writer)? })
        }
        None => Err(RecordError::Newer { issuer, what: "kind of record" }),
    }
}

fn invite(drive: &DriveId, issuer: LogKey, said: &proto::Invite) -> Result<What, RecordError> {
    if said.slots == 0 || SLOTS_MAX < said.slots {
        return Err(RecordError::Slots { slots: said.slots, max: SLOTS_MAX });
    }
    let key = log_key("invite", drive, &said.key)?;
    Ok(What::Invite { key, role: role(issuer, said.role)?, slots: said.slots })
}

fn revocation(drive: &DriveId, said: &proto::Revocation) -> Result<What, RecordError> {
    check_count("confirmed writers", said.confirmed.len(), CONFIRMED_MAX)?;
    let invite = log_key("invite", drive, &said.invite)?;
    let confirmed = said.confirmed.iter().map(|key| log_key("confirmed writer", drive, key));
    Ok(What::Revocation { invite, confirmed: confirmed.collect::<Result<_, _>>()? })
}

fn floor(drive: &DriveId, issuer: LogKey, said: &proto::Floor) -> Result<What, RecordError> {
    if issuer.0 != drive.0 {
        return Err(RecordError::NotTheDrive { issuer });
    }
    check_count("logs of a floor", said.logs.len(), FLOOR_LOGS_MAX)?;
    let logs = said
        .logs
        .iter()
        .map(|log| Ok((log_key("writer", drive, &log.writer)?, prefix(log.length, &log.root)?)));
    Ok(What::Floor { logs: logs.collect::<Result<_, RecordError>>()? })
}

fn rotation(drive: &DriveId, said: proto::Rotation) -> Result<What, RecordError> {
    check_count("keys of a rotation", said.keys.len(), ROTATION_KEYS_MAX)?;
    let epoch = Epoch(fixed("epoch", &said.epoch)?);
    let keys = said.keys.into_iter().map(|key| {
        check_count("bytes of a sealed key", key.sealed.len(), SEALED_KEY_BYTES_MAX)?;
        let writer = log_key("writer", drive, &key.writer)?;
        Ok(SealedKey { writer, sealed: key.sealed })
    });
    Ok(What::Rotation { epoch, keys: keys.collect::<Result<_, RecordError>>()? })
}

fn role(issuer: LogKey, role: i32) -> Result<Role, RecordError> {
    match proto::Role::try_from(role) {
        Ok(proto::Role::Writer) => Ok(Role::Writer),
        Ok(proto::Role::Admin) => Ok(Role::Admin),
        Err(_) => Err(RecordError::Newer { issuer, what: "role" }),
    }
}

fn prefix(length: u64, root: &[u8]) -> Result<Prefix, RecordError> {
    Ok(Prefix { length, root: TreeHash(fixed("root", root)?) })
}

/// A key that names a log or an invite, and so is not the drive's.
fn log_key(field: &'static str, drive: &DriveId, bytes: &[u8]) -> Result<LogKey, RecordError> {
    let key = fixed(field, bytes)?;
    if key == drive.0 { Err(RecordError::DriveKey { drive: *drive }) } else { Ok(LogKey(key)) }
}

fn fixed<const BYTES: usize>(
    field: &'static str,
    bytes: &[u8],
) -> Result<[u8; BYTES], RecordError> {
    let wrong = |_| RecordError::Field { field, bytes: BYTES, found_bytes: bytes.len() };
    bytes.try_into().map_err(wrong)
}

fn check_count(what: &'static str, count: usize, max: usize) -> Result<(), RecordError> {
    if max < count { Err(RecordError::TooMany { what, count, max }) } else { Ok(()) }
}
