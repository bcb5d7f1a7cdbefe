//! What the handle asks of the task.

use std::time::Duration;

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};
use ply_types::{DhtKey, Topic};
use tokio::sync::oneshot;

use crate::dht::Providers;
use crate::dials::{DialReply, Target};
use crate::error::NetError;
use crate::peers::PeerInfo;
use crate::streams::OpenReply;

/// Where the result of a command that can fail goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, NetError>>;

/// See the module docs.
pub(crate) enum Command {
    Dial { target: Target, reply: DialReply },
    Disconnect { peer: PeerId },
    Ban { peer: PeerId, duration: Duration },
    Open { peer: PeerId, reply: OpenReply },
    Peers { reply: oneshot::Sender<Vec<PeerInfo>> },
    Addresses { reply: oneshot::Sender<Vec<Multiaddr>> },
    Subscribe { topic: Topic, reply: Reply<()> },
    Unsubscribe { topic: Topic },
    Publish { topic: Topic, bytes: Bytes, reply: Reply<()> },
    Provide { key: DhtKey, reply: Reply<()> },
    StopProviding { key: DhtKey },
    Find { key: DhtKey, reply: Reply<Providers> },
    Shutdown { reply: oneshot::Sender<()> },
}
