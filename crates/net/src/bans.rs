//! Peers that may not connect for a while.

use std::collections::HashMap;
use std::time::Duration;

use libp2p::PeerId;
use tokio::time::Instant;

/// Until when each banned peer is banned.
#[derive(Default)]
pub(crate) struct Bans {
    until: HashMap<PeerId, Instant>,
}

impl Bans {
    /// Bans a peer. A longer ban that is in force stays so.
    pub(crate) fn add(&mut self, peer: PeerId, duration: Duration, now: Instant) {
        // Durations beyond the clock's reach mean for as long as the node runs: a century will do.
        let century = Duration::from_hours(100 * 365 * 24);
        let until = now + duration.min(century);
        let known = self.until.entry(peer).or_insert(until);
        *known = until.max(*known);
    }

    pub(crate) fn is_banned(&self, peer: PeerId) -> bool {
        self.until.contains_key(&peer)
    }

    /// Takes the peers whose time is over.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<PeerId> {
        self.until.extract_if(|_, until| *until <= now).map(|(peer, _)| peer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_ban_counts() {
        let (mut bans, peer, now) = (Bans::default(), PeerId::random(), Instant::now());
        bans.add(peer, Duration::from_mins(1), now);
        bans.add(peer, Duration::from_secs(10), now);
        assert_eq!(bans.expired(now + Duration::from_secs(59)), []);
        assert!(bans.is_banned(peer));
        assert_eq!(bans.expired(now + Duration::from_mins(1)), [peer]);
        assert!(!bans.is_banned(peer));
        bans.add(peer, Duration::MAX, now);
    }
}
