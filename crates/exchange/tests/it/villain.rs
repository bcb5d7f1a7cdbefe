//! A peer that speaks by hand, and the node that it speaks to.

use futures::{AsyncReadExt, AsyncWriteExt};
use ply_exchange::RunError;
use ply_proto::{self as proto, message::What};
use ply_sync::{Output, Peer, Session};
use ply_types::Time;
use tokio::io::DuplexStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use crate::world::{Ended, Node, meet, noise, path};

pub(crate) const VILLAIN: Peer = Peer([66; 32]);

/// A peer that speaks by hand. It may know the drive: then a session of its own does the greeting.
pub(crate) struct Villain {
    pub(crate) stream: Compat<DuplexStream>,
    pub(crate) ended: Ended,
}

impl Villain {
    pub(crate) fn at(victim: &Node) -> Self {
        let (stream, ended) = victim.answer(VILLAIN);
        Self { stream: stream.compat(), ended }
    }

    /// Says what is no message, perhaps.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(&u32::try_from(bytes.len()).unwrap().to_le_bytes()).await?;
        self.stream.write_all(bytes).await
    }

    pub(crate) async fn tell(&mut self, what: What) -> std::io::Result<()> {
        self.say(&proto::encode(&proto::Message { what: Some(what) })).await
    }

    /// Hears one message.
    pub(crate) async fn hear(&mut self) -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).await?;
        let mut message = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
        self.stream.read_exact(&mut message).await?;
        Ok(message)
    }

    /// Greets as a member of the drive does.
    pub(crate) async fn greet(&mut self, as_node: &Node, victim: &Node) {
        let replica = std::sync::Arc::clone(&as_node.replica);
        let now = Time::default();
        let mut session = Session::open(replica, VILLAIN, victim.peer, [3; 32], now).unwrap();
        let Some(Output::Send(hello)) = session.poll().unwrap() else { panic!("no hello") };
        self.say(&hello).await.unwrap();
        let welcome = self.hear().await.unwrap();
        session.handle(&welcome, now).unwrap();
        assert!(session.is_open());
    }

    /// How the victim took it.
    pub(crate) async fn end(self) -> RunError {
        let Self { mut stream, ended } = self;
        let draining = tokio::spawn(async move {
            let mut sink = Vec::new();
            drop(stream.read_to_end(&mut sink).await);
        });
        let error = ended.await.unwrap().expect_err("it must not end well");
        draining.await.unwrap();
        error
    }
}

pub(crate) async fn victim() -> Node {
    let victim = Node::owner(1);
    victim.put("file", &noise(4, 3_000_000)).await;
    victim
}

/// Others are served as if nothing had been.
pub(crate) async fn serves_others(victim: &Node) {
    let reader = Node::reader(9, victim);
    let _sessions = meet(&reader, victim).await;
    assert_eq!(reader.drive.read(&path("file")).await.unwrap(), noise(4, 3_000_000));
    let left = victim.exchange.sessions(&victim.id());
    assert!(left.iter().all(|info| info.peer != VILLAIN), "{left:?}");
}

/// Asks for all of the content in one message.
pub(crate) fn get(victim: &Node, request: u64) -> What {
    let (layers, _) = victim.replica.layers().unwrap();
    let layer = layers.first().unwrap();
    let spans = vec![proto::Span { start: 0, end: layer.length, within: 0 }];
    let length = layer.length;
    What::Get(proto::Get { request, log: layer.log.0.to_vec(), spans, length })
}
