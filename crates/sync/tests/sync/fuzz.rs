//! Changed messages in a session that is open: what they say is looked up, proven and stored, and none
//! of it may harm the node.

use std::collections::BTreeMap;

use futures::executor::block_on;
use ply_drive::Want;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_proto as proto;
use ply_sync::MESSAGE_BYTES_MAX;
use ply_types::Time;

use crate::flips::kind;
use crate::floods::session;
use crate::sparse::noise;
use crate::world::{Node, Wire, path, sealed};

/// What a session may hold for one message, with what it takes to open one.
const SESSION_BYTES_MAX: u64 = 4 << 20;

/// One message of each kind, out of a session of which both sides wanted all that the other had.
fn messages(one: &Node, other: &Node) -> BTreeMap<&'static str, Vec<u8>> {
    let mut wire = Wire::connect(one, other);
    for side in 0..2 {
        wire.ask(side, Want::Everything).unwrap();
    }
    let mut messages = BTreeMap::new();
    for message in wire.tape {
        // The longest of its kind says most.
        let longest: &mut Vec<u8> = messages.entry(kind(&message)).or_default();
        if longest.len() < message.len() {
            *longest = message;
        }
    }
    messages
}

#[test]
fn fuzz_open_sessions() {
    let owner = Node::owner(1, sealed());
    owner.put_commit("small", b"of the owner");
    let member = Node::joined(2, owner.share());
    Wire::connect(&member, &owner);
    member.put_commit("large", &noise(7, 9000));
    let victim = owner.copy();
    owner.put_commit("later", &noise(8, 9000));
    let mut target = Target::new("open-session", Form::Message, RoundTrip::Exact);
    for (name, message) in messages(&member, &owner) {
        target = target.seed(name, message);
    }
    target.memory(SESSION_BYTES_MAX, 64).cases(1000).run(|bytes| {
        let message: proto::Message = proto::decode("message", MESSAGE_BYTES_MAX, bytes).ok()?;
        message.what?;
        // It waits for answers, so that those are looked at too.
        let mut session = session(&victim, &member);
        session.request(Want::Everything, Time::default()).unwrap();
        let mut handled = session.handle(bytes, Time::default());
        while handled.is_ok() {
            match session.poll() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => handled = Err(error),
            }
        }
        let _named = handled.map_err(|error| error.to_string());
        assert_eq!(block_on(victim.drive.read(&path("small"))).unwrap(), b"of the owner");
        Some(bytes.to_vec())
    });
}
