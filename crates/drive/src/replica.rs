//! One drive on this node: its logs, its members, and which commits count.

mod commits;
mod effective;
pub(crate) mod expiry;
mod forks;
mod layers;
mod malformed;
mod members;
mod own;
mod past;
mod records;
mod serving;
mod successor;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ply_engine::{Batch, Durability, Engine, Table};
use ply_index::{Page, PageRef};
use ply_log::{Logs, Signer};
use ply_types::{DriveId, LogKey, PageHash, Seed};

use forks::Forks;
pub use past::{Gaps, Revision, RevisionError};
use watch::Watchers;
pub use watch::{Event, Watch};

use crate::cache::Cache;
use crate::cipher::{Cipher, Metadata};
use crate::commit::Commit;
use crate::error::DriveError;
use crate::host::Host;
use crate::membership::{Membership, RecordSet};
use crate::settings::Settings;
use crate::union::UnionState;
use crate::view::View;

/// Pages in memory, by bytes of their canonical form. A million files have pages of about 70 MB; this
/// keeps the inner levels and what was read lately.
const PAGES_BYTES_MAX: usize = 24 << 20;
/// Commits in memory, by bytes of their blocks.
const COMMITS_BYTES_MAX: usize = 4 << 20;

/// One drive on this node. Everything here is local: what is not held is an error that says so.
pub struct Replica<E: Engine> {
    pub(crate) engine: Arc<E>,
    pub(crate) logs: Logs<E>,
    pub(crate) cipher: Cipher,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) signer: Signer,
    pub(crate) writer_seed: Seed,
    id: DriveId,
    settings: RwLock<Settings>,
    state: RwLock<State>,
    /// Held from the last look at the records until new ones are stored and known.
    admitting: Mutex<()>,
    /// Whether a peer was asked for this node's own head since it started.
    may_sign: AtomicBool,
    /// Whether peers hold another history of this node's log.
    is_disowned: AtomicBool,
    /// Whether the store knows under which key this node writes.
    has_noted_key: AtomicBool,
    /// Held while something is written: one transaction at a time.
    pub(crate) writing: Mutex<()>,
    pages: Cache<PageHash, Arc<Page>>,
    commits: Cache<(LogKey, u64), Arc<Commit>>,
    pub(crate) union: UnionState,
    /// Held while the chunks of other writers are looked for.
    pub(crate) noting: Mutex<()>,
    watchers: Watchers,
    malformed: malformed::Malformed,
    /// On a node without the read key, what envelopes say of layers.
    named: Mutex<BTreeMap<LogKey, layers::Named>>,
}

/// What follows from the logs and records that are held.
#[derive(Debug, Default)]
struct State {
    records: RecordSet,
    forks: Forks,
    /// `None` only until the records were read.
    membership: Option<Arc<Membership>>,
    effective: BTreeMap<LogKey, Arc<Commit>>,
    unfetched: Vec<LogKey>,
    /// Nobody's commit counts, and one that is here takes a key of which this node was never told.
    is_private: bool,
}

impl<E: Engine> std::fmt::Debug for Replica<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<E: Engine> Replica<E> {
    /// Opens a drive that is kept in an engine. `node` is the node's secret, from which its writer
    /// key in this drive is derived. Where that key has a second history, the settings get another
    /// nonce, and are written.
    pub fn open(
        engine: Arc<E>,
        settings: Settings,
        node: &Seed,
        host: Arc<dyn Host>,
    ) -> Result<Arc<Self>, DriveError> {
        let writer_seed = node.writer(&settings.id, &settings.install_nonce);
        let replica = Self {
            logs: Logs::new(Arc::clone(&engine)),
            engine,
            cipher: Cipher::new(&settings),
            host,
            signer: Signer::new(&writer_seed),
            writer_seed,
            id: settings.id,
            settings: RwLock::new(settings),
            state: RwLock::default(),
            admitting: Mutex::new(()),
            may_sign: AtomicBool::new(false),
            is_disowned: AtomicBool::new(false),
            has_noted_key: AtomicBool::new(false),
            writing: Mutex::new(()),
            pages: Cache::new(PAGES_BYTES_MAX),
            commits: Cache::new(COMMITS_BYTES_MAX),
            union: UnionState::default(),
            noting: Mutex::default(),
            watchers: Watchers::default(),
            malformed: malformed::Malformed::default(),
            named: Mutex::default(),
        };
        replica.load_members()?;
        if let Some(settings) = replica.succeed(node)? {
            // Anew, with nothing remembered of what was cut off.
            return Self::open(replica.engine, settings, node, replica.host);
        }
        replica.recall()?;
        replica.refresh()?;
        Ok(Arc::new(replica))
    }

    /// The drive's key.
    pub fn id(&self) -> DriveId {
        self.id
    }

    /// The key that this node writes under in this drive, admitted or not.
    pub fn writer_key(&self) -> LogKey {
        self.signer.key()
    }

