//! Nodes for tests, and how to wait for them.

use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use ply_net::{
    Announce, Config, Dht, Event, Events, Identity, Limits, Mdns, Multiaddr, Network, PeerId,
    Stream,
};
use ply_types::Seed;
use tokio::time::{Instant, sleep, timeout};

/// Nothing on loopback takes longer, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Node {
    pub(crate) network: Network,
    pub(crate) events: Events,
}

pub(crate) fn identity(seed: u8) -> Identity {
    Identity::new(&Seed::new([seed; 32])).unwrap()
}

pub(crate) fn config(seed: u8) -> Config {
    Config {
        identity: identity(seed),
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        external: Vec::new(),
        announce: Announce::Global,
        bootstrap: Vec::new(),
        mdns: Mdns::Off,
        dht: Dht::Off,
        limits: Limits::STANDARD,
    }
}

pub(crate) async fn start(config: Config) -> Node {
    let (network, events) = Network::start(config).await.unwrap();
    Node { network, events }
}

pub(crate) async fn node(seed: u8) -> Node {
    start(config(seed)).await
}

/// Two nodes, the first connected to the second.
pub(crate) async fn pair() -> (Node, Node) {
    let (a, b) = (node(1).await, node(2).await);
    a.network.dial(b.address().await).await.unwrap();
    (a, b)
}

impl Node {
    pub(crate) fn peer(&self) -> PeerId {
        self.network.local_peer()
    }

    pub(crate) async fn address(&self) -> Multiaddr {
        self.network.addresses().await.into_iter().next().expect("it listens")
    }

    /// Waits for an event that `pick` takes; others are dropped.
    pub(crate) async fn until<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.next().await.expect("the network runs");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("the event comes")
    }

    pub(crate) async fn stream(&mut self) -> Stream {
        self.until(|event| match event {
            Event::Stream(stream) => Some(stream),
            _ => None,
        })
        .await
    }

    pub(crate) async fn until_connected(&mut self, to: PeerId) {
        self.until(|event| match event {
            Event::PeerConnected { peer, .. } if peer == to => Some(()),
            _ => None,
        })
        .await;
    }

    pub(crate) async fn until_disconnected(&mut self, from: PeerId) {
        self.until(|event| match event {
            Event::PeerDisconnected { peer } if peer == from => Some(()),
            _ => None,
        })
        .await;
    }

    /// Answers every stream with what it says, until the network stops.
    pub(crate) fn echo(self) -> Network {
        let Self { network, mut events } = self;
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Event::Stream(stream) = event {
                    tokio::spawn(echo(stream));
                }
            }
        });
        network
    }
}

/// Waits until something is so, and stays so for half a second: what had begun is over by then.
pub(crate) async fn settled(what: &str, is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut since = None;
    while since.is_none_or(|since: Instant| since.elapsed() < Duration::from_millis(500)) {
        since = if is_so().await { since.or(Some(Instant::now())) } else { None };
        assert!(Instant::now() < deadline, "it does not come to this: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn echo(mut stream: Stream) -> std::io::Result<()> {
    let mut buf = [0; 4096];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.close().await,
            read_bytes => stream.write_all(&buf[..read_bytes]).await?,
        }
        stream.flush().await?;
    }
}

/// Says something and expects to hear it again.
pub(crate) async fn say_and_hear(stream: &mut Stream, words: &[u8]) -> std::io::Result<()> {
    let mut heard = vec![0; words.len()];
    stream.write_all(words).await?;
    stream.flush().await?;
    stream.read_exact(&mut heard).await?;
    assert_eq!(heard, words);
    Ok(())
}
