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

pub(crate) fn kind(message: &[u8]) -> &'static str {
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
    change: &'nodes dyn Fn(&mut Vec<u8>) -> bool,
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
                        self.flipped = (self.change)(&mut message);
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

/// Changes one bit, another one for each number.
fn flip_in(bytes: &mut [u8], flip: usize) {
    let at = flip.wrapping_mul(2_654_435_761) % bytes.len();
    bytes[at] ^= 1 << (flip % 8);
}

/// A talk with one change, and the node that talked to `a`. `None` when there was nothing to change.
fn changed(
    a: &Node,
    pass: &Pass,
    target: &'static str,
    passing: usize,
    change: &dyn Fn(&mut Vec<u8>) -> bool,
) -> (Node, Option<Result<(), SessionError>>) {
    let b = Node::joined(2, pass.clone());
    let mut talk = Talk {
        nodes: [&b, a],
        sides: [None, None],
        target,
        passing,
        change,
        flipped: false,
        seen: BTreeMap::new(),
    };
    let result = talk.talk();
    let result = talk.flipped.then_some(result);
    (b, result)
}

/// What every test here changes messages of.
fn owner() -> Node {
    let a = Node::owner(1, sealed());
    a.put("small", b"a few words");
    a.put("large", &noise(5, 40_000));
    a.commit();
    a.put_commit("later", &noise(6, 300));
    a
}

/// What is shown is right or not there.
fn shows_nothing_wrong(b: &Node, what: &str) {
    for (name, content) in [("small", b"a few words".to_vec()), ("large", noise(5, 40_000))] {
        match block_on(b.drive.read(&path(name))) {
            Ok(read) => assert_eq!(read, content, "{what}"),
            Err(error) => {
                let fault = error.fault();
                assert!(matches!(fault, Fault::Offline | Fault::Absent), "{error}");
            }
        }
    }
}

/// Another source has it all, and what `b` had until then hinders nothing.
fn takes_it_from_another(b: &Node, a: &Node, what: &str) {
    let mut honest = Wire::connect(b, a);
    assert_eq!(honest.ask(0, Want::Everything), Ok(()), "{what}");
    assert_eq!(b.list(), a.list());
}

#[test]
fn law_1_a_byte_changed_in_any_message_is_an_error_with_a_name_and_nothing_wrong_is_kept() {
    let a = owner();
    let pass = a.share();
    let expected = a.list();
    for target in KINDS {
        let (mut errors, mut names) = (0, BTreeMap::<String, usize>::new());
        let mut flipped = 0;
        for flip in 0..FLIPS {
            let change = |message: &mut Vec<u8>| {
                flip_in(message, flip);
                true
            };
            let (mut b, mut result) = changed(&a, &pass, target, flip % 2, &change);
            if result.is_none() {
                // There is only one of that kind.
                (b, result) = changed(&a, &pass, target, 0, &change);
            }
            flipped += usize::from(result.is_some());
            let result = result.unwrap_or(Ok(()));
            if let Err(error) = result {
                assert_ne!(error.fault(), Fault::Corrupt, "{error}");
                errors += 1;
                let text = error.to_string();
                *names.entry(text.split(':').next().unwrap().to_owned()).or_default() += 1;
            }
            let what = format!("{target} {flip}");
            shows_nothing_wrong(&b, &what);
            if flip % 10 == 0 {
                takes_it_from_another(&b, &a, &what);
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

/// A message whose part is changed; the change says whether there was such a part.
fn in_message(message: &mut Vec<u8>, change: impl FnOnce(&mut What) -> bool) -> bool {
    let mut decoded: proto::Message =
        proto::decode("message", message.len(), message.as_slice()).unwrap();
    let is_changed = change(decoded.what.as_mut().unwrap());
    *message = proto::encode(&decoded);
    is_changed
}

/// Changes one bit in the proof of a run: its nodes, or the tree that they are said to lead to.
fn flip_proof(run: &mut proto::Blocks, flip: usize) -> bool {
    let nodes = run.uncles.len();
    match (flip / 8) % (nodes + 1) {
        part if part < nodes => {
            let node = &mut run.uncles[part];
            let mut bytes = [node.hash.as_slice(), &node.bytes.to_le_bytes()].concat();
            flip_in(&mut bytes, flip);
            node.hash = bytes[..32].to_vec();
            node.bytes = u64::from_le_bytes(bytes[32..].try_into().unwrap());
        }
        _ => flip_in(&mut run.root, flip),
    }
    true
}

/// Changes the part of a message that a test is about; says whether it has that part.
type Change<'a> = &'a dyn Fn(&mut Vec<u8>, usize) -> bool;

#[test]
fn law_1_a_byte_changed_in_a_head_or_a_bare_proof_is_named_and_another_source_is_asked() {
    let a = owner();
    let pass = a.share();
    let length = a.replica.known_length(&a.key()).unwrap();
    let head = |message: &mut Vec<u8>, flip: usize| {
        in_message(message, |what| match what {
            What::News(news) if !news.writers.is_empty() => {
                flip_in(&mut news.writers[0].head, flip);
                true
            }
            _ => false,
        })
    };
    let proof_of_commit = |message: &mut Vec<u8>, flip: usize| {
        in_message(message, |what| match what {
            What::News(news) => {
                let commit = news.writers.first_mut().and_then(|writer| writer.commits.first_mut());
                commit.is_some_and(|run| flip_proof(run, flip))
            }
            _ => false,
        })
    };
    let proof_of_answer = |message: &mut Vec<u8>, flip: usize| {
        in_message(message, |what| match what {
            What::Blocks(run) => flip_proof(run, flip),
            _ => false,
        })
    };
    let kinds: [(&str, &'static str, Change<'_>); 3] = [
        ("head", "news", &head),
        ("proof of a commit", "news", &proof_of_commit),
        ("proof of an answer", "blocks", &proof_of_answer),
    ];
    for (part, target, change) in kinds {
        let (mut refused, mut flipped) = (0, 0);
        for flip in 0..FLIPS {
            let what = format!("{part} {flip}");
            let (b, result) = changed(&a, &pass, target, 0, &|message| change(message, flip));
            let Some(result) = result else { continue };
            flipped += 1;
            if let Err(error) = result {
                assert_eq!(error.fault(), Fault::Peer, "{what}: {error}");
                assert!(error.to_string().contains("the peer sent"), "{what}: {error}");
                refused += 1;
            } else {
                // Of a log that nobody let in, say: then nothing of it was kept.
                let known = b.replica.known_length(&a.key()).unwrap();
                assert!(known == 0 || known == length, "{what}: {known}");
            }
            shows_nothing_wrong(&b, &what);
            // Never served on: who has only this one to ask gets what is right, or nothing.
            if flip % 10 == 0 {
                let next = Node::joined(3, pass.clone());
                let _whatever = Wire::try_ask(&next, &b, Want::Everything);
                shows_nothing_wrong(&next, &what);
            }
            takes_it_from_another(&b, &a, &what);
        }
        println!("{part}: {refused} of {flipped} changes ended the session");
        assert_eq!(flipped, FLIPS, "{part}");
        assert!(FLIPS * 3 / 4 < refused, "{part}: {refused}");
    }
}
