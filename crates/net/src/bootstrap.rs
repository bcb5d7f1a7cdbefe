//! The nodes this one is to be connected to always: when to dial which of them again.

use std::time::Duration;

use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

/// First pause after a failure. It doubles with each one that follows.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_mins(5);

/// See the module docs.
pub(crate) struct Bootstrap {
    nodes: Vec<Node>,
}

struct Node {
    address: Multiaddr,
    pause: Duration,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// To be dialed at that time.
    Due(Instant),
    Dialing,
    Connected(PeerId),
}

impl Bootstrap {
    pub(crate) fn new(addresses: Vec<Multiaddr>, now: Instant) -> Self {
        let node = |address| Node { address, pause: PAUSE_MIN, state: State::Due(now) };
        Self { nodes: addresses.into_iter().map(node).collect() }
    }

    /// Takes all nodes whose time has come. Each must be answered by `connected` or `failed`.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(usize, Multiaddr)> {
        let mut due = Vec::new();
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if matches!(node.state, State::Due(time) if time <= now) {
                node.state = State::Dialing;
                due.push((index, node.address.clone()));
            }
        }
        due
    }

    pub(crate) fn connected(&mut self, index: usize, peer: PeerId) {
        if let Some(node) = self.nodes.get_mut(index) {
            node.state = State::Connected(peer);
            node.pause = PAUSE_MIN;
        }
    }

    pub(crate) fn failed(&mut self, index: usize, now: Instant) {
        if let Some(node) = self.nodes.get_mut(index) {
            node.state = State::Due(now + node.pause);
            node.pause = (node.pause * 2).min(PAUSE_MAX);
        }
    }

    /// Whether a peer is one of the nodes.
    pub(crate) fn holds(&self, peer: PeerId) -> bool {
        self.nodes.iter().any(|node| matches!(node.state, State::Connected(held) if held == peer))
    }

    /// The last connection to a peer is gone.
    pub(crate) fn lost(&mut self, peer: PeerId, now: Instant) {
        for node in &mut self.nodes {
            if matches!(node.state, State::Connected(known) if known == peer) {
                node.state = State::Due(now + PAUSE_MIN);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_until_a_dial_succeeds() {
        let (start, peer) = (Instant::now(), PeerId::random());
        let mut bootstrap = Bootstrap::new(vec!["/ip4/1.2.3.4/tcp/5".parse().unwrap()], start);
        let mut now = start;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert_eq!(bootstrap.due(now).len(), 1);
            assert!(bootstrap.due(now).is_empty(), "it is being dialed");
            bootstrap.failed(0, now);
            let pause =
                (0..1000).find(|&s| !bootstrap.due(now + Duration::from_secs(s)).is_empty());
            bootstrap.nodes[0].state = State::Due(now);
            pauses.push(pause.unwrap());
            now += PAUSE_MAX;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);

        bootstrap.connected(0, peer);
        assert!(bootstrap.due(now + PAUSE_MAX).is_empty());
        bootstrap.lost(PeerId::random(), now);
        assert!(bootstrap.due(now + PAUSE_MAX).is_empty());
        bootstrap.lost(peer, now);
        assert!(bootstrap.due(now).is_empty());
        assert_eq!(bootstrap.due(now + PAUSE_MIN).len(), 1);
    }
}
