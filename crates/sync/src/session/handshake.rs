//! Hello and welcome.

use std::sync::Arc;

use ply_drive::Replica;
use ply_engine::Engine;
use ply_proto::{self as proto, message::What};
use ply_types::Time;

use super::{Session, Stage};
use crate::error::SessionError;
use crate::message::{self, VERSION};
use crate::proof::{self, Ends, Peer};

impl<E: Engine> Session<E> {
    /// Opens a session: `me` says hello to `them`. `nonce` is fresh and random.
    pub fn open(
        replica: Arc<Replica<E>>,
        me: Peer,
        them: Peer,
        nonce: [u8; 32],
        now: Time,
    ) -> Result<Self, SessionError> {
        let ends = Ends { opener: me, answerer: them };
        let mut session = Self::new(replica, ends, Stage::Greeted { nonce }, now);
        let id = session.replica.id();
        // The summary travels with the hello, so that the answer to it is the first thing back.
        let first = message::encode(What::Summary(session.summarize(0)?));
        let hello = proto::Hello {
            version: VERSION,
            nonce: nonce.to_vec(),
            proof: proof::hello(&id, &nonce, ends).to_vec(),
            first: proof::seal_first(&id, &nonce, &first).unwrap_or_default(),
        };
        session.send(What::Hello(hello));
        Ok(session)
    }

    /// Answers a hello, if it is about one of `drives`. `nonce` is fresh and random.
    pub fn answer(
        hello: &[u8],
        drives: &[Arc<Replica<E>>],
        me: Peer,
        them: Peer,
        nonce: [u8; 32],
        now: Time,
    ) -> Result<Self, SessionError> {
        let ends = Ends { opener: them, answerer: me };
        let greeting = message::peek_hello(hello)?;
        let replica = drives
            .iter()
            .find(|drive| {
                let expected = proof::hello(&drive.id(), &greeting.nonce, ends);
                proof::equal(&expected, &greeting.proof)
            })
            .ok_or(SessionError::Stranger)?;
        let mut session = Self::new(Arc::clone(replica), ends, Stage::Open, now);
        session.traffic.messages_in += 1;
        session.traffic.bytes_in += hello.len() as u64;
        let id = session.replica.id();
        session.send(What::Welcome(proto::Welcome {
            version: VERSION,
            nonce: nonce.to_vec(),
            proof: proof::welcome(&id, &greeting.nonce, &nonce, ends).to_vec(),
        }));
        if !greeting.first.is_empty() {
            let first = proof::open_first(&id, &greeting.nonce, &greeting.first)
                .ok_or_else(|| SessionError::Malformed { what: "a sealed message".to_owned() })?;
            session.take(message::decode(&first)?)?;
            if session.telling.due {
                // The opener hears what it lacks first.
                session.tell_next()?;
            }
        }
        let summary = session.summarize(0)?;
        session.send(What::Summary(summary));
        Ok(session)
    }

    /// The opener is welcome.
    pub(super) fn welcomed(
        &mut self,
        nonce: &[u8; 32],
        welcome: &proto::Welcome,
    ) -> Result<(), SessionError> {
        if welcome.version != VERSION {
            return Err(SessionError::Version { found: welcome.version, known: VERSION });
        }
        let expected = proof::welcome(&self.replica.id(), nonce, &welcome.nonce, self.ends);
        if !proof::equal(&expected, &welcome.proof) {
            return Err(SessionError::Stranger);
        }
        self.stage = Stage::Open;
        Ok(())
    }
}
