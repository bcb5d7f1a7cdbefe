//! The network of a node that runs: streams of `net` into sessions of `exchange`.

mod events;
mod keep;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ply_drive::{BoxFuture, Remote, Replica, Want};
use ply_exchange::{Exchange, FetchInfo, RunError, Side};
use ply_net::{Announce, Config, Dht, Identity, Limits, Mdns, Multiaddr, NetError, PeerId};
use ply_store::Store;
use ply_sync::{Peer as SessionPeer, SessionError};
use ply_types::{DriveId, Fault};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::addresses::{parse_address, parse_addresses, parse_peer, session_peer};
use super::{Network, NetworkError, NetworkOptions, Peer, SyncRequest, SyncSummary, Transfer};
use crate::node::Node;

/// How long a read or a listing waits for peers.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a peer that sent wrong data is not spoken to.
const BAN: Duration = Duration::from_mins(10);
/// First pause before a session that ended is opened again; each later one is twice as long.
const REOPEN_MIN: Duration = Duration::from_millis(100);
/// Longest pause.
const REOPEN_MAX: Duration = Duration::from_secs(30);

/// Whether a session is worth opening again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It may go better next time.
    ForNow,
    /// The peer does not know the drive, or is spoken to no longer.
    Forever,
}

/// See the module's page.
pub(super) struct Running {
    pub(super) net: ply_net::Network,
    pub(super) exchange: Exchange<Store>,
    pub(super) me: SessionPeer,
    /// Peers by the names that sessions know them by.
    pub(super) names: Mutex<HashMap<SessionPeer, PeerId>>,
    addresses: Mutex<Vec<Multiaddr>>,
    /// Tasks that keep a drive connected, each to be cancelled.
    keeping: Mutex<HashMap<DriveId, CancellationToken>>,
    pub(super) stop: CancellationToken,
    /// When this node could not store what a session brought, and why.
    trouble: Mutex<Option<(Instant, String, Fault)>>,
}

/// Starts the network of a node that runs.
pub(crate) async fn start(
    node: &Node,
    options: &NetworkOptions,
) -> Result<Arc<dyn Network>, NetworkError> {
    let identity = Identity::new(node.seed()).map_err(|error| machine(&error))?;
    let me = session_peer(identity.peer());
    let config = Config {
        identity,
        listen: parse_addresses(&options.listen)?,
        external: Vec::new(),
        announce: Announce::All,
        bootstrap: parse_addresses(&options.bootstrap)?,
        mdns: if options.mdns { Mdns::On } else { Mdns::Off },
        dht: if options.dht { Dht::Server } else { Dht::Off },
        limits: Limits::STANDARD,
    };
    let (net, events) = ply_net::Network::start(config).await.map_err(|error| machine(&error))?;
    let addresses = net.addresses().await;
    let running = Arc::new(Running {
        net,
        exchange: Exchange::new(),
        me,
        names: Mutex::default(),
        addresses: Mutex::new(addresses),
        keeping: Mutex::default(),
        stop: node.stop().child_token(),
        trouble: Mutex::default(),
    });
    tokio::spawn(events::serve(Arc::clone(&running), events));
    Ok(Arc::new(Handle(running)))
}

pub(super) fn machine(error: &NetError) -> NetworkError {
    NetworkError::Machine { doing: "the network".to_owned(), what: error.to_string() }
}

impl Running {
    /// Keeps a session for a drive open with a peer, in a task of its own, as long as the peer is
    /// connected: one that breaks is opened again.
    pub(super) fn open(self: &Arc<Self>, peer: PeerId, drive: DriveId) {
        let running = Arc::clone(self);
        tokio::spawn(async move {
            let mut pause = REOPEN_MIN;
            loop {
                let began = Instant::now();
                match running.net.open(peer).await {
                    Ok(stream) => {
                        if running.converse(stream, Side::Opener(drive)).await == Ended::Forever {
                            return;
                        }
                    }
                    Err(error) => tracing::debug!(%peer, %error, "no stream"),
                }
                if REOPEN_MAX < began.elapsed() {
                    pause = REOPEN_MIN;
                }
                sleep(pause).await;
                pause = (pause * 2).min(REOPEN_MAX);
                if !running.wants_session(peer, &drive).await {
                    return;
                }
            }
        });
    }

