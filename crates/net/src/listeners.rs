//! Where this node listens, and what of that it tells.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use libp2p::Multiaddr;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use tokio::sync::oneshot;

use crate::config::Announce;
use crate::error::NetError;

/// Listeners that have not reported an address yet, and who waits for them.
pub(crate) struct Listeners {
    silent: HashSet<ListenerId>,
    ready: Option<oneshot::Sender<Result<(), NetError>>>,
}

impl Listeners {
    pub(crate) fn new(
        silent: HashSet<ListenerId>,
        ready: oneshot::Sender<Result<(), NetError>>,
    ) -> Self {
        let mut listeners = Self { silent, ready: Some(ready) };
        listeners.check();
        listeners
    }

    /// A listener has an address.
    pub(crate) fn spoke(&mut self, listener: ListenerId) {
        self.silent.remove(&listener);
        self.check();
    }

    /// A listener has ended.
    pub(crate) fn closed(&mut self, listener: ListenerId, error: NetError) {
        if self.silent.remove(&listener)
            && let Some(ready) = self.ready.take()
        {
            drop(ready.send(Err(error)));
        }
    }

    fn check(&mut self) {
        if self.silent.is_empty()
            && let Some(ready) = self.ready.take()
        {
            drop(ready.send(Ok(())));
        }
    }
}

/// Whether a listen address is told to strangers.
pub(crate) fn is_announced(announce: Announce, address: &Multiaddr) -> bool {
    match announce {
        Announce::All => true,
        Announce::Global => match address.iter().next() {
            Some(Protocol::Ip4(ip)) => is_global4(ip),
            Some(Protocol::Ip6(ip)) => is_global6(ip),
            _ => false,
        },
    }
}

/// What remains without the ranges of RFC 6890 that a listener can be on.
fn is_global4(ip: Ipv4Addr) -> bool {
    let is_shared = matches!(ip.octets(), [100, 64..=127, ..]); // RFC 6598
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_documentation()
        || is_shared)
}

/// `2000::/3` is all of IPv6 that is routed.
fn is_global6(ip: Ipv6Addr) -> bool {
    matches!(ip.segments(), [0x2000..=0x3fff, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_not_announced_globally() {
        let announced = |text: &str| is_announced(Announce::Global, &text.parse().unwrap());
        assert!(announced("/ip4/8.8.8.8/tcp/1"));
        assert!(announced("/ip6/2a01::1/udp/1/quic-v1"));
        for private in ["/ip4/127.0.0.1", "/ip4/10.1.2.3", "/ip4/100.100.1.1", "/ip6/::1"] {
            assert!(!announced(private), "{private}");
            assert!(is_announced(Announce::All, &private.parse().unwrap()));
        }
    }
}
