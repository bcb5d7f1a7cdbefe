//! One conversation between two nodes about one drive.
//!
//! The driver calls [`Session::handle`] for each message that arrives and [`Session::expire`] when
//! [`Session::deadline`] passes; then it drains [`Session::poll`], taking the next message only when
//! there is room to send it.

mod answer;
mod gather;
mod handshake;
mod mend;
mod news;
mod output;
mod plan;
mod question;
mod request;
mod rivals;
mod tell;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ply_drive::{Replica, Want};
use ply_engine::Engine;
use ply_proto::{self as proto, message::What};
use ply_types::{LogKey, RecordId, Time};

use crate::claims::{Claimant, Claims};
use crate::error::SessionError;
use crate::limits::PATIENCE;
use crate::message;
use crate::proof::Ends;
#[cfg(test)]
pub(crate) use answer::parse_question;

pub use output::{Decoded, Failure, Output, RequestId, Traffic};

use answer::Answer;
use request::Request;
use rivals::Rival;
use tell::Telling;

/// The number that stands for no request: its end is the end of all.
const GOODBYE: u64 = 0;

/// Where a session stands.
#[derive(Debug)]
enum Stage {
    /// The opener's: said hello, waits for the welcome.
    Greeted {
        /// Its nonce.
        nonce: [u8; 32],
    },
    /// Both proved that they know the drive.
    Open,
}

/// See the module's own words.
#[derive(Debug)]
pub struct Session<E: Engine> {
    replica: Arc<Replica<E>>,
    ends: Ends,
    stage: Stage,
    outbox: VecDeque<Output>,
    /// Requests of the peer, answered one after another.
    answers: VecDeque<Answer>,
    requests: BTreeMap<u64, Request>,
    next_request: u64,
    /// What the peer is known to have.
    theirs: Theirs,
    /// Blocks that came and are not stored yet.
    inbox: Vec<proto::Blocks>,
    inbox_bytes: usize,
    /// Bytes that came since something could be stored.
    unvouched_bytes: usize,
    /// Heads of other histories that are being looked into.
    rivals: HashMap<LogKey, Rival>,
    /// Logs of which something came that is of another history.
    clashed: HashSet<LogKey>,
    /// Trees that somebody vouches for, by log and length.
    trusted: HashMap<(LogKey, u64), ply_log::Head>,
    /// What the peer is still to be told.
    telling: Telling,
    /// Requests for the newest commits of logs.
    commits_asked: HashMap<LogKey, u64>,
    /// Requests for blocks of logs that are damaged here.
    mending: HashMap<LogKey, u64>,
    /// Where logs were whose growth the peer did not show, when it was last told.
    told_lengths: HashMap<LogKey, u64>,
    /// Blocks that this session asked for, among those that others did.
    claims: Claimant,
    traffic: Traffic,
    /// This side wants nothing more.
    said_goodbye: bool,
    /// The peer wants nothing more.
    heard_goodbye: bool,
    /// Requests timed out, or it was time to look again, since the last look at what they are steps of.
    gave_up: bool,
    now: Time,
}

/// What the peer is known to have.
#[derive(Debug, Default)]
struct Theirs {
    /// It said what it has.
    heard: bool,
    logs: HashMap<LogKey, TheirLog>,
    /// Logs of which it has another history than this side.
    rivals: HashSet<LogKey>,
    /// Those of them of which it was told.
    told: HashSet<LogKey>,
    /// Those of them that were looked into.
    probed: HashSet<LogKey>,
    membership: Vec<u8>,
}

/// How much the peer is known to have of a log.
#[derive(Debug, Default)]
struct TheirLog {
    length: u64,
    /// If it was told of the log's head: by which records the writer was let in then. The head of somebody
    /// whom it has not let in itself it passes over.
    admissions: Option<BTreeSet<RecordId>>,
}

impl Theirs {
    /// How many blocks of a log it is known to have.
    fn length(&self, log: &LogKey) -> u64 {
        self.logs.get(log).map_or(0, |theirs| theirs.length)
    }
}

impl<E: Engine> Session<E> {
    fn new(replica: Arc<Replica<E>>, ends: Ends, stage: Stage, now: Time) -> Self {
        Self {
            replica,
            ends,
            stage,
            outbox: VecDeque::new(),
            answers: VecDeque::new(),
            requests: BTreeMap::new(),
            next_request: 1,
            theirs: Theirs::default(),
            inbox: Vec::new(),
            inbox_bytes: 0,
            unvouched_bytes: 0,
            rivals: HashMap::new(),
            clashed: HashSet::new(),
            trusted: HashMap::new(),
            telling: Telling::default(),
            commits_asked: HashMap::new(),
            mending: HashMap::new(),
            told_lengths: HashMap::new(),
            claims: Claims::default().claimant(),
            traffic: Traffic::default(),
            said_goodbye: false,
            heard_goodbye: false,
            gave_up: false,
            now,
        }
    }

    /// Shares the fetching of everything with the drive's other sessions. To be called before the first
    /// request.
    pub fn share(&mut self, claims: &Claims) {
        self.claims = claims.claimant();
    }

    /// Says that this side wants nothing more. The session is over when the peer says so too.
    pub fn say_goodbye(&mut self) {
        if !self.said_goodbye {
            self.said_goodbye = true;
            self.send(What::Done(proto::Done { request: GOODBYE, ..proto::Done::default() }));
        }
    }

