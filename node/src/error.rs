//! Why a command did not do what was asked, and what the user can do about it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use ply_drive::{DriveError, Incomplete};
use ply_engine::EngineError;
use ply_folder::{ExportError, ImportError};
use ply_types::Fault;
use thiserror::Error;

use crate::exit::advice;
use crate::network::NetworkError;

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum CommandError {
    /// The drive refused.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The store refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The network refused.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A folder did not come in.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A folder did not go out.
    #[error(transparent)]
    Export(Box<ExportError>),
    /// No drive goes by that name or key.
    #[error("there is no drive '{drive}' on this node")]
    NoDrive {
        /// As it was written.
        drive: String,
    },
    /// A prefix that fits several drives.
    #[error("'{drive}' fits more than one drive: {}", .candidates.join(", "))]
    AmbiguousDrive {
        /// As it was written.
        drive: String,
        /// What it fits.
        candidates: Vec<String>,
    },
    /// A name that another drive of this node has.
    #[error("this node has a drive '{name}' already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A text that cannot be the name of a drive.
    #[error("'{name}' cannot be the name of a drive: {why}")]
    BadName {
        /// The text.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// No writer has that key.
    #[error("drive '{drive}' has no writer '{writer}'")]
    NoWriter {
        /// Local name of the drive.
        drive: String,
        /// As it was written.
        writer: String,
    },
    /// A prefix that fits several writers.
    #[error("'{writer}' fits more than one writer: {}", .candidates.join(", "))]
    AmbiguousWriter {
        /// As it was written.
        writer: String,
        /// What it fits.
        candidates: Vec<String>,
    },
    /// A text that is neither a ticket nor a key.
    #[error("this is not a ticket: {why}")]
    BadTicket {
        /// What is wrong with it.
        why: String,
    },
    /// A ticket that was to be used before now.
    #[error("this ticket was good until {when}")]
    Expired {
        /// Until when.
        when: String,
    },
    /// A ticket of a drive that is here, with a key that is not its.
    #[error("the ticket has another read key than drive '{drive}' is read with here")]
    OtherKey {
        /// The local name of the drive.
        drive: String,
    },
    /// Arguments that make no sense together.
    #[error("{0}")]
    Usage(String),
    /// Something that this version cannot do.
    #[error("{0} is not supported yet")]
    Unsupported(&'static str),
    /// The running node did not answer.
    #[error("{0}")]
    Node(String),
    /// The command is one for a running node.
    #[error("no node is running on {}", .home.display())]
    NotRunning {
        /// The home.
        home: PathBuf,
    },
    /// The drive does not speak to anybody.
    #[error("drive '{drive}' is paused here")]
    Paused {
        /// Its name.
        drive: String,
    },
    /// Another process has the home.
    #[error("another ply is using {}", .home.display())]
    InUse {
        /// The home.
        home: PathBuf,
    },
    /// The home is not one that can be used.
    #[error("{}: {what}", .place.display())]
    Home {
        /// Where.
        place: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// Damaged blocks were found.
    #[error("{count} damaged")]
    Damaged {
        /// How many.
        count: u64,
    },
    /// Something is wrong with the node.
    #[error("{count} troubles")]
    Troubles {
        /// How many.
        count: u64,
    },
    /// The operating system refused.
    #[error("{doing} {place}")]
    File {
        /// What was tried, as a verb: "reading", "writing".
        doing: &'static str,
        /// On what.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// Whoever read the output went away.
    #[error("nobody reads the output any more")]
    Unread,
    /// The node stops, or the user does not wait any longer.
    #[error("stopped")]
    Stopped,
}

impl From<ExportError> for CommandError {
    fn from(error: ExportError) -> Self {
        Self::Export(Box::new(error))
    }
}

impl CommandError {
    /// An error of the operating system about a file.
    pub(crate) fn file(doing: &'static str, place: &Path) -> impl FnOnce(io::Error) -> Self {
        let place = place.display().to_string();
        move |source| Self::File { doing, place, source }
    }

    /// An error while writing what the user is to see.
    pub(crate) fn output(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        Self::File { doing: "writing", place: "the output".to_owned(), source }
    }

    /// What the caller can do about it.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Drive(error) => error.fault(),
            Self::Engine(error) => error.fault(),
            Self::Network(error) => error.fault(),
            Self::Import(error) => error.fault(),
            Self::Export(error) => error.fault(),
            Self::NoDrive { .. } | Self::NoWriter { .. } => Fault::Absent,
            Self::NameTaken { .. } => Fault::Conflict,
            Self::AmbiguousDrive { .. }
            | Self::AmbiguousWriter { .. }
            | Self::BadName { .. }
            | Self::BadTicket { .. }
            | Self::OtherKey { .. }
            | Self::Usage(_) => Fault::Invalid,
            Self::Damaged { .. } => Fault::Corrupt,
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Fault::Absent,
                io::ErrorKind::AlreadyExists => Fault::Conflict,
                io::ErrorKind::StorageFull => Fault::Full,
                _ => Fault::Machine,
            },
            Self::Unsupported(_)
            | Self::Node(_)
            | Self::Troubles { .. }
            | Self::NotRunning { .. }
            | Self::Expired { .. }
            | Self::Paused { .. }
            | Self::InUse { .. }
            | Self::Home { .. }
            | Self::Unread
            | Self::Stopped => Fault::Machine,
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let own = match self {
            Self::NoDrive { .. } => "'ply drive list' shows the drives of this node",
            Self::AmbiguousDrive { .. } | Self::AmbiguousWriter { .. } => "give more of the key",
            Self::NameTaken { .. } => "choose another name",
            Self::NoWriter { .. } => "'ply writers DRIVE' lists them",
            Self::Expired { .. } => "ask for a new one; or set this machine's clock",
            Self::OtherKey { .. } => {
                "trust neither before you know why: a key that others do not have hides what you write"
            }
            Self::BadTicket { .. } => "paste the whole ticket, from 'ply1' to its end",
            Self::NotRunning { .. } => "start it: ply up",
            Self::Paused { .. } => "let it go on: ply drive resume",
            Self::Network(NetworkError::Unconnected { .. }) => {
                "'ply status' on the other node shows where it listens"
            }
            Self::Damaged { .. } => "'ply verify --repair' fetches what is damaged from peers",
            Self::InUse { .. } => "stop it, or choose another home with --home",
            Self::Engine(
                EngineError::NoFormat { .. }
                | EngineError::NoRows { .. }
                | EngineError::DamagedRows { .. },
            ) => "put the whole store back from a backup, or begin anew in another home",
            Self::Engine(EngineError::LostRows { .. }) => {
                "put the whole store back from a backup, or remove the file DURABLE in that folder to go \
                 on without these changes"
            }
            Self::Drive(DriveError::Private { .. }) => {
                "join it by a ticket: 'ply share DRIVE' on a node that reads it makes one"
            }
            Self::Drive(DriveError::IsADirectory { .. }) => {
                "'ply export' writes whole directories, 'ply rm -r' removes them"
            }
            Self::Drive(DriveError::NotEmpty { .. }) => "'ply rm -r' removes all that is in it",
            Self::Export(error) if matches!(**error, ExportError::NotEmpty { .. }) => {
                "'--replace' writes into it all the same"
            }
            Self::Drive(DriveError::Absent { .. }) => "'ply ls DRIVE:/' lists what is there",
            _ => return advice(self.fault()).map(str::to_owned),
        };
        Some(own.to_owned())
    }

    /// The error and what caused it, on one line.
    pub(crate) fn text(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.ends_with(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = error.source();
        }
        text
    }
}

impl Incomplete for CommandError {
    fn into_drive_error(self) -> Result<DriveError, Self> {
        match self {
            Self::Drive(error) | Self::Import(ImportError::Drive(error)) => Ok(error),
            Self::Export(error) => match *error {
                ExportError::Drive(error) => Ok(error),
                // In the middle of a file's content, perhaps: it is brought, and the file comes anew.
                error => match error.missing() {
                    Some(missing) => Ok(DriveError::Missing(missing)),
                    None => Err(error.into()),
                },
            },
            other => Err(other),
        }
    }
}
