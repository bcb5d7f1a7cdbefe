//! Why a text is not a ticket, in words for whoever pasted it.

use ply_proto::DecodeError;
use ply_types::Fault;
use thiserror::Error;

use super::TICKET_TEXT_BYTES_MAX;
use crate::membership::RecordError;

/// Why a text is not a ticket.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TicketError {
    /// It does not start as one.
    #[error("not a ticket: a ticket starts with 'ply1'")]
    NotATicket,
    /// Longer than any ticket.
    #[error("not a ticket: {text_bytes} bytes exceed {TICKET_TEXT_BYTES_MAX}")]
    TooLong {
        /// Its length, without blanks around it.
        text_bytes: usize,
    },
    /// A character is wrong, missing or too many.
    #[error("the ticket is incomplete or mistyped: copy it again, as a whole")]
    Mistyped,
    /// Of a form that this program does not know.
    #[error("the ticket has version {version}, made by a newer ply: update to join")]
    Newer {
        /// The version it says.
        version: u8,
    },
    /// Undamaged, and yet no message.
    #[error("the ticket is malformed")]
    Encoding(#[from] DecodeError),
    /// Undamaged, and yet it makes no sense.
    #[error("the ticket is malformed: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The invite in it does not hold.
    #[error("the invite in the ticket is malformed")]
    Invite(#[from] RecordError),
    /// Invite, secret and drive do not belong together.
    #[error("the invite in the ticket is not one of this drive, or has another secret")]
    InviteMismatch,
}

impl TicketError {
    /// Who must act: whoever typed or made the ticket.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}
