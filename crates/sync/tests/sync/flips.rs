//! One byte changed in one message, for every kind of message.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use ply_drive::Want;
use ply_engine::MemoryEngine;
use ply_proto::{self as proto, message::What};
use ply_sync::{Output, Peer, Session, SessionError};
use ply_types::{Fault, Time};

use crate::sparse::noise;
use crate::world::{Node, Pass, Wire, path, sealed};

/// Changes of each kind of message.
const FLIPS: usize = 1000;
/// Messages of one conversation, far more than it takes.
const MESSAGES_MAX: usize = 400;
const KINDS: [&str; 9] =
    ["hello", "welcome", "summary", "news", "resolve", "get", "blocks", "done", "cancel"];

fn kind(message: &[u8]) -> &'static str {
    let message: proto::Message = proto::decode("message", message.len(), message).unwrap();
    match message.what.unwrap() {
        What::Hello(_) => "hello",
        What::Welcome(_) => "welcome",
        What::Summary(_) => "summary",
        What::News(_) => "news",
        What::Resolve(_) => "resolve",
        What::Get(_) => "get",
        What::Blocks(_) => "blocks",
        What::Done(_) => "done",
        What::Cancel(_) => "cancel",
    }
}

/// A conversation in which one message is changed.
struct Talk<'nodes> {
    nodes: [&'nodes Node; 2],
    sides: [Option<Session<MemoryEngine>>; 2],
    /// What is changed: the kind, and how many of that kind pass before.
    target: &'static str,
    passing: usize,
    flip: usize,
    flipped: bool,
    seen: BTreeMap<&'static str, usize>,
}

impl Talk<'_> {
    fn carry(&mut self, from: usize) -> Result<bool, SessionError> {
        loop {
            let Some(session) = self.sides[from].as_mut() else { return Ok(false) };
            match session.poll()? {
                Some(Output::Send(mut message)) => {
                    let kind = kind(&message);
                    let count = self.seen.entry(kind).or_default();
                    if kind == self.target && *count == self.passing && !self.flipped {
                        self.flipped = true;
                        let at = self.flip.wrapping_mul(2_654_435_761) % message.len();
                        message[at] ^= 1 << (self.flip % 8);
                    }
                    *count += 1;
                    self.deliver(1 - from, &message)?;
                    return Ok(true);
                }
                Some(_) => {}
                None => return Ok(false),
            }
        }
    }

    fn deliver(&mut self, to: usize, message: &[u8]) -> Result<(), SessionError> {
        let now = Time::default();
        if let Some(session) = self.sides[to].as_mut() {
            return session.handle(message, now);
        }
        let drives = [Arc::clone(&self.nodes[1].replica)];
        let (me, them) = (Peer([1; 32]), Peer([2; 32]));
        self.sides[1] = Some(Session::answer(message, &drives, me, them, [2; 32], now)?);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), SessionError> {
        for _ in 0..MESSAGES_MAX {
            if !self.carry(0)? && !self.carry(1)? {
                return Ok(());
            }
        }
        panic!("it does not end");
    }

    /// Everything that can be said.
    fn talk(&mut self) -> Result<(), SessionError> {
        let (me, them) = (Peer([2; 32]), Peer([1; 32]));
        let now = Time::default();
        let replica = Arc::clone(&self.nodes[0].replica);
        self.sides[0] = Some(Session::open(replica, me, them, [1; 32], now)?);
        self.settle()?;
        let asker = |talk: &mut Self| talk.sides[0].take().filter(Session::is_open);
        for want in [
            Want::Data { path: path("small"), bytes: 0..u64::MAX },
            Want::Data { path: path("large"), bytes: 0..u64::MAX },
            Want::Everything,
        ] {
            let Some(mut session) = asker(self) else { return Ok(()) };
            let asked = session.request(want.clone(), now);
            self.sides[0] = Some(session);
            let asked = asked?;
            if matches!(want, Want::Data { .. }) {
                self.settle()?;
                continue;
            }
            self.carry(0)?;
            if let Some(session) = self.sides[0].as_mut() {
                session.cancel(asked);
                session.request(want, now)?;
            }
            self.settle()?;
        }
        Ok(())
    }
}

/// A talk with one change, and the node that talked to `a`. `None` when there was nothing to change.
fn changed(
    a: &Node,
    pass: &Pass,
    target: &'static str,
    passing: usize,
    flip: usize,
) -> (Node, Option<Result<(), SessionError>>) {
    let b = Node::joined(2, pass.clone());
    let mut talk = Talk {
        nodes: [&b, a],
        sides: [None, None],
        target,
        passing,
        flip,
        flipped: false,
        seen: BTreeMap::new(),
    };
    let result = talk.talk();
    let result = talk.flipped.then_some(result);
    (b, result)
}

#[test]
fn law_1_a_byte_changed_in_any_message_is_an_error_with_a_name_and_nothing_wrong_is_kept() {
    let a = Node::owner(1, sealed());
    a.put("small", b"a few words");
    a.put("large", &noise(5, 40_000));
    a.commit();
    a.put_commit("later", &noise(6, 300));
    let pass = a.share();
    let expected = a.list();
    for target in KINDS {
        let (mut errors, mut names) = (0, BTreeMap::<String, usize>::new());
        let mut flipped = 0;
        for flip in 0..FLIPS {
            let (mut b, mut result) = changed(&a, &pass, target, flip % 2, flip);
            if result.is_none() {
                // There is only one of that kind.
                (b, result) = changed(&a, &pass, target, 0, flip);
            }
            flipped += usize::from(result.is_some());
            let result = result.unwrap_or(Ok(()));
            if let Err(error) = result {
                assert_ne!(error.fault(), Fault::Corrupt, "{error}");
                errors += 1;
                let text = error.to_string();
                *names.entry(text.split(':').next().unwrap().to_owned()).or_default() += 1;
            }
            // What is shown is right or not there.
            for (name, content) in [("small", b"a few words".to_vec()), ("large", noise(5, 40_000))]
            {
                match block_on(b.drive.read(&path(name))) {
                    Ok(read) => assert_eq!(read, content, "{target} {flip}"),
                    Err(error) => {
                        let fault = error.fault();
                        assert!(matches!(fault, Fault::Offline | Fault::Absent), "{error}");
                    }
                }
            }
            if flip % 10 == 0 {
                // Another source has it all.
                let mut honest = Wire::connect(&b, &a);
                assert_eq!(honest.ask(0, Want::Everything), Ok(()), "{target} {flip}");
                assert_eq!(b.list(), expected);
            }
        }
        println!(
            "{target}: {errors} of {flipped} changes ended the session, {} names",
            names.len()
        );
        assert_eq!(flipped, FLIPS, "{target}");
    }
    assert_eq!(a.list(), expected);
}
