//! What a node knows of a drive apart from its logs: keys, name, how it cuts.

mod create;
mod cutting;

use ply_proto as proto;
use ply_types::{DriveId, ReadKey, Seed};
use thiserror::Error;

pub use create::{CreateError, CreateOptions, DRIVE_NAME_BYTES_MAX, Visibility, check_drive_name};
pub use cutting::Cutting;

/// Longest row of settings.
const SETTINGS_BYTES_MAX: usize = 64 * 1024;

/// Who can read the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone who knows the drive.
    Public,
    /// Who has the read key; the newest comes last.
    Keys(Vec<ReadKey>),
    /// Not this node: it mirrors what it cannot read.
    Blind,
}

/// An invite that this node holds: it may admit a key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The secret that signs the self-admission.
    pub secret: Seed,
    /// The signed record that lets it.
    pub record: Vec<u8>,
}

/// A drive as this node has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its key.
    pub id: DriveId,
    /// Its name on this node.
    pub name: String,
    /// Who can read it.
    pub access: Access,
    /// The drive's own secret, on the node that made it.
    pub drive_secret: Option<Seed>,
    /// Makes this node's writer key, with the node's secret.
    pub install_nonce: [u8; 32],
    /// How files become chunks.
    pub cutting: Cutting,
    /// How this node may become a writer.
    pub invitation: Option<Invitation>,
    /// Where other nodes were when the ticket was made.
    pub addresses: Vec<String>,
    /// The node neither fetches nor serves it.
    pub paused: bool,
}

/// Why a row is not the settings of a drive.
#[derive(Debug, Error)]
#[error("the settings of a drive are malformed: {0}")]
pub struct SettingsError(&'static str);

impl Settings {
    /// The row that keeps them.
    pub fn encode(&self) -> Vec<u8> {
        let read_keys = match &self.access {
            Access::Keys(keys) => keys.iter().map(|key| key.expose().to_vec()).collect(),
            Access::Public | Access::Blind => Vec::new(),
        };
        let secret = |seed: &Seed| seed.expose().to_vec();
        proto::encode(&proto::DriveRow {
            id: self.id.0.to_vec(),
            name: self.name.clone(),
            public: self.access == Access::Public,
            read_keys,
            drive_secret: self.drive_secret.as_ref().map(secret).unwrap_or_default(),
            install_nonce: self.install_nonce.to_vec(),
            cutting: Some(self.cutting.to_proto()),
            invite_secret: self
                .invitation
                .as_ref()
                .map(|invitation| secret(&invitation.secret))
                .unwrap_or_default(),
            invite: self.invitation.as_ref().map(|i| i.record.clone()).unwrap_or_default(),
            addresses: self.addresses.clone(),
            paused: self.paused,
        })
    }

    /// Reads what [`Settings::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, SettingsError> {
        let row: proto::DriveRow = proto::decode("drive", SETTINGS_BYTES_MAX, bytes)
            .map_err(|_| SettingsError("not a message"))?;
        let cutting = row.cutting.ok_or(SettingsError("no cutting"))?;
        let keys = row
            .read_keys
            .iter()
            .map(|key| bytes32(key).map(ReadKey::new))
            .collect::<Option<Vec<ReadKey>>>()
            .ok_or(SettingsError("a read key is not 32 bytes"))?;
        Ok(Self {
            id: DriveId::try_from(row.id.as_slice()).map_err(|_| SettingsError("no key"))?,
            name: row.name,
            access: match (row.public, keys.is_empty()) {
                (true, _) => Access::Public,
                (false, true) => Access::Blind,
                (false, false) => Access::Keys(keys),
            },
            drive_secret: bytes32(&row.drive_secret).map(Seed::new),
            install_nonce: bytes32(&row.install_nonce).ok_or(SettingsError("no install nonce"))?,
            cutting: Cutting::from_proto(&cutting).map_err(SettingsError)?,
            invitation: bytes32(&row.invite_secret)
                .map(|secret| Invitation { secret: Seed::new(secret), record: row.invite }),
            addresses: row.addresses,
            paused: row.paused,
        })
    }
}

fn bytes32(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}