    /// Whether a session with a connected peer is missing.
    async fn wants_session(&self, peer: PeerId, drive: &DriveId) -> bool {
        let name = session_peer(peer);
        self.exchange.drive(drive).is_some()
            && self.exchange.sessions(drive).iter().all(|info| info.peer != name)
            && self.net.peers().await.iter().any(|info| info.peer == peer)
    }

    /// Runs a session over a stream to its end.
    pub(super) async fn converse(self: &Arc<Self>, stream: ply_net::Stream, side: Side) -> Ended {
        let peer = stream.peer();
        let them = session_peer(peer);
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(them, peer);
        let error = match self.exchange.run(stream, self.me, them, side).await {
            Ok(traffic) => {
                tracing::debug!(%peer, ?traffic, "a session ended");
                return Ended::ForNow;
            }
            Err(error) => error,
        };
        tracing::debug!(%peer, %error, "a session ended");
        if let RunError::Session(SessionError::Local(own)) = &error
            && let fault @ (Fault::Full | Fault::Machine) = own.fault()
        {
            self.note_trouble(own.to_string(), fault);
        }
        if matches!(&error, RunError::Session(SessionError::Stranger)) {
            // Once it knows the drive it opens a session itself.
            return Ended::Forever;
        }
        if matches!(&error, RunError::Session(wrong) if wrong.fault() == Fault::Peer) {
            tracing::warn!(%peer, %error, "a peer sent wrong data");
            self.net.ban(peer, BAN).await;
            return Ended::Forever;
        }
        Ended::ForNow
    }

    /// Notes that this node itself holds up what it fetches, and says so once.
    fn note_trouble(&self, what: String, fault: Fault) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_ref().is_none_or(|(_, before, _)| *before != what) {
            tracing::warn!("what others send cannot be stored: {what}");
        }
        *trouble = Some((Instant::now(), what, fault));
    }

    /// What this node could not do since then.
    fn trouble_since(&self, start: Instant) -> Option<NetworkError> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, what, fault) = trouble.as_ref().filter(|(at, ..)| start <= *at)?;
        Some(NetworkError::Storing { what: what.clone(), fault: *fault })
    }

    /// Keeps addresses in order: interfaces are found in another order at each start.
    pub(super) fn note_address(&self, address: Multiaddr, is_there: bool) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.retain(|known| *known != address);
        if is_there {
            addresses.push(address);
            addresses.sort();
        }
    }

    fn known_addresses(&self) -> Vec<Multiaddr> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Blocks and bytes that sessions of a drive brought so far.
    fn brought(&self, drive: &DriveId) -> (u64, u64) {
        let sessions = self.exchange.sessions(drive);
        let blocks = sessions.iter().map(|info| info.traffic.blocks_in).sum();
        (blocks, sessions.iter().map(|info| info.traffic.block_bytes_in).sum())
    }

    /// Peers that have a drive and are connected, each once however many sessions there are.
    fn peers_of(&self, drive: &DriveId) -> u64 {
        let sessions = self.exchange.sessions(drive).into_iter();
        let peers: BTreeSet<SessionPeer> =
            sessions.filter(|info| info.open).map(|info| info.peer).collect();
        peers.len() as u64
    }

    async fn sync(
        &self,
        replica: &Arc<Replica<Store>>,
        request: &SyncRequest,
    ) -> Result<SyncSummary, NetworkError> {
        let start = Instant::now();
        let deadline = start + request.timeout;
        let drive = replica.id();
        let before = self.brought(&drive);
        let remote = self.exchange.remote(drive, request.timeout);
        let want = || match (request.full, request.path.is_root()) {
            (true, _) => Want::Everything,
            (false, true) => Want::Heads,
            (false, false) => Want::Tree(request.path.clone()),
        };
        // Somebody who has the drive may be just about to connect.
        loop {
            let fetched = timeout_at(deadline, remote.fetch(want())).await;
            if let Ok(Ok(())) = fetched {
                break;
            }
            if let Some(trouble) = self.trouble_since(start) {
                return Err(trouble);
            }
            if fetched.is_err() || deadline <= Instant::now() {
                return Err(NetworkError::Unreachable { waited: request.timeout });
            }
            sleep(Duration::from_millis(50)).await;
        }
        let after = self.brought(&drive);
        Ok(SyncSummary {
            peers: self.peers_of(&drive),
            blocks: after.0.saturating_sub(before.0),
            bytes: after.1.saturating_sub(before.1),
            unfetched: replica.unfetched(),
        })
    }
}

