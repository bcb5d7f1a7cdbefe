//! One connection: a session at each end, and messages between them in order.

use std::collections::VecDeque;
use std::sync::Arc;

use ply_drive::Want;
use ply_engine::MemoryEngine;
use ply_sync::{Output, RequestId, Session, SessionError};
use ply_types::Time;

use super::{Replica, peer};

/// Messages that wait in one direction before a session has to hold back.
const ROOM: usize = 3;

/// Messages of one conversation that are remembered.
const TAPE_MESSAGES_MAX: usize = 120;

/// A connection between two nodes; the first of them opened it.
pub struct Link {
    /// The nodes.
    pub ends: [usize; 2],
    sessions: [Option<Session<MemoryEngine>>; 2],
    queues: [VecDeque<Vec<u8>>; 2],
    said: [Vec<Vec<u8>>; 2],
    nonce: [u8; 32],
    /// For each side, its request for everything under way.
    whole: [Option<RequestId>; 2],
    /// For each side, whether something came in since it last asked for everything.
    stale: [bool; 2],
    /// Other requests that are over, with whether they brought what was wanted.
    over: Vec<(usize, RequestId, bool)>,
}

/// What was said over a connection.
#[derive(Clone, Debug)]
pub struct Tape {
    /// The nodes.
    pub ends: [usize; 2],
    said: [Vec<Vec<u8>>; 2],
    nonce: [u8; 32],
}

impl Link {
    pub(super) fn new(ends: [usize; 2], opener: Session<MemoryEngine>, nonce: [u8; 32]) -> Self {
        Self {
            ends,
            sessions: [Some(opener), None],
            queues: Default::default(),
            said: Default::default(),
            nonce,
            whole: [None; 2],
            stale: [true; 2],
            over: Vec::new(),
        }
    }

    pub(super) fn joins(&self, a: usize, b: usize) -> bool {
        self.ends == [a, b] || self.ends == [b, a]
    }

    pub(super) fn is_busy(&self) -> bool {
        self.queues.iter().any(|queue| !queue.is_empty())
    }

    pub(super) fn has_message(&self, side: usize) -> bool {
        !self.queues[side].is_empty()
    }

    pub(super) fn has_room(&self, side: usize) -> bool {
        self.queues[side].len() < ROOM
    }

    pub(super) fn session(&mut self, side: usize) -> Option<&mut Session<MemoryEngine>> {
        self.sessions[side].as_mut()
    }

    pub(super) fn answer(&mut self, session: Session<MemoryEngine>) {
        self.sessions[1] = Some(session);
    }

    pub(super) fn take(&mut self, side: usize) -> Option<Vec<u8>> {
        self.queues[side].pop_front()
    }

    pub(super) fn put(&mut self, side: usize, message: Vec<u8>) {
        if self.said[side].len() < TAPE_MESSAGES_MAX {
            self.said[side].push(message.clone());
        }
        self.queues[side].push_back(message);
    }

    /// Something came in on one side, so that there may be more to ask for.
    pub(super) fn stale(&mut self, side: usize) {
        self.stale[side] = true;
    }

    /// Asks for everything, if the node keeps everything and may lack something.
    pub(super) fn wants_everything(
        &mut self,
        side: usize,
        keeps_all: bool,
        now: Time,
    ) -> Result<(), SessionError> {
        let Some(session) = self.sessions[side].as_mut().filter(|session| session.is_open()) else {
            return Ok(());
        };
        if keeps_all && self.stale[side] && self.whole[side].is_none() {
            self.stale[side] = false;
            self.whole[side] = Some(session.request(Want::Everything, now)?);
        }
        Ok(())
    }

    pub(super) fn finished(&mut self, side: usize, request: RequestId, is_whole: bool) {
        if self.whole[side] == Some(request) {
            self.whole[side] = None;
        } else {
            self.over.push((side, request, is_whole));
        }
    }

    /// Whether a request is over, and if so whether it brought what was wanted.
    pub(super) fn is_over(&mut self, side: usize, request: RequestId) -> Option<bool> {
        let at = self.over.iter().position(|over| (over.0, over.1) == (side, request))?;
        Some(self.over.remove(at).2)
    }

    pub(super) fn into_tape(self) -> Tape {
        Tape { ends: self.ends, said: self.said, nonce: self.nonce }
    }
}

impl Tape {
    /// Says everything again to one end, which finds itself in a new session of the same name. What
    /// it answers goes nowhere.
    pub fn replay(
        &self,
        replica: Arc<Replica>,
        listener: usize,
        nonce: [u8; 32],
        now: Time,
    ) -> Result<(), SessionError> {
        let (me, them) = (peer(self.ends[listener]), peer(self.ends[1 - listener]));
        let mut heard = self.said[1 - listener].iter();
        let mut session = if listener == 0 {
            Session::open(replica, me, them, self.nonce, now)?
        } else {
            let Some(hello) = heard.next() else { return Ok(()) };
            Session::answer(hello, &[replica], me, them, nonce, now)?
        };
        let answer = |session: &mut Session<MemoryEngine>| -> Result<(), SessionError> {
            while let Some(output) = session.poll()? {
                drop::<Output>(output);
            }
            Ok(())
        };
        answer(&mut session)?;
        for message in heard {
            session.handle(message, now)?;
            answer(&mut session)?;
        }
        Ok(())
    }
}
