//! Letting others into a drive, and coming into theirs.

use std::time::Duration;

use ply_drive::membership::{Role, What};
use ply_drive::ticket::{self, Ticket};
use ply_drive::{Access, Cutting, Invitation, Settings, write_settings};
use ply_types::{DriveId, ReadKey, Timestamp};

use super::{Node, names};
use crate::error::CommandError;
use crate::output::when;

/// Addresses that are remembered of one drive.
const ADDRESSES_MAX: usize = 64;
/// Digits of a key that stand in for a name.
const NAME_DIGITS: usize = 8;

/// What a ticket is to let its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Keep and pass on what it cannot read.
    Blind,
    /// Read.
    Read,
    /// Read and write.
    Write,
    /// Read, write, and let others in.
    Admin,
}

/// A drive that was joined.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    /// Its key.
    pub(crate) id: DriveId,
    /// Its name on this node.
    pub(crate) name: String,
    /// Whether the ticket has an invite that this node knows to let nobody in any more.
    pub(crate) is_spent: bool,
}

impl Node {
    /// Makes a ticket for a drive, good for so many new writers, and for so long.
    pub(crate) fn share(
        &self,
        text: &str,
        rights: Rights,
        uses: u32,
        expires: Option<Duration>,
    ) -> Result<Ticket, CommandError> {
        let replica = self.replica(text)?;
        let settings = replica.settings();
        replica.is_not_private()?;
        let access = match (&settings.access, rights) {
            (Access::Public, _) => ticket::Access::Public,
            (_, Rights::Blind) => ticket::Access::Blind,
            (Access::Blind, _) => {
                return Err(ply_drive::DriveError::Blind { drive: settings.name }.into());
            }
            (Access::Keys(keys), _) => match keys.last() {
                Some(key) => ticket::Access::Read(key.clone()),
                None => ticket::Access::Blind,
            },
        };
        let role = match rights {
            Rights::Blind | Rights::Read => None,
            Rights::Write => Some(Role::Writer),
            Rights::Admin => Some(Role::Admin),
        };
        let mut ticket = Ticket::new(settings.id, access)
            .with_name(&settings.name)
            .with_cutting(settings.cutting);
        let end =
            expires.map(|after| self.host.now().seconds.saturating_add_unsigned(after.as_secs()));
        if let Some(end) = end {
            ticket = ticket.with_expiry(u64::try_from(end).unwrap_or(1));
        }
        if let Some(role) = role {
            let (secret, record) = replica.invite(role, uses)?;
            let bad = |error: &dyn ToString| CommandError::BadTicket { why: error.to_string() };
            let record = ply_drive::membership::Record::parse(&settings.id, &record)
                .map_err(|error| bad(&error))?;
            if let (Some(seconds), What::Invite { key, .. }) = (end, record.what()) {
                replica.end_invite_at(key, Timestamp { seconds, nanos: 0 })?;
            }
            let invitation =
                ticket::Invitation::new(secret, record).map_err(|error| bad(&error))?;
            ticket = ticket.with_invitation(invitation).map_err(|error| bad(&error))?;
        }
        let own = self.network().map(|network| network.addresses()).unwrap_or_default();
        Ok(ticket.with_addresses(own.into_iter().chain(settings.addresses)))
    }

