//! Nodes for the suite: with a clock and dice that always fall the same way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ply_chunk::{CutParams, Level};
use ply_engine::{Durability, Engine};
use ply_log::{Accepted, Head, HeadStep, Signer};
use ply_merkle::{Trusted, Within};
use ply_types::{DriveId, LogKey, Path, ReadKey, Seed, Timestamp};

use crate::membership::Role;
use crate::{Access, Attributes, Cutting, Drive, Host, Invitation, Kind, Replica, Settings, Walk};

/// Where engines come from.
#[derive(Clone, Copy)]
pub struct Bench<'bench, E> {
    make: &'bench dyn Fn() -> Arc<E>,
    reopen: &'bench dyn Fn(Arc<E>) -> Arc<E>,
}

impl<E> fmt::Debug for Bench<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bench")
    }
}

/// A machine whose time passes by a second a look, and whose chance is a row of numbers.
#[derive(Debug, Default)]
pub struct Dice {
    seed: u8,
    thrown: AtomicU64,
}

impl Host for Dice {
    fn now(&self) -> Timestamp {
        let seconds = 1_800_000_000 + self.thrown.fetch_add(1, Ordering::Relaxed);
        Timestamp { seconds: i64::try_from(seconds).unwrap(), nanos: 5 }
    }

    fn random(&self) -> [u8; 32] {
        let thrown = self.thrown.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [self.seed; 32];
        bytes[..8].copy_from_slice(&thrown.to_le_bytes());
        bytes
    }
}

/// One node with one drive.
#[derive(Debug)]
pub struct Node<E: Engine> {
    name: u8,
    settings: Settings,
    dice: Arc<Dice>,
    engine: Option<Arc<E>>,
    drive: Option<Drive<E>>,
}

/// One line of a tree: what is there, how long, with which permissions, and a hash of its bytes.
pub type Line = (Kind, u64, Attributes, Vec<u8>);

impl<'bench, E: Engine> Bench<'bench, E> {
    /// Takes how engines are made and opened again.
    pub fn new(make: &'bench dyn Fn() -> Arc<E>, reopen: &'bench dyn Fn(Arc<E>) -> Arc<E>) -> Self {
        Self { make, reopen }
    }

    /// A node with a sealed drive that cuts as drives do.
    pub fn node(&self) -> Node<E> {
        self.owner(1, Access::Keys(vec![ReadKey::new([77; 32])]), Cutting::DEFAULT)
    }

    /// A node with a drive that cuts small, so that little content makes many pieces.
    pub fn small(&self, access: Access) -> Node<E> {
        let chunk = CutParams::new(1024, 2048, 4096).unwrap();
        self.owner(1, access, Cutting { chunk, level: Level::DEFAULT })
    }

    /// A node that made a drive.
    pub fn owner(&self, name: u8, access: Access, cutting: Cutting) -> Node<E> {
        let secret = Seed::new([name; 32]);
        let settings = Settings {
            id: DriveId(Signer::new(&secret).key().0),
            name: "test".to_owned(),
            access,
            drive_secret: Some(secret),
            install_nonce: [name; 32],
            cutting,
            invitation: None,
            addresses: Vec::new(),
            paused: false,
        };
        self.start(name, settings)
    }

    /// A node that may write by an invite of another.
    pub fn join(&self, name: u8, owner: &Node<E>) -> Node<E> {
        self.join_all(owner, &[name], 64).remove(0)
    }

    /// Nodes that may write by one invite with so many slots.
    pub fn join_all(&self, owner: &Node<E>, names: &[u8], slots: u32) -> Vec<Node<E>> {
        let (secret, record) = owner.replica().invite(Role::Writer, slots).unwrap();
        let invitation = Some(Invitation { secret, record });
        let settings = |name| Settings {
            drive_secret: None,
            install_nonce: [name; 32],
            invitation: invitation.clone(),
            ..owner.settings.clone()
        };
        names.iter().map(|&name| self.start(name, settings(name))).collect()
    }

    fn start(&self, name: u8, settings: Settings) -> Node<E> {
        let dice = Arc::new(Dice { seed: name, thrown: AtomicU64::new(0) });
        let engine = Some((self.make)());
        let mut node = Node { name, settings, dice, engine, drive: None };
        node.open();
        node
    }

    /// Ends a node and starts it again: it must show the same tree.
    pub fn restart(&self, node: &mut Node<E>) {
        let before = node.tree();
        node.drive = None;
        let engine = node.engine.take().unwrap();
        node.engine = Some((self.reopen)(engine));
        node.open();
        assert_eq!(node.tree(), before, "the drive after opening it anew");
    }
}

impl<E: Engine> Node<E> {
    fn open(&mut self) {
        let engine = Arc::clone(self.engine.as_ref().unwrap());
        let host: Arc<dyn Host> = Arc::<Dice>::clone(&self.dice);
        let seed = Seed::new([0x80 | self.name; 32]);
        let replica = Replica::open(engine, self.settings.clone(), &seed, host).unwrap();
        self.drive = Some(Drive::alone(replica));
    }

