//! Changed addresses and peer ids. Those in tickets are a stranger's words.

use ply_fuzz::{Form, RoundTrip, Target};

use super::{parse_address, parse_addresses, parse_peer, session_peer};

const PEER: &str = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

#[test]
fn fuzz_addresses() {
    Target::new("address", Form::Text, RoundTrip::Settled)
        .seed("tcp", "/ip4/192.0.2.7/tcp/4001")
        .seed("quic", "/ip6/2001:db8::7/udp/4001/quic-v1")
        .seed("named", format!("/dns4/node.example/tcp/4001/p2p/{PEER}"))
        .run(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            let address = parse_address(text).ok();
            let all = parse_addresses(&[text.to_owned()]).ok();
            assert_eq!(all, address.clone().map(|address| vec![address]));
            Some(address?.to_string().into_bytes())
        });
}

#[test]
fn fuzz_peer_ids() {
    Target::new("peer-id", Form::Text, RoundTrip::Settled).seed("ed25519", PEER).run(|bytes| {
        let peer = parse_peer(std::str::from_utf8(bytes).ok()?).ok()?;
        let _whatever = session_peer(peer);
        Some(peer.to_string().into_bytes())
    });
}