    /// Whether both sides have all they want and everything was sent.
    pub fn is_over(&self) -> bool {
        let has_more = self.telling.due || !self.outbox.is_empty() || !self.answers.is_empty();
        self.said_goodbye && self.heard_goodbye && !has_more
    }

    /// The drive that is spoken about.
    pub fn replica(&self) -> &Arc<Replica<E>> {
        &self.replica
    }

    /// Whether both sides proved that they know the drive.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// What went through so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Takes a message of the peer. After an error the session is over.
    pub fn handle(&mut self, bytes: &[u8], now: Time) -> Result<(), SessionError> {
        let message = self.decode(Bytes::copy_from_slice(bytes))?;
        self.handle_decoded(message, now)
    }

    /// Decodes a message of the peer, to be handled next. Its blocks stay in its memory: none is copied.
    pub fn decode(&mut self, bytes: Bytes) -> Result<Decoded, SessionError> {
        self.traffic.messages_in += 1;
        self.traffic.bytes_in += bytes.len() as u64;
        let what = message::decode_owned(bytes)?;
        let stores = match &what {
            What::Blocks(blocks) => self.fills_inbox(blocks),
            _ => true,
        };
        Ok(Decoded { what, stores })
    }

    /// Takes a message that was decoded.
    pub fn handle_decoded(&mut self, message: Decoded, now: Time) -> Result<(), SessionError> {
        self.now = now;
        self.take(message.what)
    }

    fn take(&mut self, what: What) -> Result<(), SessionError> {
        match (&self.stage, what) {
            (Stage::Greeted { nonce }, What::Welcome(welcome)) => {
                let nonce = *nonce;
                self.welcomed(&nonce, &welcome)
            }
            (Stage::Open, What::Summary(summary)) => self.summary(&summary),
            (Stage::Open, What::News(news)) => self.news(&news),
            (Stage::Open, What::Resolve(question)) => self.resolve(&question),
            (Stage::Open, What::Get(get)) => self.get(&get),
            (Stage::Open, What::Blocks(blocks)) => self.blocks(blocks),
            (Stage::Open, What::Done(done)) if done.request == GOODBYE => {
                self.heard_goodbye = true;
                Ok(())
            }
            (Stage::Open, What::Done(done)) => self.done(done),
            (Stage::Open, What::Cancel(cancel)) => {
                self.answers.retain(|answer| answer.request() != cancel.request);
                Ok(())
            }
            (_, other) => Err(SessionError::OutOfTurn { what: message::name(&other) }),
        }
    }

    /// Whether the next [`Session::poll`] will look into the store.
    pub fn reads(&self) -> bool {
        let is_due = self.telling.due || !self.answers.is_empty();
        self.gave_up || (self.outbox.is_empty() && is_due)
    }

    /// The next thing to do. News and answers are made here, one message at a time.
    pub fn poll(&mut self) -> Result<Option<Output>, SessionError> {
        if std::mem::take(&mut self.gave_up) {
            self.fill_all()?;
            self.advance()?;
        }
        // An answer may have no message to show for what is not held.
        while self.reads() {
            if self.telling.due { self.tell_next()? } else { self.answer_next()? }
        }
        let output = self.outbox.pop_front();
        if let Some(Output::Send(bytes)) = &output {
            self.traffic.messages_out += 1;
            self.traffic.bytes_out += bytes.len() as u64;
        }
        Ok(output)
    }

    /// Takes back a message that could not be sent yet: it is the next one again.
    pub fn unsend(&mut self, message: Vec<u8>) {
        self.traffic.messages_out -= 1;
        self.traffic.bytes_out -= message.len() as u64;
        self.outbox.push_front(Output::Send(message));
    }

    fn send(&mut self, what: What) {
        self.outbox.push_back(Output::Send(message::encode(what)));
    }

    /// When [`Session::expire`] wants to be called.
    pub fn deadline(&self) -> Option<Time> {
        let gives_up = self.requests.values().map(|request| request.moved + PATIENCE);
        let looks = self.requests.values().filter_map(|request| request.kind.plan()?.looks_at());
        gives_up.chain(looks).min()
    }

    /// Gives up on requests whose answers do not move, and looks again at what other peers were asked for.
    pub fn expire(&mut self, now: Time) {
        self.now = now;
        for request in self.requests.values_mut() {
            if request.kind.plan_mut().is_some_and(|plan| plan.look_again(now)) {
                request.moved = now;
                self.gave_up = true;
            }
        }
        let overdue: Vec<u64> = self
            .requests
            .iter()
            .filter(|(_, request)| request.moved + PATIENCE <= now)
            .map(|(&number, _)| number)
            .collect();
        for number in overdue {
            self.send(What::Cancel(proto::Cancel { request: number }));
            self.finish(number, Err(Failure::TimedOut));
            self.gave_up = true;
        }
    }

    /// Asks the peer. The answer is verified and stored; [`Output::Finished`] says when it is.
    pub fn request(&mut self, want: Want, now: Time) -> Result<RequestId, SessionError> {
        self.now = now;
        let number = self.begin(want, None)?;
        Ok(RequestId(number))
    }

    /// Takes a request back.
    pub fn cancel(&mut self, request: RequestId) {
        if self.requests.remove(&request.0).is_some() {
            let claims = &self.claims;
            self.requests.retain(|&number, other| {
                let stays = other.part_of != Some(request.0);
                if !stays {
                    claims.release(number);
                }
                stays
            });
            self.send(What::Cancel(proto::Cancel { request: request.0 }));
        }
    }
}
