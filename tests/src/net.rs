//! A network that loses, delays and repeats, and the sessions over it.

mod link;
mod port;

use std::sync::Arc;

use ply_engine::MemoryEngine;
use ply_sync::{Output, Peer, Session};
use ply_types::Time;
use std::time::Duration;

pub use link::{Link, Tape};
pub use port::Port;

use crate::dice::Dice;

/// A drive on a node.
pub type Replica = ply_drive::Replica<MemoryEngine>;

/// How a node keeps the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// All of it.
    Everything,
    /// Heads, and what it was asked for.
    Sparse,
}

/// Nodes that run, and what connects them.
pub struct Net {
    /// The drive on each node.
    pub replicas: Vec<Arc<Replica>>,
    /// How each node keeps it.
    pub keeping: Vec<Keeping>,
    /// Nodes reach each other if they are on the same side.
    pub sides: Vec<usize>,
    links: Vec<Link>,
    /// What was said in connections that are over.
    tapes: Vec<Tape>,
    now: Time,
    nonces: u64,
    /// Messages delivered.
    pub messages: usize,
    /// Connections cut while messages were under way.
    pub cut: usize,
    /// Errors of sessions, each the end of one.
    pub quarrels: Vec<String>,
}

/// Conversations that are remembered.
const TAPES_MAX: usize = 6;

impl Net {
    /// A network without a connection.
    pub fn new(replicas: Vec<Arc<Replica>>, keeping: Vec<Keeping>) -> Self {
        Self {
            sides: vec![0; replicas.len()],
            replicas,
            keeping,
            links: Vec::new(),
            tapes: Vec::new(),
            now: Time::default(),
            nonces: 0,
            messages: 0,
            cut: 0,
            quarrels: Vec::new(),
        }
    }

    fn nonce(&mut self) -> [u8; 32] {
        self.nonces += 1;
        let mut nonce = [0x11; 32];
        nonce[..8].copy_from_slice(&self.nonces.to_le_bytes());
        nonce
    }

    /// Opens a session, if the nodes reach each other and have none.
    pub fn connect(&mut self, opener: usize, answerer: usize) {
        let ends = [opener, answerer];
        let is_linked = self.links.iter().any(|link| link.joins(opener, answerer));
        if opener == answerer || is_linked || self.sides[opener] != self.sides[answerer] {
            return;
        }
        let nonce = self.nonce();
        let replica = Arc::clone(&self.replicas[opener]);
        let session =
            Session::open(replica, peer(opener), peer(answerer), nonce, self.now).unwrap();
        self.links.push(Link::new(ends, session, nonce));
        let last = self.links.len() - 1;
        self.drain(last, 0);
    }

    /// Cuts a connection. What is under way is lost.
    fn cut_link(&mut self, at: usize) {
        let link = self.links.remove(at);
        self.cut += usize::from(link.is_busy());
        if self.tapes.len() == TAPES_MAX {
            self.tapes.remove(0);
        }
        self.tapes.push(link.into_tape());
    }

    /// Cuts any connection.
    pub fn cut_any(&mut self, dice: &mut Dice) {
        if !self.links.is_empty() {
            let at = dice.below(self.links.len());
            self.cut_link(at);
        }
    }

    /// Cuts every connection that `is_cut` says, by its ends.
    pub fn cut_where(&mut self, is_cut: impl Fn([usize; 2]) -> bool) {
        while let Some(at) = self.links.iter().position(|link| is_cut(link.ends)) {
            self.cut_link(at);
        }
    }

    /// Splits the nodes over two sides that do not reach each other.
    pub fn split(&mut self, dice: &mut Dice) {
        for side in &mut self.sides {
            *side = dice.below(2);
        }
        let sides = self.sides.clone();
        self.cut_where(|[a, b]| sides[a] != sides[b]);
    }

    /// Lets everybody reach everybody.
    pub fn heal(&mut self) {
        self.sides.fill(0);
    }

