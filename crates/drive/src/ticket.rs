//! The string that one person hands another to join a drive.
//!
//! ```text
//! text    "ply1" · base32(bytes), lower case, no padding (RFC 4648)
//! bytes   version (1) · Ticket as protobuf · checksum (4)
//! ```
//!
//! The checksum is the start of a BLAKE3 over what precedes it. It catches slips of the hand and
//! the clipboard, not forgers: whoever can hand out a ticket could hand out another.
//!
//! # Invariants
//!
//! - Every [`Ticket`] has a text of at most [`TICKET_TEXT_BYTES_MAX`] bytes that reads back as
//!   itself.
//! - The invite of a ticket is a signed one of that drive, and the secret beside it is the
//!   invite's.
//! - `Debug` shows no secret. `Display` is the ticket, secrets and all.

mod codec;
mod error;
mod hint;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use ply_log::Signer;
use ply_types::{DriveId, LogKey, ReadKey, Seed};

use crate::membership::{IssueError, Record, What};
use crate::settings::Cutting;

pub use error::TicketError;

/// Longest text of a ticket, in bytes.
pub const TICKET_TEXT_BYTES_MAX: usize = 4096;
/// What every ticket of this form starts with.
pub const TICKET_PREFIX: &str = "ply1";
/// Addresses in one ticket: a node's own on each network, and a few relays.
pub const ADDRESSES_MAX: usize = 12;
/// Longest address. A relayed multiaddr with two peer ids has about 150 bytes.
pub const ADDRESS_BYTES_MAX: usize = 128;
/// Longest name, in bytes of UTF-8.
pub const NAME_HINT_BYTES_MAX: usize = 64;

/// What the holder of a ticket can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything, as anybody can: the drive is not sealed.
    Public,
    /// Everything, with this key.
    Read(ReadKey),
    /// Nothing: enough to be a blind mirror.
    Blind,
}

/// The right to let keys in by an invite.
#[derive(Clone, Debug)]
pub struct Invitation {
    secret: Seed,
    invite: Record,
}

/// A way into a drive. See the module's page for its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    drive: DriveId,
    access: Access,
    invitation: Option<Invitation>,
    addresses: Vec<String>,
    name: String,
    cutting: Cutting,
    expires: u64,
}

impl Invitation {
    /// The secret that signs self-admissions.
    pub fn secret(&self) -> &Seed {
        &self.secret
    }

    /// Puts an invite and its secret together; they must belong together.
    pub fn new(secret: Seed, invite: Record) -> Result<Self, TicketError> {
        match invite.what() {
            What::Invite { key, .. } if *key == Signer::new(&secret).key() => {
                Ok(Self { secret, invite })
            }
            _ => Err(TicketError::InviteMismatch),
        }
    }

    /// Signs `writer` in at a slot.
    pub fn self_admission(&self, writer: LogKey, slot: u32) -> Result<Record, IssueError> {
        Record::self_admission(&self.secret, &self.invite, writer, slot)
    }

    /// The signed invite.
    pub fn invite(&self) -> &Record {
        &self.invite
    }

    /// How many slots there are. A newcomer takes one at random.
    pub fn slots(&self) -> u32 {
        match self.invite.what() {
            What::Invite { slots, .. } => *slots,
            _ => 0,
        }
    }
}

impl PartialEq for Invitation {
    fn eq(&self, other: &Self) -> bool {
        // Compared as bytes: one record can be signed twice.
        self.secret == other.secret && self.invite.as_bytes() == other.invite.as_bytes()
    }
}

impl Eq for Invitation {}

impl Ticket {
    /// A ticket with nothing but the drive and what can be read of it.
    pub fn new(drive: DriveId, access: Access) -> Self {
        let (addresses, name) = (Vec::new(), String::new());
        let cutting = Cutting::DEFAULT;
        Self { drive, access, invitation: None, addresses, name, cutting, expires: 0 }
    }

    /// Adds the right to write. The invite must be one of this drive.
    pub fn with_invitation(mut self, invitation: Invitation) -> Result<Self, TicketError> {
        if invitation.invite.drive() != self.drive {
            return Err(TicketError::InviteMismatch);
        }
        self.invitation = Some(invitation);
        Ok(self)
    }

    /// Replaces the addresses, the best first. Those that no ticket can hold, and those over
    /// [`ADDRESSES_MAX`], are left out: a ticket works with any one of them.
    #[must_use]
    pub fn with_addresses(mut self, addresses: impl IntoIterator<Item = String>) -> Self {
        let fit = addresses.into_iter().filter(|address| hint::is_address(address));
        self.addresses = fit.take(ADDRESSES_MAX).collect();
        self
    }

    /// Proposes a name to those who join. What a name cannot hold is left out.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = hint::clean_name(name);
        self
    }

    /// Says how the drive cuts: whoever joins must cut alike, or equal content is stored twice.
    #[must_use]
    pub fn with_cutting(mut self, cutting: Cutting) -> Self {
        self.cutting = cutting;
        self
    }

    /// Says from which second since 1970 on it is not to be used; 0 for never. Only who reads it can
    /// heed that: to keep newcomers out, the invite has to be ended.
    #[must_use]
    pub fn with_expiry(mut self, expires: u64) -> Self {
        self.expires = expires;
        self
    }

    /// From when on it is not to be used, in seconds since 1970; `None` where it does not end.
    pub fn expires(&self) -> Option<u64> {
        (self.expires != 0).then_some(self.expires)
    }

    /// Reads a ticket as people paste it: blanks around it and upper case do no harm.
    pub fn parse(text: &str) -> Result<Self, TicketError> {
        codec::parse(text)
    }

    /// Which drive it leads to.
    pub fn drive(&self) -> DriveId {
        self.drive
    }

    /// What its holder can read.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What lets its holder write, if anything.
    pub fn invitation(&self) -> Option<&Invitation> {
        self.invitation.as_ref()
    }

    /// Where to find nodes that have the drive, the best first. Not checked to be multiaddrs.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// How the drive cuts. A ticket that says nothing of it is of a drive that cuts as most do.
    pub fn cutting(&self) -> Cutting {
        self.cutting
    }

    /// A name for the drive, safe to show and to use as the name of a directory; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&codec::text(self))
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
