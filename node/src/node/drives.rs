//! The drives of a node: finding, opening, making and forgetting them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ply_drive::{
    Access, Alone, Cutting, Drive, Remote, Replica, Settings, read_settings, remove_drive,
    write_settings,
};
use ply_log::Signer;
use ply_store::Store;
use ply_types::{DriveId, ReadKey, Seed};

use super::{Node, names};
use crate::error::CommandError;

/// Digits that a prefix of a key must have.
const PREFIX_DIGITS_MIN: usize = 4;

/// A drive that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewDrive {
    /// Its local name.
    pub(crate) name: String,
    /// Whether anyone who knows the key can read it.
    pub(crate) public: bool,
    /// How files become chunks.
    pub(crate) cutting: Cutting,
}

impl Node {
    /// The settings of all drives, by name.
    pub(crate) fn drives(&self) -> Result<Vec<Settings>, CommandError> {
        let (mut drives, _) = read_settings(&*self.engine)?;
        drives.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(drives)
    }

    /// The drive that a text names: its local name, its key, or a prefix of it that fits no other.
    pub(crate) fn find(&self, text: &str) -> Result<Settings, CommandError> {
        let drives = self.drives()?;
        let mut named: Vec<Settings> =
            drives.iter().filter(|drive| drive.name == text).cloned().collect();
        let prefix = text.to_ascii_lowercase();
        let is_prefix = PREFIX_DIGITS_MIN <= prefix.len()
            && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if named.is_empty() && is_prefix {
            named = drives
                .into_iter()
                .filter(|drive| drive.id.to_string().starts_with(&prefix))
                .collect();
        }
        match named.pop() {
            None => Err(CommandError::NoDrive { drive: text.to_owned() }),
            Some(drive) if named.is_empty() => Ok(drive),
            Some(last) => {
                named.push(last);
                let candidates =
                    named.iter().map(|drive| format!("{} ({})", drive.name, drive.id)).collect();
                Err(CommandError::AmbiguousDrive { drive: text.to_owned(), candidates })
            }
        }
    }

    /// The local side of a drive, opened if it is not.
    pub(crate) fn replica(&self, text: &str) -> Result<Arc<Replica<Store>>, CommandError> {
        self.open_settings(self.find(text)?)
    }

    /// Opens a drive by its settings.
    pub(crate) fn open_settings(
        &self,
        mut settings: Settings,
    ) -> Result<Arc<Replica<Store>>, CommandError> {
        let mut open = self.open_drives();
        let mut is_succeeded = false;
        if let Some(replica) = open.get(&settings.id) {
            if !replica.is_used_up() {
                return Ok(Arc::clone(replica));
            }
            settings = replica.settings();
            self.shut(&mut open, &settings.id);
            is_succeeded = true;
        }
        let (engine, host) = (Arc::clone(&self.engine), Arc::clone(&self.host));
        let replica = Replica::open(engine, settings, &self.seed, host)?;
        replica.end_due_invites()?;
        open.insert(replica.id(), Arc::clone(&replica));
        drop(open);
        if is_succeeded {
            self.tell(format!(
                "drive '{}': this node's log was written in two places, as after a restored backup. \
                 It goes on under another writer key; what others do not have of it is in the draft",
                replica.name()
            ));
            if let Some(network) = self.network().filter(|_| !replica.settings().paused) {
                network.add(&replica);
            }
        }
        Ok(replica)
    }

    /// Closes a drive, so that it is opened anew. Its sessions end with it: they hold what it was.
    pub(super) fn shut(&self, open: &mut BTreeMap<DriveId, Arc<Replica<Store>>>, drive: &DriveId) {
        if let Some(replica) = open.remove(drive) {
            if let Some(network) = self.network() {
                network.remove(*drive);
            }
            Drive::alone(replica).close();
        }
    }

    /// A drive that fetches what is missing from peers, when this is a running node.
    pub(crate) fn drive(&self, text: &str) -> Result<Drive<Store>, CommandError> {
        let replica = self.replica(text)?;
        let remote = match self.network() {
            Some(network) => network.remote(&replica),
            None => Arc::new(Alone) as Arc<dyn Remote>,
        };
        Ok(Drive::new(replica, remote))
    }

    /// Makes a drive of which this node is the owner.
    pub(crate) fn create_drive(&self, new: &NewDrive) -> Result<DriveId, CommandError> {
        names::check(&new.name)?;
        let mut open = self.open_drives();
        if self.drives()?.iter().any(|drive| drive.name == new.name) {
            return Err(CommandError::NameTaken { name: new.name.clone() });
        }
        let secret = Seed::new(self.host.random());
        let id = DriveId(Signer::new(&secret).key().0);
        let settings = Settings {
            id,
            name: new.name.clone(),
            access: if new.public {
                Access::Public
            } else {
                Access::Keys(vec![ReadKey::new(self.host.random())])
            },
            drive_secret: Some(secret),
            install_nonce: self.install_nonce,
            cutting: new.cutting,
            invitation: None,
            addresses: Vec::new(),
            paused: false,
        };
        write_settings(&*self.engine, &settings)?;
        let (engine, host) = (Arc::clone(&self.engine), Arc::clone(&self.host));
        let replica = Replica::open(engine, settings, &self.seed, host)?;
        open.insert(id, Arc::clone(&replica));
        drop(open);
        if let Some(network) = self.network() {
            network.add(&replica);
        }
        Ok(id)
    }

    /// Forgets a drive.
    pub(crate) fn remove_drive(&self, text: &str) -> Result<Settings, CommandError> {
        let settings = self.find(text)?;
        if let Some(network) = self.network() {
            network.remove(settings.id);
        }
        if let Some(replica) = self.open_drives().remove(&settings.id) {
            Drive::alone(replica).close();
        }
        remove_drive(&*self.engine, &settings.id)?;
        Ok(settings)
    }

    /// Stops or resumes fetching and serving a drive.
    pub(crate) fn pause(&self, text: &str, paused: bool) -> Result<(), CommandError> {
        let replica = self.replica(text)?;
        replica.configure(|settings| settings.paused = paused)?;
        match self.network() {
            Some(network) if paused => network.remove(replica.id()),
            Some(network) => network.add(&replica),
            None => {}
        }
        Ok(())
    }
}