/// What the commands hold.
struct Handle(Arc<Running>);

impl Network for Handle {
    fn addresses(&self) -> Vec<String> {
        self.0.known_addresses().iter().map(ToString::to_string).collect()
    }

    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<String, NetworkError>> {
        Box::pin(async move {
            let address = parse_address(address)?;
            let dialed = self.0.net.dial(address).await;
            let peer =
                dialed.map_err(|error| NetworkError::Unconnected { what: error.to_string() })?;
            Ok(peer.to_string())
        })
    }

    fn disconnect<'a>(&'a self, peer: &'a str) -> BoxFuture<'a, Result<(), NetworkError>> {
        Box::pin(async move {
            let id = parse_peer(peer)?;
            if !self.0.net.peers().await.iter().any(|info| info.peer == id) {
                return Err(NetworkError::NoPeer { peer: peer.to_owned() });
            }
            self.0.net.disconnect(id).await;
            Ok(())
        })
    }

    fn peers(&self) -> BoxFuture<'_, Vec<Peer>> {
        Box::pin(async move {
            let drives = self.0.exchange.drives();
            let shared = |peer: PeerId| {
                let name = session_peer(peer);
                let has = |id: &DriveId| {
                    let sessions = self.0.exchange.sessions(id);
                    sessions.iter().any(|info| info.peer == name && info.open)
                };
                drives.iter().map(|replica| replica.id()).filter(has).collect()
            };
            let peers = self.0.net.peers().await.into_iter();
            peers
                .map(|info| Peer {
                    id: info.peer.to_string(),
                    address: info.addresses.first().map(ToString::to_string).unwrap_or_default(),
                    drives: shared(info.peer),
                })
                .collect()
        })
    }

    fn transfers(&self) -> Vec<Transfer> {
        let transfer = |fetch: FetchInfo| {
            let what = match &fetch.want {
                Want::Heads => "news".to_owned(),
                Want::Blocks { .. } => "blocks".to_owned(),
                Want::Everything => "everything".to_owned(),
                Want::Stat(path) | Want::Open { path, .. } | Want::Data { path, .. } => {
                    path.to_string()
                }
                Want::List { path, .. } | Want::Tree(path) => format!("names in {path}"),
            };
            Transfer { drive: fetch.drive, what, bytes: fetch.bytes }
        };
        self.0.exchange.fetches().into_iter().map(transfer).collect()
    }

    fn remote(&self, replica: &Arc<Replica<Store>>) -> Arc<dyn Remote> {
        self.0.exchange.remote(replica.id(), PATIENCE)
    }

    fn announce(&self, drive: DriveId) {
        self.0.exchange.changed(&drive);
        let running = Arc::clone(&self.0);
        tokio::spawn(async move { running.gossip(drive).await });
    }

    fn add(&self, replica: &Arc<Replica<Store>>) {
        self.0.exchange.add(Arc::clone(replica));
        let keeping = self.0.stop.child_token();
        let mut tasks = self.0.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = tasks.insert(replica.id(), keeping.clone()) {
            earlier.cancel();
        }
        drop(tasks);
        tokio::spawn(keep::keep(Arc::clone(&self.0), Arc::clone(replica), keeping));
    }

    fn remove(&self, drive: DriveId) {
        self.0.exchange.remove(&drive);
        let mut tasks = self.0.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = tasks.remove(&drive) {
            task.cancel();
        }
    }

    fn sync<'a>(
        &'a self,
        replica: &'a Arc<Replica<Store>>,
        request: &'a SyncRequest,
    ) -> BoxFuture<'a, Result<SyncSummary, NetworkError>> {
        Box::pin(async move { self.0.sync(replica, request).await })
    }

    fn trouble_since(&self, start: Instant) -> Option<NetworkError> {
        // A session that failed before that may not have been opened again since.
        self.0.trouble_since(start.checked_sub(REOPEN_MAX).unwrap_or(start))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.0.stop.cancel();
            self.0.net.shutdown().await;
        })
    }
}