    /// The drive.
    pub fn drive(&self) -> &Drive<E> {
        self.drive.as_ref().unwrap()
    }

    /// Its local side.
    pub fn replica(&self) -> &Arc<Replica<E>> {
        self.drive().replica()
    }

    /// Where it is kept.
    pub fn engine(&self) -> &Arc<E> {
        self.engine.as_ref().unwrap()
    }

    /// The key it writes under.
    pub fn key(&self) -> LogKey {
        self.replica().writer_key()
    }

    /// Writes a file.
    pub fn put(&self, name: &str, content: &[u8]) {
        block_on(self.drive().write(&path(name), content)).unwrap();
    }

    /// Reads a file.
    pub fn get(&self, name: &str) -> Vec<u8> {
        block_on(self.drive().read(&path(name))).unwrap()
    }

    /// Makes a directory.
    pub fn mkdir(&self, name: &str) {
        let attributes = Attributes { mode: 0o755, ..Attributes::default() };
        block_on(self.drive().create_dir(&path(name), &attributes, false)).unwrap();
    }

    /// Commits, if there is anything to commit.
    pub fn commit(&self) {
        block_on(self.drive().commit("", "suite")).unwrap();
    }

    /// Names in a directory.
    pub fn names(&self, name: &str) -> Vec<String> {
        let read = block_on(self.drive().read_dir(&path(name))).unwrap();
        let name = |path: Path| path.split().unwrap().1.to_string();
        read.entries.into_iter().map(|entry| name(entry.path)).collect()
    }

    /// Everything in the drive.
    pub fn tree(&self) -> BTreeMap<Path, Line> {
        let view = self.replica().view();
        let mut walk = Walk::new(&view, Path::root());
        let mut lines = BTreeMap::new();
        while let Some(named) = walk.next().unwrap() {
            let kind = named.state.kind().unwrap();
            let content = match named.state.shown() {
                Some(version) if version.entry.stored().is_some() => {
                    view.open(&named.path, version).unwrap().read_all().unwrap()
                }
                _ => Vec::new(),
            };
            let size = content.len() as u64;
            let hash = ply_chunk::hash(&content).0.to_vec();
            lines.insert(named.path, (kind, size, named.state.attributes(), hash));
        }
        lines
    }

    /// Blocks of all layers that this node's trees name, its draft's among them.
    pub fn layer_blocks(&self) -> u64 {
        let committed = self.replica().layers().unwrap().0.into_iter();
        let mut lengths: BTreeMap<LogKey, u64> =
            committed.map(|head| (head.log, head.length)).collect();
        for (_, layer) in self.replica().draft_layers().unwrap() {
            lengths.insert(layer.key, layer.length);
        }
        lengths.values().sum()
    }

    /// Takes everything in that another node has committed, content as well if asked for.
    pub fn pull(&self, other: &Self, with_content: bool) {
        other.replica().allow_signing();
        self.replica().accept_records(other.replica().records()).unwrap();
        for log in other.replica().published_logs() {
            let Some(signed) = other.replica().signed_head(&log).unwrap() else { continue };
            if log != self.key() {
                copy(other.replica(), self.replica(), signed.head);
                let step = self.replica().logs().set_head(&signed.verify().unwrap()).unwrap();
                assert!(matches!(step, HeadStep::Advanced | HeadStep::Known));
            }
        }
        self.replica().refresh().unwrap();
        if with_content {
            for head in self.replica().layers().unwrap().0 {
                if other.replica().logs().roots(&head.log).unwrap().length() >= head.length {
                    copy(other.replica(), self.replica(), head);
                }
            }
        }
    }
}

/// Brings the blocks of a log that are missing, with their proof.
fn copy<E: Engine>(from: &Replica<E>, to: &Replica<E>, head: Head) {
    let Head { log, length, bytes, root } = head;
    let have = to.logs().have(&log).unwrap();
    let missing: Vec<_> = have.missing(0..length).collect();
    for range in missing {
        let proof = from.logs().prove(&log, range.clone(), Within::Tree { length }).unwrap();
        let blocks: Vec<_> =
            range.map(|block| from.logs().block(&log, block).unwrap().unwrap()).collect();
        let mut staging = to.logs().stage();
        let trusted = Trusted::Tree { length, bytes, root };
        let accepted = staging.accept(&log, &proof, &blocks, trusted).unwrap();
        assert!(matches!(accepted, Accepted::Stored(_)));
        staging.commit(Durability::Synced).unwrap();
    }
}

/// The result of a future that has nothing to wait for: the drive is on its own.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    crate::now::now(future).unwrap()
}

/// A path.
pub fn path(text: &str) -> Path {
    Path::parse(text.as_bytes()).unwrap()
}

/// Bytes that no compressor makes shorter: the same for the same seed.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut reader = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
    let mut bytes = vec![0; length];
    reader.fill(&mut bytes);
    bytes
}
