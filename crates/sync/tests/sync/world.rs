//! Nodes in memory, and sessions pumped by hand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use futures::executor::block_on;
use ply_drive::{
    Access, BoxFuture, Cutting, Drive, Host, Invitation, Remote, RemoteError, Replica, Settings,
    Want,
};
use ply_engine::{Durability, MemoryEngine};
use ply_log::{Head, HeadStep, Signer};
use ply_sync::{Claims, Output, Peer, RequestId, Session, Traffic};
use ply_types::{DriveId, LogKey, Path, ReadKey, Seed, Time, Timestamp};

/// A machine whose clock and dice can be told.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) dice: AtomicU64,
    pub(crate) seed: u64,
    /// Seconds since 1970.
    pub(crate) clock: AtomicI64,
}

impl Machine {
    fn new(seed: u8, thrown: u64) -> Arc<Self> {
        let (dice, clock) = (AtomicU64::new(thrown), AtomicI64::new(1_700_000_000));
        Arc::new(Self { dice, seed: u64::from(seed), clock })
    }
}

impl Host for Machine {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: self.clock.load(Ordering::Relaxed), nanos: 0 }
    }

    fn random(&self) -> [u8; 32] {
        let throw = self.dice.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&throw.to_le_bytes());
        bytes[16] = 0x5a;
        bytes
    }
}

/// One node with one drive.
pub(crate) struct Node {
    pub(crate) name: u8,
    pub(crate) host: Arc<Machine>,
    pub(crate) engine: Arc<MemoryEngine>,
    pub(crate) replica: Arc<Replica<MemoryEngine>>,
    pub(crate) drive: Drive<MemoryEngine>,
}

/// What a ticket carries.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) id: DriveId,
    pub(crate) access: Access,
    pub(crate) invitation: Option<Invitation>,
}

impl Node {
    pub(crate) fn owner(name: u8, access: Access) -> Self {
        let secret = Seed::new([name; 32]);
        let id = DriveId(Signer::new(&secret).key().0);
        Self::with(name, Pass { id, access, invitation: None }, Some(secret))
    }

    pub(crate) fn joined(name: u8, pass: Pass) -> Self {
        Self::with(name, pass, None)
    }

    fn with(name: u8, pass: Pass, drive_secret: Option<Seed>) -> Self {
        let settings = Settings {
            id: pass.id,
            name: "test".to_owned(),
            access: pass.access,
            drive_secret,
            install_nonce: [name; 32],
            cutting: Cutting::DEFAULT,
            invitation: pass.invitation,
            addresses: Vec::new(),
            paused: false,
        };
        let host = Machine::new(name, 0);
        let machine: Arc<dyn Host> = Arc::<Machine>::clone(&host);
        let node = Seed::new([0x80 | name; 32]);
        let engine = Arc::new(MemoryEngine::new());
        let replica = Replica::open(Arc::clone(&engine), settings, &node, machine).unwrap();
        Self { name, host, engine, drive: Drive::alone(Arc::clone(&replica)), replica }
    }

    /// The node after it started again, with the same store.
    pub(crate) fn restarted(&self) -> Result<Self, ply_drive::DriveError> {
        let host = Machine::new(self.name, 1 << 32);
        let machine: Arc<dyn Host> = Arc::<Machine>::clone(&host);
        let node = Seed::new([0x80 | self.name; 32]);
        let engine = Arc::clone(&self.engine);
        let settings = self.replica.settings();
        let replica = Replica::open(Arc::clone(&engine), settings, &node, machine)?;
        let drive = Drive::alone(Arc::clone(&replica));
        Ok(Self { name: self.name, host, engine, replica, drive })
    }

    /// A node whose home is a copy of this one's, as it is now. Chance falls otherwise for it.
    pub(crate) fn copy(&self) -> Self {
        let engine = Arc::new(MemoryEngine::clone(&self.engine));
        // Far from the throws of the one that it was copied from, and of that one started again.
        let host = Machine::new(self.name, 1 << 40);
        let machine: Arc<dyn Host> = Arc::<Machine>::clone(&host);
        let node = Seed::new([0x80 | self.name; 32]);
        let settings = self.replica.settings();
        let replica = Replica::open(Arc::clone(&engine), settings, &node, machine).unwrap();
        Self { name: self.name, host, engine, drive: Drive::alone(Arc::clone(&replica)), replica }
    }

