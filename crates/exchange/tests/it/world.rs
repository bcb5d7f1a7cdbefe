//! Nodes in memory, each with one drive and an exchange.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ply_drive::membership::Role;
use ply_drive::{Access, Cutting, Drive, Host, Invitation, Replica, Settings};
use ply_engine::MemoryEngine;
use ply_exchange::{Exchange, RunError, Side};
use ply_sync::{Peer, Traffic};
use ply_types::{DriveId, Path, ReadKey, Seed, Timestamp};
use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio_util::compat::TokioAsyncReadCompatExt;

/// How long a read waits for peers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that a stream holds before its writer has to wait.
pub(crate) const STREAM_BYTES: usize = 64 << 10;

/// What ended a session.
pub(crate) type Ended = JoinHandle<Result<Traffic, RunError>>;

#[derive(Debug)]
struct Machine {
    throws: AtomicU64,
    seed: u8,
}

impl Host for Machine {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: 1_700_000_000, nanos: 0 }
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [self.seed; 32];
        bytes[..8].copy_from_slice(&self.throws.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        bytes
    }
}

/// One node with one drive.
pub(crate) struct Node {
    pub(crate) peer: Peer,
    pub(crate) exchange: Exchange<MemoryEngine>,
    pub(crate) replica: Arc<Replica<MemoryEngine>>,
    pub(crate) drive: Drive<MemoryEngine>,
}

impl Node {
    pub(crate) fn owner(name: u8) -> Self {
        let secret = Seed::new([name; 32]);
        let id = DriveId(ply_log::Signer::new(&secret).key().0);
        let access = Access::Keys(vec![ReadKey::new([77; 32])]);
        Self::with(name, id, access, Some(secret), None)
    }

    /// A node that joins the drive of another one, with an invite to write if it may read.
    pub(crate) fn joined(name: u8, other: &Self, access: Access) -> Self {
        let invitation = (access != Access::Blind).then(|| {
            let (secret, record) = other.replica.invite(Role::Writer, 64).unwrap();
            Invitation { secret, record }
        });
        Self::with(name, other.replica.id(), access, None, invitation)
    }

    pub(crate) fn reader(name: u8, other: &Self) -> Self {
        Self::joined(name, other, other.replica.settings().access)
    }

    fn with(
        name: u8,
        id: DriveId,
        access: Access,
        drive_secret: Option<Seed>,
        invitation: Option<Invitation>,
    ) -> Self {
        let settings = Settings {
            id,
            name: format!("drive of {name}"),
            access,
            drive_secret,
            install_nonce: [name; 32],
            cutting: Cutting::DEFAULT,
            invitation,
            addresses: Vec::new(),
            paused: false,
        };
        let host = Arc::new(Machine { throws: AtomicU64::new(0), seed: name });
        let engine = Arc::new(MemoryEngine::new());
        let replica = Replica::open(engine, settings, &Seed::new([0x80 | name; 32]), host).unwrap();
        let exchange = Exchange::new();
        exchange.add(Arc::clone(&replica));
        let remote = exchange.remote(id, PATIENCE);
        let drive = Drive::new(Arc::clone(&replica), remote);
        Self { peer: Peer([name; 32]), exchange, replica, drive }
    }

    pub(crate) fn id(&self) -> DriveId {
        self.replica.id()
    }

    /// Writes a file, commits, and tells the peers.
    pub(crate) async fn put(&self, name: &str, content: &[u8]) {
        self.drive.write(&path(name), content).await.unwrap();
        self.drive.commit("", "test").await.unwrap();
        self.exchange.changed(&self.id());
    }

    /// Runs this node's side of a session over a stream.
    pub(crate) fn run(&self, stream: DuplexStream, them: Peer, side: Side) -> Ended {
        let (exchange, me) = (self.exchange.clone(), self.peer);
        tokio::spawn(async move { exchange.run(stream.compat(), me, them, side).await })
    }

    /// Answers whoever is at the other end of the stream that comes back.
    pub(crate) fn answer(&self, them: Peer) -> (DuplexStream, Ended) {
        let (mine, theirs) = duplex(STREAM_BYTES);
        (theirs, self.run(mine, them, Side::Answerer))
    }
}

/// Two nodes meet, and both sides of their session are open.
pub(crate) async fn meet(opener: &Node, answerer: &Node) -> [Ended; 2] {
    let (one, other) = duplex(STREAM_BYTES);
    let answering = answerer.run(other, opener.peer, Side::Answerer);
    let opening = opener.run(one, answerer.peer, Side::Opener(opener.id()));
    until(|| opener.exchange.sessions(&opener.id()).iter().any(|info| info.open)).await;
    [opening, answering]
}

/// Waits until something is so. What never becomes so is for the test's own runner to notice.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) fn path(text: &str) -> Path {
    Path::parse(text.as_bytes()).unwrap()
}

/// Pseudo-random bytes that do not compress.
pub(crate) fn noise(seed: u32, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..bytes).map(|_| next()).collect()
}