    /// Whether this node can read the drive.
    pub fn is_readable(&self) -> bool {
        self.cipher.is_readable()
    }

    /// Refuses where this node lacks the read key.
    pub fn may_read(&self) -> Result<(), DriveError> {
        if !self.is_readable() {
            return Err(DriveError::Blind { drive: self.name() });
        }
        self.is_not_private()
    }

    /// Refuses where this node has nothing but the key of a private drive.
    pub fn is_not_private(&self) -> Result<(), DriveError> {
        if self.is_private() { Err(DriveError::Private { drive: self.name() }) } else { Ok(()) }
    }

    /// The drive's logs.
    pub fn logs(&self) -> &Logs<E> {
        &self.logs
    }

    /// Where the drive is kept.
    pub fn engine(&self) -> &Arc<E> {
        &self.engine
    }

    /// What this node knows of the drive apart from its logs.
    pub fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The local name of the drive.
    pub fn name(&self) -> String {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).name.clone()
    }

    /// Changes the settings and writes them down.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) -> Result<(), DriveError> {
        let mut settings = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = settings.clone();
        change(&mut changed);
        write_settings(&*self.engine, &changed)?;
        *settings = changed;
        Ok(())
    }

    /// The drive as it is now, this node's draft on top.
    pub fn view(self: &Arc<Self>) -> View<E> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        View::new(
            Arc::clone(self),
            state.effective.clone(),
            state.unfetched.clone(),
            self.is_readable(),
        )
    }

    /// A page, from memory or from its log.
    pub(crate) fn local_page(&self, at: &PageRef) -> Result<Arc<Page>, DriveError> {
        crate::trace::note(at.place.log, at.place.block);
        if let Some(page) = self.pages.find(&at.hash) {
            return Ok(page);
        }
        let (log, block) = (at.place.log, at.place.block);
        let bytes = self.block(log, block)?;
        let damaged = |what: &str| self.damaged(log, block, what);
        let metadata = Metadata::from_block(&bytes).map_err(|fault| damaged(&fault.to_string()))?;
        let canonical = self
            .cipher
            .open(ply_chunk::Kind::Page, &metadata.inner)
            .map_err(|fault| damaged(&fault.to_string()))?;
        if ply_index::page_hash(&canonical) != at.hash {
            return Err(damaged("it is not the page that its parent names"));
        }
        let mut page = Page::decode(&canonical).map_err(|error| damaged(&error.to_string()))?;
        if 0 < page.level() {
            let places = self
                .cipher
                .open_outer(ply_chunk::Kind::PageWhere, &metadata.outer)
                .map_err(|fault| damaged(&fault.to_string()))?;
            page = ply_index::decode_where(&places, log, page.row_count())
                .and_then(|places| page.with_places(places))
                .map_err(|error| damaged(&error.to_string()))?;
        }
        let page = Arc::new(page);
        self.pages.insert(at.hash, Arc::clone(&page), canonical.len() + 128);
        Ok(page)
    }

    pub(crate) fn damaged(&self, log: LogKey, block: u64, what: &str) -> DriveError {
        DriveError::Damaged { drive: self.name(), log, block, what: what.to_owned() }
    }

    pub(crate) fn inconsistent(&self, what: &str) -> DriveError {
        DriveError::Inconsistent { drive: self.name(), what: what.to_owned() }
    }
}

/// Key of a drive's settings.
fn settings_key(id: &DriveId) -> Vec<u8> {
    [b"drive/", id.0.as_slice()].concat()
}

/// Writes the settings of a drive: from then on the store has it.
pub fn write_settings(engine: &impl Engine, settings: &Settings) -> Result<(), DriveError> {
    let mut batch = Batch::new();
    batch.put(Table::Meta, settings_key(&settings.id), settings.encode());
    Ok(engine.apply(&batch, Durability::Synced)?)
}

/// The settings of every drive in a store, damaged ones left out and named.
pub fn read_settings(engine: &impl Engine) -> Result<(Vec<Settings>, Vec<String>), DriveError> {
    let prefix = b"drive/".to_vec();
    let (mut settings, mut damaged) = (Vec::new(), Vec::new());
    let end = ply_engine::prefix_end(&prefix);
    engine.scan(Table::Meta, &prefix, &end, ply_engine::Order::Ascending, &mut |_, row| {
        match Settings::decode(row) {
            Ok(drive) => settings.push(drive),
            Err(error) => damaged.push(error.to_string()),
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok((settings, damaged))
}

/// Forgets a drive: settings, members and draft. Its blocks become garbage for the collector.
pub fn remove_drive(engine: &impl Engine, id: &DriveId) -> Result<(), DriveError> {
    let mut batch = Batch::new();
    batch.delete(Table::Meta, settings_key(id));
    let end = ply_engine::prefix_end(&id.0);
    for table in [Table::Member, Table::Draft, Table::Dedup, Table::Stat, Table::Union] {
        batch.delete_range(table, id.0, end.clone());
    }
    Ok(engine.apply(&batch, Durability::Synced)?)
}