    /// A pass with an invite to write.
    pub(crate) fn share(&self) -> Pass {
        let (secret, record) =
            self.replica.invite(ply_drive::membership::Role::Writer, 64).unwrap();
        let settings = self.replica.settings();
        Pass {
            id: settings.id,
            access: settings.access,
            invitation: Some(Invitation { secret, record }),
        }
    }

    pub(crate) fn key(&self) -> LogKey {
        self.replica.writer_key()
    }

    /// Signs this writer's log as another node has it, whatever is in it.
    pub(crate) fn sign_at(&self, at: &Node) {
        let (logs, log) = (at.replica.logs(), self.key());
        let settings = self.replica.settings();
        let node = Seed::new([0x80 | self.name; 32]);
        let signer = Signer::new(&node.writer(&settings.id, &settings.install_nonce));
        let head = Head::new(log, &logs.roots(&log).unwrap()).sign(&signer).unwrap();
        let mut staging = logs.stage();
        assert!(matches!(staging.set_head(&head).unwrap(), HeadStep::Advanced));
        staging.commit(Durability::Synced).unwrap();
        at.replica.refresh().unwrap();
    }

    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        block_on(self.drive.write(&path(name), content)).unwrap();
    }

    pub(crate) fn commit(&self) {
        block_on(self.drive.commit("", "test")).unwrap();
    }

    pub(crate) fn put_commit(&self, name: &str, content: &[u8]) {
        self.put(name, content);
        self.commit();
    }

    /// Name, author and content of every version in the root.
    pub(crate) fn list(&self) -> Vec<(String, LogKey, Vec<u8>)> {
        let read = block_on(self.drive.read_dir(&Path::root())).unwrap();
        let mut all = Vec::new();
        for entry in read.entries {
            for version in &entry.versions {
                let file = block_on(self.drive.open(&entry.path, Some(&version.writer))).unwrap();
                let content = block_on(file.read(0..u64::MAX)).unwrap();
                all.push((entry.path.to_string(), version.writer, content));
            }
        }
        all
    }
}

pub(crate) fn sealed() -> Access {
    Access::Keys(vec![ReadKey::new([77; 32])])
}

pub(crate) fn path(text: &str) -> Path {
    Path::parse(text.as_bytes()).unwrap()
}

/// A session between two nodes, and what went over it.
pub(crate) struct Wire {
    sides: [Session<MemoryEngine>; 2],
    queues: [VecDeque<Vec<u8>>; 2],
    finished: Vec<(RequestId, Result<(), ply_sync::Failure>)>,
    /// Every message, as it would be before encryption.
    pub(crate) tape: Vec<Vec<u8>>,
    /// Times the direction of speech turned.
    pub(crate) turns: usize,
}

impl Wire {
    pub(crate) fn connect(opener: &Node, answerer: &Node) -> Self {
        let mut wire = Self::open(opener, answerer).unwrap();
        wire.pump();
        wire
    }

    /// Connects and lets the opener ask, where either side may break off.
    pub(crate) fn try_ask(
        opener: &Node,
        answerer: &Node,
        want: Want,
    ) -> Result<(), ply_sync::SessionError> {
        let mut wire = Self::open(opener, answerer)?;
        wire.try_pump()?;
        wire.sides[0].request(want, Time::default())?;
        wire.try_pump()
    }

    fn open(opener: &Node, answerer: &Node) -> Result<Self, ply_sync::SessionError> {
        let (me, them) = (Peer([opener.name; 32]), Peer([answerer.name; 32]));
        let now = Time::default();
        let mut first = Session::open(Arc::clone(&opener.replica), me, them, [1; 32], now)?;
        let Some(Output::Send(hello)) = first.poll()? else { panic!("no hello") };
        let drives = [Arc::clone(&answerer.replica)];
        let second = Session::answer(&hello, &drives, them, me, [2; 32], now)?;
        Ok(Self {
            sides: [first, second],
            queues: [VecDeque::new(), VecDeque::new()],
            finished: Vec::new(),
            tape: vec![hello],
            turns: 0,
        })
    }

    /// Carries messages both ways until nobody has anything to say.
    pub(crate) fn pump(&mut self) {
        self.try_pump().unwrap();
    }

