//! A node: one home, its store, and the drives that are open.

mod damage;
mod drives;
mod machine;
mod names;
mod sharing;
mod union;
mod writers;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ply_drive::{Host, Replica, Settings, read_settings, write_settings};
use ply_engine::EngineError;
use ply_store::Store;
use ply_types::{DriveId, Fault, Seed};
use tokio_util::sync::CancellationToken;

pub(crate) use damage::damage_of;
pub(crate) use drives::NewDrive;
pub(crate) use sharing::Rights;
pub(crate) use union::Patience;
pub(crate) use writers::parse_writer;

use crate::error::CommandError;
use crate::home::{Home, Install, forget_port, make_secret, read_secret};
use crate::network::Network;
use machine::Machine;

/// How often a locked store is looked at again: a node that starts or stops is done by then.
const LOCK_TRIES: u32 = 20;
/// Time between two looks.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// See the module's page.
pub(crate) struct Node {
    home: Home,
    engine: Arc<Store>,
    seed: Seed,
    /// Goes into the settings of drives that are made or joined here.
    install_nonce: [u8; 32],
    host: Arc<dyn Host>,
    /// Drives that are open. Held while one is opened, so that none is open twice.
    open: Mutex<BTreeMap<DriveId, Arc<Replica<Store>>>>,
    network: OnceLock<Arc<dyn Network>>,
    /// Cancelled when the node is to stop.
    stop: CancellationToken,
    /// What the user should know about how the node was opened.
    notices: Vec<String>,
    /// What the user of the next command should hear.
    news: Mutex<Vec<String>>,
}

impl Node {
    /// Opens the node in a home, or makes one. Only one process can have it open.
    pub(crate) fn open(home: Home) -> Result<Self, CommandError> {
        home.create()?;
        if home.install().exists() && !Store::is_begun(&home.store()) {
            // Maybe it lies on a disk that is not mounted: a new one would look as if all drives were gone.
            let what = "it is missing, though this has been a node: bring it back, or remove the file \
                        'install' to begin anew";
            return Err(CommandError::Home { place: home.store(), what });
        }
        let engine = Arc::new(Store::open(&home.store())?);
        let host: Arc<dyn Host> = Arc::new(Machine::new()?);
        let (drives, damaged) = read_settings(&*engine)?;
        let mut notices: Vec<String> =
            damaged.into_iter().map(|what| format!("a drive is left out: {what}")).collect();
        let (seed, install_nonce) = match (read_secret(&home)?, Install::read(&home)?) {
            (Some(seed), Install::Here(nonce)) => (seed, nonce),
            // A new secret would be another node, without a way back.
            (None, _) if !drives.is_empty() => {
                let what = "it is missing, though this node has drives: restore it from a backup";
                return Err(CommandError::Home { place: home.secret(), what });
            }
            (Some(seed), Install::Fresh) if drives.is_empty() => {
                let nonce = host.random();
                Install::write(&home, &nonce)?;
                (seed, nonce)
            }
            (secret, _) => {
                if secret.is_some() {
                    let place = home.folder().display();
                    notices.push(format!(
                        "{place} was made elsewhere: from now on it is a node of its own, with a \
                         peer id and writer keys of its own"
                    ));
                }
                if let Some(seed) = secret {
                    notices.extend(sign_off(&engine, &drives, &seed, &host)?);
                }
                let nonce = host.random();
                for mut settings in drives {
                    settings.install_nonce = nonce;
                    write_settings(&*engine, &settings)?;
                }
                forget_port(&home)?;
                let seed = make_secret(&home, host.random())?;
                // The mark comes last: it says that all of this was done.
                Install::write(&home, &nonce)?;
                (seed, nonce)
            }
        };
        Ok(Self {
            home,
            engine,
            seed,
            install_nonce,
            host,
            open: Mutex::default(),
            network: OnceLock::new(),
            stop: CancellationToken::new(),
            notices,
            news: Mutex::default(),
        })
    }

    /// Opens the node; while another process has it, waits a little.
    pub(crate) async fn open_patiently(home: &Home) -> Result<Self, CommandError> {
        for _ in 0..LOCK_TRIES {
            match Self::open(home.clone()) {
                Err(CommandError::Engine(EngineError::InUse { .. })) => {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                result => return result,
            }
        }
        Err(CommandError::InUse { home: home.folder().to_owned() })
    }

    /// Its home.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Where it keeps everything.
    pub(crate) fn folder(&self) -> &Path {
        self.home.folder()
    }

    /// Refuses where the disk was so full when the store was opened that it is only read.
    pub(crate) fn is_writable(&self) -> Result<(), EngineError> {
        let place = || self.engine.folder().display().to_string();
        if self.engine.is_writable() { Ok(()) } else { Err(EngineError::Full { place: place() }) }
    }

    /// The secret.
    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Clock and chance.
    pub(crate) fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// Says that the node is to stop, and when it was told so.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Leaves word for the user of this command, or of the next one.
    pub(crate) fn tell(&self, news: String) {
        tracing::warn!("{news}");
        self.news.lock().unwrap_or_else(PoisonError::into_inner).push(news);
    }

    /// Takes what there is to tell.
    pub(crate) fn take_news(&self) -> Vec<String> {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the user should know about how the node was opened.
    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The network, while this is a running node.
    pub(crate) fn network(&self) -> Option<&Arc<dyn Network>> {
        self.network.get()
    }

    /// The network, or an error that says how to get one.
    pub(crate) fn running(&self) -> Result<&Arc<dyn Network>, CommandError> {
        let home = self.folder().to_owned();
        self.network().ok_or(CommandError::NotRunning { home })
    }

    /// Joins the node to a network, once.
    pub(crate) fn attach(&self, network: Arc<dyn Network>) {
        if self.network.set(network).is_err() {
            tracing::warn!("the node has a network already");
        }
    }

    fn open_drives(&self) -> std::sync::MutexGuard<'_, BTreeMap<DriveId, Arc<Replica<Store>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs what this node wrote in its drives, under keys that it is about to leave. Gives a word on each
/// drive where that cannot be.
fn sign_off(
    engine: &Arc<Store>,
    drives: &[Settings],
    seed: &Seed,
    host: &Arc<dyn Host>,
) -> Result<Vec<String>, CommandError> {
    let mut notices = Vec::new();
    for settings in drives {
        let name = settings.name.clone();
        let opened = Replica::open(Arc::clone(engine), settings.clone(), seed, Arc::clone(host));
        match opened.and_then(|replica| replica.sign_off()) {
            Ok(()) => {}
            Err(error) if error.fault() == Fault::Corrupt => notices.push(format!(
                "drive '{name}': what was written here before may be out of reach for others: {error}"
            )),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(notices)
}
