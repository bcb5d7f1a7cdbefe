//! Why bytes are not a membership record, or why one cannot be signed.

use ply_proto::DecodeError;
use ply_types::{DriveId, Fault, LogKey};
use thiserror::Error;

/// Why bytes are not a valid record of this drive.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Too long, or not the message.
    #[error("not a membership record")]
    Encoding(#[from] DecodeError),
    /// A field has the wrong length.
    #[error("membership record: {field} has {found_bytes} bytes instead of {bytes}")]
    Field {
        /// Which one.
        field: &'static str,
        /// What it must have.
        bytes: usize,
        /// What it has.
        found_bytes: usize,
    },
    /// A role or kind of record that this version does not have.
    #[error("membership record by {issuer}: made by a newer version ({what})")]
    Newer {
        /// Who signed it.
        issuer: LogKey,
        /// What is not known here.
        what: &'static str,
    },
    /// It speaks of another drive.
    #[error("membership record of drive {found} where one of {expected} was due")]
    WrongDrive {
        /// The drive it should speak of.
        expected: DriveId,
        /// The drive it speaks of.
        found: DriveId,
    },
    /// The issuer did not sign it.
    #[error("membership record: not signed by {issuer}")]
    Signature {
        /// Who is said to have signed.
        issuer: LogKey,
    },
    /// The drive key signs membership only; it never names a log.
    #[error("membership record: the key of drive {drive} cannot be a writer or an invite")]
    DriveKey {
        /// The drive.
        drive: DriveId,
    },
    /// More in one record than fits.
    #[error("membership record: {count} {what} exceed {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// An invite for nobody, or for too many.
    #[error("an invite has 1 to {max} slots, not {slots}")]
    Slots {
        /// What it says.
        slots: u32,
        /// The limit.
        max: u32,
    },
    /// A self-admission by a slot that its invite does not have.
    #[error("slot {slot} of an invite with {slots} slots")]
    Slot {
        /// Which one.
        slot: u32,
        /// How many the invite has.
        slots: u32,
    },
    /// What a self-admission carries is no invite.
    #[error("self-admission of {writer} without an invite")]
    NoInvite {
        /// Who wants to come in.
        writer: LogKey,
    },
    /// A self-admission signed by something other than the secret of its invite.
    #[error("self-admission of {writer} is signed by {issuer} instead of invite {invite}")]
    WrongInvite {
        /// Who wants to come in.
        writer: LogKey,
        /// Who signed.
        issuer: LogKey,
        /// Who should have.
        invite: LogKey,
    },
    /// The issuer may not sign this kind.
    #[error("only the drive's own key signs floors, not {issuer}")]
    NotTheDrive {
        /// Who signed.
        issuer: LogKey,
    },
}

impl RecordError {
    /// Who must act: whoever sent the bytes.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Why a record was not signed: nobody would have taken it.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct IssueError(#[from] pub RecordError);

impl IssueError {
    /// Who must act: the caller, who asked for it.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}