    /// Joins the drive of a ticket, or of the bare key of a public drive. Joining again adds what the
    /// ticket allows beyond what was known.
    pub(crate) fn join(&self, text: &str, name: Option<&str>) -> Result<Joined, CommandError> {
        if let Some(name) = name {
            names::check(name)?;
        }
        let bare = DriveId::parse(text.trim());
        let ticket = match bare {
            Ok(id) => Ticket::new(id, ticket::Access::Public),
            Err(_) => Ticket::parse(text)
                .map_err(|error| CommandError::BadTicket { why: error.to_string() })?,
        };
        let now = u64::try_from(self.host.now().seconds).unwrap_or_default();
        if let Some(at) = ticket.expires().filter(|at| *at <= now) {
            return Err(CommandError::Expired { when: when(at) });
        }
        let mut open = self.open_drives();
        let drives = self.drives()?;
        let known = drives.iter().find(|drive| drive.id == ticket.drive());
        let settings = if let Some(known) = known {
            let mut settings = known.clone();
            // A key alone says nothing new of a drive, nor that it is public.
            if bare.is_err() {
                merge(&mut settings, &ticket)?;
            }
            settings
        } else {
            let wish = match (name, ticket.name()) {
                (Some(name), _) => name.to_owned(),
                (None, hint) if names::check(hint).is_ok() => hint.to_owned(),
                (None, _) => ticket.drive().to_string().chars().take(NAME_DIGITS).collect(),
            };
            let name = names::free(&wish, |name| drives.iter().any(|drive| drive.name == name));
            self.settings_of(&ticket, name)?
        };
        match open.get(&settings.id) {
            Some(replica)
                if replica.settings().access == settings.access
                    && replica.settings().cutting == settings.cutting =>
            {
                let (invitation, addresses) =
                    (settings.invitation.clone(), settings.addresses.clone());
                replica.configure(|own| {
                    own.invitation = invitation;
                    own.addresses = addresses;
                })?;
            }
            _ => {
                write_settings(&*self.engine, &settings)?;
                // What can be read or is cut otherwise than before must be opened anew.
                self.shut(&mut open, &settings.id);
            }
        }
        drop(open);
        let (id, name) = (settings.id, settings.name.clone());
        let replica = self.open_settings(settings)?;
        let is_spent = ticket.invitation().is_some() && !replica.is_writable();
        if let Some(network) = self.network() {
            network.add(&replica);
        }
        Ok(Joined { id, name, is_spent })
    }

    fn settings_of(&self, ticket: &Ticket, name: String) -> Result<Settings, CommandError> {
        let mut settings = Settings {
            id: ticket.drive(),
            name,
            access: Access::Blind,
            drive_secret: None,
            install_nonce: self.install_nonce,
            cutting: Cutting::DEFAULT,
            invitation: None,
            addresses: Vec::new(),
            paused: false,
        };
        merge(&mut settings, ticket)?;
        Ok(settings)
    }
}

/// Adds what a ticket allows to what is known. Nothing that was allowed is lost.
fn merge(settings: &mut Settings, ticket: &Ticket) -> Result<(), CommandError> {
    match ticket.access() {
        ticket::Access::Public if settings.access == Access::Blind => {
            settings.access = Access::Public;
        }
        ticket::Access::Public | ticket::Access::Blind => {}
        ticket::Access::Read(key) => add_key(settings, key)?,
    }
    // A bare key says nothing of how the drive cuts, so what is known stays.
    if ticket.cutting() != Cutting::DEFAULT {
        settings.cutting = ticket.cutting();
    }
    if let Some(invitation) = ticket.invitation() {
        settings.invitation = Some(Invitation {
            secret: invitation.secret().clone(),
            record: invitation.invite().as_bytes().to_vec(),
        });
    }
    for address in ticket.addresses() {
        if !settings.addresses.contains(address) {
            settings.addresses.insert(0, address.clone());
        }
    }
    settings.addresses.truncate(ADDRESSES_MAX);
    Ok(())
}

/// Takes the read key of a ticket. A drive has one, and nobody vouches for that of a ticket: who knows
/// the drive without being able to read it could make a ticket with a key of their own, and would read
/// what is sealed with that.
fn add_key(settings: &mut Settings, key: &ReadKey) -> Result<(), CommandError> {
    match &settings.access {
        // Who joined by a bare key took the drive for a public one.
        Access::Public | Access::Blind => settings.access = Access::Keys(vec![key.clone()]),
        Access::Keys(keys) if keys.contains(key) => {}
        Access::Keys(_) => {
            return Err(CommandError::OtherKey { drive: settings.name.clone() });
        }
    }
    Ok(())
}
