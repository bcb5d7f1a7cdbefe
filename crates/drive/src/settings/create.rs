//! Making a drive.

use ply_chunk::{CutParams, CutParamsError, Level, LevelError};
use ply_log::Signer;
use ply_types::{DriveId, Fault, ReadKey, Seed};
use thiserror::Error;

use super::{Access, Cutting, Settings};
use crate::host::Host;

/// Longest local name of a drive, in bytes.
pub const DRIVE_NAME_BYTES_MAX: usize = 64;

/// Who will be able to read a new drive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Who gets a ticket.
    #[default]
    Private,
    /// Anyone who knows its key.
    Public,
}

/// What a new drive shall be. Numbers as a person or a file gives them: [`Settings::create`] checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOptions {
    /// Its name on this node.
    pub name: String,
    /// Who can read it.
    pub visibility: Visibility,
    /// Least, wished and greatest size of a chunk, in KiB.
    pub chunk_kib: (u32, u32, u32),
    /// Compression level of zstd, 1 to 19.
    pub level: i64,
    /// Makes this node's writer key in the drive, together with the node's secret.
    pub install_nonce: [u8; 32],
}

/// Why a drive cannot be made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CreateError {
    /// The name cannot stand in `DRIVE@VERSION:/path`.
    #[error("'{name}' cannot name a drive: {what}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The chunk sizes make no sense.
    #[error("chunk sizes: {0}")]
    Cutting(#[from] CutParamsError),
    /// No such level.
    #[error(transparent)]
    Level(#[from] LevelError),
}

impl CreateError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

impl CreateOptions {
    /// A private drive that is cut and compressed as drives are unless told otherwise.
    pub fn new(name: impl Into<String>, install_nonce: [u8; 32]) -> Self {
        let kib = |bytes: u32| bytes / 1024;
        let chunk = Cutting::DEFAULT.chunk;
        Self {
            name: name.into(),
            visibility: Visibility::Private,
            chunk_kib: (kib(chunk.min()), kib(chunk.avg()), kib(chunk.max())),
            level: Cutting::DEFAULT.level.number().into(),
            install_nonce,
        }
    }
}

impl Settings {
    /// A new drive of which this node is the owner: fresh keys, and what the options say.
    ///
    /// It exists once [`write_settings`](crate::write_settings) wrote it down.
    pub fn create(options: &CreateOptions, host: &dyn Host) -> Result<Self, CreateError> {
        check_drive_name(&options.name)
            .map_err(|what| CreateError::Name { name: options.name.clone(), what })?;
        let (min, avg, max) = options.chunk_kib;
        let bytes = |kib: u32| kib.saturating_mul(1024);
        let cutting = Cutting {
            chunk: CutParams::new(bytes(min), bytes(avg), bytes(max))?,
            level: Level::new(options.level)?,
        };
        let secret = Seed::new(host.random());
        Ok(Self {
            id: DriveId(Signer::new(&secret).key().0),
            name: options.name.clone(),
            access: match options.visibility {
                Visibility::Private => Access::Keys(vec![ReadKey::new(host.random())]),
                Visibility::Public => Access::Public,
            },
            drive_secret: Some(secret),
            install_nonce: options.install_nonce,
            cutting,
            invitation: None,
            addresses: Vec::new(),
            paused: false,
        })
    }
}

/// Checks that a text can name a drive where arguments name one, and never be taken for something else.
/// The error says what is wrong with it.
pub fn check_drive_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        Err("it is empty")
    } else if DRIVE_NAME_BYTES_MAX < name.len() {
        Err("it is longer than 64 bytes")
    } else if name.starts_with('-') {
        Err("it begins with a dash")
    } else if name.chars().any(|c| matches!(c, ':' | '@' | '/') || c.is_control()) {
        Err("it contains ':', '@', '/' or a control character")
    } else {
        Ok(())
    }
}
