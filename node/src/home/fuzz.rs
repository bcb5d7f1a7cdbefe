//! Changed files of a home, and changed addresses to listen on.

use ply_fuzz::{Form, RoundTrip, Target};

use super::install::{self, mark_and_nonce};
use super::port::{self, Open, port_of};

#[test]
fn fuzz_marks_of_installations() {
    Target::new("home-install", Form::Text, RoundTrip::Settled)
        .seed("own", install::text(&[1; 32], &[0xA5; 32]))
        .run(|bytes| {
            let (mark, nonce) = mark_and_nonce(bytes)?;
            Some(install::text(&mark, &nonce).into_bytes())
        });
}

#[test]
fn fuzz_ports_of_homes() {
    Target::new("home-port", Form::Text, RoundTrip::Settled)
        .seed("first", port::text(16_384))
        .seed("last", port::text(u16::MAX))
        .run(|bytes| {
            let port = port_of(bytes)?;
            assert_ne!(port, 0, "every port is open for 0");
            Some(port::text(port).into_bytes())
        });
}

#[test]
fn fuzz_addresses_to_listen_on() {
    Target::new("listen-address", Form::Text, RoundTrip::Exact)
        .seed("tcp", "/ip4/0.0.0.0/tcp/0")
        .seed("quic", "/ip6/::1/udp/0/quic-v1")
        .run(|bytes| {
            let address = std::str::from_utf8(bytes).ok()?;
            let open = Open::parse(address)?;
            let given = open.with(address, 4001);
            assert_ne!(given, address, "it got a port");
            assert_eq!(Open::parse(&given), None, "none is open any more");
            Some(bytes.to_vec())
        });
}
