//! The protocol over a pair of pipes, without a port and without a running node.

use std::sync::Arc;
use std::time::Duration;

use ply_drive::{RemoteError, Replica, Want};
use ply_exchange::{Exchange, Side};
use ply_net::Identity;
use ply_store::Store;
use tokio::io::join;
use tokio::time::timeout;
use tokio_util::compat::TokioAsyncReadCompatExt;

use super::addresses::session_peer;
use super::{NetworkError, Sink, Source, SyncSummary};
use crate::node::Node;

/// How long the other side may take to send everything.
const PATIENCE: Duration = Duration::from_hours(24);

/// How long this side stays to answer the other after it has everything itself.
const LINGER: Duration = Duration::from_mins(1);

/// Runs the protocol for one drive over a pair of pipes until both sides have what the other has.
/// Works with and without a running network.
pub(crate) async fn replicate(
    node: &Node,
    replica: &Arc<Replica<Store>>,
    source: Source,
    sink: Sink,
) -> Result<SyncSummary, NetworkError> {
    let identity = Identity::new(node.seed()).map_err(|error| machine("the node's key", &error))?;
    let pipe = ply_net::pipe::secure(join(source, sink).compat(), &identity).await;
    let (peer, pipe) = pipe.map_err(|error| NetworkError::Peer { what: error.to_string() })?;
    let (me, them) = (session_peer(identity.peer()), session_peer(peer));
    let drive = replica.id();
    let exchange = Exchange::new();
    exchange.add(Arc::clone(replica));
    // Pipes have no side that called the other: the names decide, alike on both.
    let side = if me < them { Side::Opener(drive) } else { Side::Answerer };
    let running = {
        let exchange = exchange.clone();
        tokio::spawn(async move { exchange.run(pipe, me, them, side).await })
    };
    let remote = exchange.remote(drive, PATIENCE);
    while exchange.sessions(&drive).is_empty() && !running.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let fetched = remote.fetch(Want::Everything).await;
    let before = exchange.sessions(&drive);
    if fetched.is_ok() {
        // Done here. The other side hangs up when it has everything too, or when nothing moves.
        exchange.finish(&drive);
        let mut running = running;
        let ended = timeout(LINGER, &mut running).await;
        if ended.is_err() {
            exchange.stop(&drive, None);
        }
        return match ended {
            Ok(Ok(Err(error))) => Err(NetworkError::Peer { what: error.to_string() }),
            _ => Ok(summary(replica, before.first().map(|info| info.traffic))),
        };
    }
    exchange.stop(&drive, None);
    match (running.await, fetched) {
        (Ok(Err(error)), _) => Err(NetworkError::Peer { what: error.to_string() }),
        (_, Err(RemoteError::TimedOut(waited))) => Err(NetworkError::Unreachable { waited }),
        _ => Ok(summary(replica, before.first().map(|info| info.traffic))),
    }
}

fn summary(replica: &Arc<Replica<Store>>, traffic: Option<ply_sync::Traffic>) -> SyncSummary {
    let traffic = traffic.unwrap_or_default();
    SyncSummary {
        peers: 1,
        blocks: traffic.blocks_in,
        bytes: traffic.block_bytes_in,
        unfetched: replica.unfetched(),
    }
}

fn machine(doing: &str, error: &dyn ToString) -> NetworkError {
    NetworkError::Machine { doing: doing.to_owned(), what: error.to_string() }
}
