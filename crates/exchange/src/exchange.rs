//! The drives of a node and the sessions that are open for each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ply_drive::{Remote, Replica};
use ply_engine::Engine;
use ply_sync::{Claims, Peer, Traffic};
use ply_types::DriveId;
use tokio::sync::{broadcast, watch};

use crate::buffers::Buffers;
use crate::event::Event;
use crate::fetches::{FetchInfo, Fetches};
use crate::link::{Command, Link, SessionId};
use crate::remote::Sessions;

/// Events that a slow watcher may be behind before it misses some.
const EVENTS_MAX: usize = 1024;

/// How long a peer may take to make room for one message, unless told otherwise.
const STALL: Duration = Duration::from_mins(1);

/// How long a message may take from its first byte to its last, unless told otherwise. The longest one
/// takes as long over a line of 30 kbit/s, and most are a quarter of that; who needs longer, or sends a
/// byte now and then to stay, holds memory for a message that is of no use to anybody.
const PACE: Duration = Duration::from_mins(5);

/// The drives of a node and their sessions. Cheap to clone.
pub struct Exchange<E: Engine> {
    pub(crate) shared: Arc<Shared<E>>,
    /// How long a message may wait for a peer that does not read.
    pub(crate) stall: Duration,
    /// How long a message may take that has begun to come.
    pub(crate) pace: Duration,
}

pub(crate) struct Shared<E: Engine> {
    drives: Mutex<BTreeMap<DriveId, Entry<E>>>,
    next_session: AtomicU64,
    /// Memory of messages of all sessions.
    pub(crate) buffers: Buffers,
    pub(crate) fetches: Fetches,
    pub(crate) events: broadcast::Sender<Event>,
    /// Counts sessions that came or went, for those who wait for one.
    pub(crate) sessions: watch::Sender<u64>,
}

struct Entry<E: Engine> {
    replica: Arc<Replica<E>>,
    links: Vec<Link>,
    claims: Claims,
}

/// A session, for `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Which.
    pub session: SessionId,
    /// With whom.
    pub peer: Peer,
    /// Whether both sides proved that they know the drive.
    pub open: bool,
    /// What went through.
    pub traffic: Traffic,
}

impl<E: Engine> Clone for Exchange<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), stall: self.stall, pace: self.pace }
    }
}

impl<E: Engine> std::fmt::Debug for Exchange<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

impl<E: Engine> Default for Exchange<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Engine> Exchange<E> {
    /// No drives yet.
    pub fn new() -> Self {
        let shared = Shared {
            drives: Mutex::default(),
            next_session: AtomicU64::new(1),
            buffers: Buffers::default(),
            fetches: Fetches::default(),
            events: broadcast::Sender::new(EVENTS_MAX),
            sessions: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared), stall: STALL, pace: PACE }
    }

    /// The same drives and sessions; those that are run by it bear with a peer that does not read for
    /// so long.
    #[must_use]
    pub fn with_stall(self, stall: Duration) -> Self {
        Self { stall, ..self }
    }

    /// The same drives and sessions; in those that are run by it a message may take so long from its
    /// first byte to its last.
    #[must_use]
    pub fn with_pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// Takes part in a drive.
    pub fn add(&self, replica: Arc<Replica<E>>) {
        let mut drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        drives.entry(replica.id()).or_insert_with(|| Entry {
            replica,
            links: Vec::new(),
            claims: Claims::default(),
        });
    }

    /// What the sessions of a drive fetch between them.
    pub(crate) fn claims(&self, drive: &DriveId) -> Option<Claims> {
        let drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        drives.get(drive).map(|entry| entry.claims.clone())
    }

    /// Takes part in a drive no longer: its sessions end.
    pub fn remove(&self, drive: &DriveId) {
        let mut drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = drives.remove(drive) {
            entry.links.iter().for_each(stop);
        }
    }

    /// The drives of this node.
    pub fn drives(&self) -> Vec<Arc<Replica<E>>> {
        let drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        drives.values().map(|entry| Arc::clone(&entry.replica)).collect()
    }

    /// A drive of this node.
    pub fn drive(&self, id: &DriveId) -> Option<Arc<Replica<E>>> {
        let drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        drives.get(id).map(|entry| Arc::clone(&entry.replica))
    }

    /// What brings the missing parts of a drive; gives up after `patience`.
    pub fn remote(&self, drive: DriveId, patience: Duration) -> Arc<dyn Remote> {
        Arc::new(Sessions { exchange: self.clone(), drive, patience })
    }

    /// What is being fetched, of all drives.
    pub fn fetches(&self) -> Vec<FetchInfo> {
        self.shared.fetches.all()
    }

    /// Says that a drive changed here: every session tells its peer.
    pub fn changed(&self, drive: &DriveId) {
        drop(self.shared.events.send(Event::Changed { drive: *drive }));
        self.links(drive).iter().for_each(Link::changed);
    }

    /// What happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// The sessions of a drive.
    pub fn sessions(&self, drive: &DriveId) -> Vec<SessionInfo> {
        let info = |link: &Link| SessionInfo {
            session: link.id,
            peer: link.peer,
            open: *link.open.borrow(),
            traffic: *link.traffic.borrow(),
        };
        self.links(drive).iter().map(info).collect()
    }

    /// Lets the sessions of a drive end as soon as their peers want nothing more either.
    pub fn finish(&self, drive: &DriveId) {
        for link in self.links(drive) {
            drop(link.commands.try_send(Command::Finish));
        }
    }

    /// Ends one session of a drive, or all of them.
    pub fn stop(&self, drive: &DriveId, session: Option<SessionId>) {
        let links = self.links(drive);
        links.iter().filter(|link| session.is_none_or(|id| link.id == id)).for_each(stop);
    }

    pub(crate) fn links(&self, drive: &DriveId) -> Vec<Link> {
        let drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        drives.get(drive).map(|entry| entry.links.clone()).unwrap_or_default()
    }

    pub(crate) fn new_session(&self) -> SessionId {
        SessionId(self.shared.next_session.fetch_add(1, Ordering::Relaxed))
    }

    /// Lists a session; `false` when its drive is gone.
    pub(crate) fn link(&self, drive: &DriveId, link: Link) -> bool {
        let mut drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = drives.get_mut(drive) else { return false };
        entry.links.push(link);
        drop(drives);
        self.shared.sessions.send_modify(|count| *count += 1);
        true
    }

    pub(crate) fn unlink(&self, drive: &DriveId, session: SessionId) {
        let mut drives = self.shared.drives.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = drives.get_mut(drive) {
            entry.links.retain(|link| link.id != session);
        }
        drop(drives);
        self.shared.sessions.send_modify(|count| *count += 1);
    }
}

fn stop(link: &Link) {
    // A full queue belongs to a session that is busy: it stops when its commands are gone.
    drop(link.commands.try_send(Command::Stop));
}