    /// Delivers one message, of any connection, in either direction.
    pub fn deliver_any(&mut self, dice: &mut Dice) {
        self.now = self.now + Duration::from_millis(200);
        let mut waiting = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            waiting.extend((0..2).filter(|&side| link.has_message(side)).map(|side| (at, side)));
        }
        if waiting.is_empty() {
            return;
        }
        let (at, side) = *dice.pick(&waiting);
        self.deliver(at, side);
        self.expire();
        self.speak();
    }

    /// Delivers one message from a node to another. False when none is under way.
    pub fn carry(&mut self, from: usize, to: usize) -> bool {
        self.speak();
        for at in 0..self.links.len() {
            let side = usize::from(self.links[at].ends == [to, from]);
            if self.links[at].joins(from, to) && self.links[at].has_message(side) {
                return self.deliver(at, side);
            }
        }
        false
    }

    fn expire(&mut self) {
        for at in (0..self.links.len()).rev() {
            for side in 0..2 {
                let now = self.now;
                let overdue = self.links.get_mut(at).and_then(|link| link.session(side));
                if let Some(session) = overdue
                    && session.deadline().is_some_and(|deadline| deadline <= now)
                {
                    session.expire(now);
                    self.drain(at, side);
                }
            }
        }
    }

    /// Hands the first message from `side` to the other end. False when that ended the session.
    fn deliver(&mut self, at: usize, side: usize) -> bool {
        let now = self.now;
        let Some(message) = self.links[at].take(side) else { return true };
        self.messages += 1;
        let other = 1 - side;
        let ends = self.links[at].ends;
        let result = if let Some(session) = self.links[at].session(other) {
            session.handle(&message, now)
        } else {
            let nonce = self.nonce();
            let drives = [Arc::clone(&self.replicas[ends[other]])];
            let (me, them) = (peer(ends[other]), peer(ends[side]));
            Session::answer(&message, &drives, me, them, nonce, now)
                .map(|session| self.links[at].answer(session))
        };
        if let Err(error) = result {
            self.quarrel(at, other, &error);
            return false;
        }
        // Room for another message on one side, something to say on the other.
        self.drain(at, other) && self.drain(at, side)
    }

    fn quarrel(&mut self, at: usize, side: usize, error: &ply_sync::SessionError) {
        let [opener, answerer] = self.links[at].ends;
        let text = format!("{opener} to {answerer}, at {}: {error}", [opener, answerer][side]);
        self.quarrels.push(text);
        self.cut_link(at);
    }

    /// Takes what one side has to say, as far as there is room. False when that ended the session.
    fn drain(&mut self, at: usize, side: usize) -> bool {
        let now = self.now;
        loop {
            let node = self.links[at].ends[side];
            let keeps_all = self.keeping[node] == Keeping::Everything;
            let link = &mut self.links[at];
            let polled = match link.wants_everything(side, keeps_all, now) {
                Ok(()) if link.has_room(side) => match link.session(side) {
                    Some(session) => session.poll(),
                    None => return true,
                },
                Ok(()) => return true,
                Err(error) => Err(error),
            };
            match polled {
                Ok(None) => return true,
                Ok(Some(Output::Send(message))) => self.links[at].put(side, message),
                Ok(Some(Output::Finished(request, result))) => {
                    self.links[at].finished(side, request, result.is_ok());
                }
                Ok(Some(Output::Changed)) => {
                    self.links[at].stale(side);
                    self.changed(node, Some(at));
                }
                Ok(Some(Output::Arrived(..))) => {}
                Err(error) => {
                    self.quarrel(at, side, &error);
                    return false;
                }
            }
        }
    }

    /// Tells a node's connections, but one, that it has news.
    pub fn changed(&mut self, node: usize, but: Option<usize>) {
        for at in (0..self.links.len()).filter(|&at| Some(at) != but) {
            let link = &mut self.links[at];
            if let Some(side) = link.ends.iter().position(|&end| end == node)
                && let Some(session) = link.session(side)
            {
                session.changed().unwrap();
            }
        }
    }

    /// Lets everybody say what they have to say.
    pub fn speak(&mut self) {
        for at in (0..self.links.len()).rev() {
            let _open = self.drain(at, 0) && self.drain(at, 1);
        }
    }

    /// Delivers until nobody has anything to say.
    pub fn settle(&mut self) {
        self.speak();
        while let Some((at, side)) = (0..self.links.len())
            .flat_map(|at| [(at, 0), (at, 1)])
            .find(|&(at, side)| self.links[at].has_message(side))
        {
            self.deliver(at, side);
            self.speak();
        }
    }

    /// Delivers a conversation that is over once more, to one of its ends. False when there was none.
    pub fn repeat(&mut self, dice: &mut Dice) -> bool {
        if self.tapes.is_empty() {
            return false;
        }
        let tape = dice.pick(&self.tapes).clone();
        let listener = dice.below(2);
        let node = tape.ends[listener];
        let nonce = self.nonce();
        let replica = Arc::clone(&self.replicas[node]);
        if let Err(error) = tape.replay(replica, listener, nonce, self.now) {
            self.quarrels.push(format!("repeated to {node}: {error}"));
        }
        self.changed(node, None);
        true
    }

    /// A node starts anew: its connections are gone.
    pub fn restart(&mut self, node: usize, replica: Arc<Replica>) {
        self.cut_where(|ends| ends.contains(&node));
        self.replicas[node] = replica;
    }
}

/// How the connection below names a node.
pub fn peer(node: usize) -> Peer {
    Peer([u8::try_from(node).unwrap_or(u8::MAX); 32])
}
