//! Tickets to text and back.

use data_encoding::BASE32_NOPAD;
use ply_proto as proto;
use ply_types::{DriveId, ReadKey, Seed};
use zeroize::Zeroizing;

use super::{
    ADDRESS_BYTES_MAX, ADDRESSES_MAX, Access, Invitation, NAME_HINT_BYTES_MAX, TICKET_PREFIX,
    TICKET_TEXT_BYTES_MAX, Ticket, TicketError, hint,
};
use crate::membership::{Record, SELF_ADMISSION_BYTES_MAX};
use crate::settings::Cutting;

/// The version written here and the newest that can be read.
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;
const CHECKSUM_CONTEXT: &str = "plywood 2026-11 ticket checksum";

/// Bytes of how a drive cuts: three sizes of up to 1 MiB in 4 bytes each, a level in 2, and 2 before.
const CUTTING_BYTES_MAX: usize = 3 * 4 + 2 + 2;
/// Bytes of when it ends.
const EXPIRES_BYTES_MAX: usize = 1 + 10;
/// Bytes of everything but addresses: 34 for each of three keys, 8 for flag and lengths, the
/// invite, which fits into a self-admission, the name, how it cuts, when it ends, version and checksum.
const REST_BYTES_MAX: usize = 3 * 34
    + 8
    + SELF_ADMISSION_BYTES_MAX
    + NAME_HINT_BYTES_MAX
    + CUTTING_BYTES_MAX
    + EXPIRES_BYTES_MAX
    + 1
    + CHECKSUM_BYTES;
/// With 3 bytes before each address.
const BYTES_MAX: usize = REST_BYTES_MAX + ADDRESSES_MAX * (ADDRESS_BYTES_MAX + 3);
const _: () = assert!(TICKET_PREFIX.len() + (BYTES_MAX * 8).div_ceil(5) <= TICKET_TEXT_BYTES_MAX);

/// Writes a ticket.
pub(super) fn text(ticket: &Ticket) -> String {
    let (public, read_key) = match &ticket.access {
        Access::Public => (true, Vec::new()),
        Access::Read(key) => (false, key.expose().to_vec()),
        Access::Blind => (false, Vec::new()),
    };
    let invitation = ticket.invitation.as_ref();
    let message = proto::Ticket {
        drive: ticket.drive.0.to_vec(),
        read_key,
        invite_secret: invitation.map(|it| it.secret.expose().to_vec()).unwrap_or_default(),
        invite: invitation.map(|it| it.invite.as_bytes().to_vec()).unwrap_or_default(),
        addresses: ticket.addresses.clone(),
        name: ticket.name.clone(),
        public,
        expires: ticket.expires,
        cutting: (ticket.cutting != Cutting::DEFAULT).then(|| ticket.cutting.to_proto()),
    };
    let mut bytes = Zeroizing::new(vec![VERSION]);
    bytes.extend(proto::encode(&message));
    let checksum = checksum(&bytes);
    bytes.extend(checksum);
    format!("{TICKET_PREFIX}{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// Reads a ticket.
pub(super) fn parse(text: &str) -> Result<Ticket, TicketError> {
    let text = text.trim();
    if TICKET_TEXT_BYTES_MAX < text.len() {
        return Err(TicketError::TooLong { text_bytes: text.len() });
    }
    let (prefix, body) =
        text.split_at_checked(TICKET_PREFIX.len()).ok_or(TicketError::NotATicket)?;
    if !prefix.eq_ignore_ascii_case(TICKET_PREFIX) {
        return Err(TicketError::NotATicket);
    }
    let body = Zeroizing::new(body.to_ascii_uppercase());
    let bytes = BASE32_NOPAD.decode(body.as_bytes()).map_err(|_| TicketError::Mistyped)?;
    let bytes = Zeroizing::new(bytes);
    let (said, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(TicketError::Mistyped)?;
    if checksum(said) != *sum {
        return Err(TicketError::Mistyped);
    }
    match said.split_first() {
        Some((&VERSION, message)) => ticket(message),
        Some((&version, _)) if VERSION < version => Err(TicketError::Newer { version }),
        _ => Err(TicketError::Malformed { what: "no such version" }),
    }
}

fn ticket(bytes: &[u8]) -> Result<Ticket, TicketError> {
    let said: proto::Ticket = proto::decode("ticket", BYTES_MAX, bytes)?;
    let drive = DriveId(key(&said.drive, "the drive's key has a wrong length")?);
    let access = match (said.public, said.read_key.as_slice()) {
        (true, []) => Access::Public,
        (false, []) => Access::Blind,
        (false, read) => Access::Read(ReadKey::new(key(read, "the read key has a wrong length")?)),
        (true, _) => return Err(TicketError::Malformed { what: "public, with a read key" }),
    };
    let fits = said.addresses.iter().all(|address| hint::is_address(address));
    if !fits || ADDRESSES_MAX < said.addresses.len() {
        return Err(TicketError::Malformed { what: "addresses too many or too long" });
    }
    let cutting = match &said.cutting {
        Some(cutting) => Cutting::from_proto(cutting),
        None => Ok(Cutting::DEFAULT),
    };
    let ticket = Ticket::new(drive, access)
        .with_addresses(said.addresses)
        .with_name(&said.name)
        .with_cutting(cutting.map_err(|what| TicketError::Malformed { what })?)
        .with_expiry(said.expires);
    match (said.invite_secret.as_slice(), said.invite.as_slice()) {
        ([], []) => Ok(ticket),
        (secret, invite) => {
            let secret = Seed::new(key(secret, "the invite's secret has a wrong length")?);
            let invite = Record::parse(&drive, invite)?;
            ticket.with_invitation(Invitation::new(secret, invite)?)
        }
    }
}

fn key(bytes: &[u8], what: &'static str) -> Result<[u8; 32], TicketError> {
    bytes.try_into().map_err(|_| TicketError::Malformed { what })
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, ..] = blake3::derive_key(CHECKSUM_CONTEXT, bytes);
    [a, b, c, d]
}