    fn try_pump(&mut self) -> Result<(), ply_sync::SessionError> {
        loop {
            let mut moved = false;
            for side in 0..2 {
                let mut spoke = false;
                while let Some(output) = self.sides[side].poll()? {
                    match output {
                        Output::Send(message) => {
                            self.tape.push(message.clone());
                            self.queues[side].push_back(message);
                            spoke = true;
                        }
                        Output::Finished(request, result) => self.finished.push((request, result)),
                        Output::Changed | Output::Arrived(..) => {}
                    }
                }
                self.turns += usize::from(spoke);
            }
            for side in 0..2 {
                while let Some(message) = self.queues[side].pop_front() {
                    self.sides[1 - side].handle(&message, Time::default())?;
                    moved = true;
                }
            }
            if !moved {
                return Ok(());
            }
        }
    }

    /// Lets the side at `side` ask, and says how it went.
    pub(crate) fn ask(&mut self, side: usize, want: Want) -> Result<(), ply_sync::Failure> {
        let request = self.sides[side].request(want, Time::default()).unwrap();
        self.pump();
        let position = self.finished.iter().position(|(id, _)| *id == request).expect("an end");
        self.finished.remove(position).1
    }

    /// As [`Wire::ask`], but something happens after so many messages, of which both sides are told.
    /// `None` when the answer came before that.
    pub(crate) fn ask_while(
        &mut self,
        side: usize,
        want: Want,
        messages: usize,
        happens: impl FnOnce(),
    ) -> Option<Result<(), ply_sync::Failure>> {
        let request = self.sides[side].request(want, Time::default()).unwrap();
        for _ in 0..messages {
            self.carry_one(Time::default());
        }
        if self.finished.iter().any(|(id, _)| *id == request) {
            return None;
        }
        happens();
        self.changed();
        let position = self.finished.iter().position(|(id, _)| *id == request).expect("an end");
        Some(self.finished.remove(position).1)
    }

    /// Lets the first side ask, sharing what it fetches with its other sessions. Carries nothing.
    pub(crate) fn begin_shared(&mut self, claims: &Claims, want: Want) -> RequestId {
        self.sides[0].share(claims);
        self.sides[0].request(want, Time::default()).unwrap()
    }

    /// How a request ended, if it did.
    pub(crate) fn result(&self, request: RequestId) -> Option<Result<(), ply_sync::Failure>> {
        self.finished.iter().find(|(id, _)| *id == request).map(|(_, result)| *result)
    }

    /// Tells both sides the time.
    pub(crate) fn expire(&mut self, now: Time) {
        self.sides.iter_mut().for_each(|side| side.expire(now));
    }

    /// Carries a single message, of the first side that has one to send; says whether there was one.
    pub(crate) fn carry_one(&mut self, now: Time) -> bool {
        for side in 0..2 {
            while let Some(output) = self.sides[side].poll().unwrap() {
                match output {
                    Output::Send(message) => {
                        self.tape.push(message.clone());
                        self.sides[1 - side].handle(&message, now).unwrap();
                        return true;
                    }
                    Output::Finished(request, result) => self.finished.push((request, result)),
                    Output::Changed | Output::Arrived(..) => {}
                }
            }
        }
        false
    }

    pub(crate) fn changed(&mut self) {
        for side in &mut self.sides {
            side.changed().unwrap();
        }
        self.pump();
    }

    pub(crate) fn traffic(&self, side: usize) -> Traffic {
        self.sides[side].traffic()
    }
}

/// The other end of a wire as a remote.
pub(crate) struct Over {
    pub(crate) wire: Arc<std::sync::Mutex<RefCell<Wire>>>,
    pub(crate) side: usize,
}

impl Remote for Over {
    fn fetch(&self, want: Want) -> BoxFuture<'_, Result<(), RemoteError>> {
        let wire = self.wire.lock().unwrap();
        let result = wire.borrow_mut().ask(self.side, want);
        Box::pin(std::future::ready(result.map_err(|_| RemoteError::NoSource)))
    }
}

/// A drive that fetches over a wire.
pub(crate) fn over(
    node: &Node,
    wire: Wire,
    side: usize,
) -> (Drive<MemoryEngine>, Arc<std::sync::Mutex<RefCell<Wire>>>) {
    let wire = Arc::new(std::sync::Mutex::new(RefCell::new(wire)));
    let remote = Over { wire: Arc::clone(&wire), side };
    (Drive::new(Arc::clone(&node.replica), Arc::new(remote)), wire)
}
