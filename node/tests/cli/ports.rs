//! Where a node listens: the same place after each start.

use std::fs::File;
use std::net::TcpListener;
use std::process::Stdio;

use super::ply::{Ply, words};

/// The port in an address, of TCP or of QUIC.
pub(super) fn port(address: &str) -> u16 {
    let mut parts = address.split('/').skip_while(|part| !matches!(*part, "tcp" | "udp"));
    parts.nth(1).and_then(|port| port.parse().ok()).expect("a port")
}

#[test]
fn a_ticket_is_good_after_a_restart() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create docs");
    ours.feed(b"hello", &words("put docs:/a --commit")).ok();
    let first = ours.up_with("", Stdio::inherit());
    let before = port(first.address());
    let ticket = ours.ok("share docs");
    ours.ok("down");
    assert_eq!(first.wait(), Some(0));
    let second = ours.up_with("", Stdio::inherit());
    assert_eq!(port(second.address()), before);
    let _theirs = theirs.up();
    theirs.ok(&format!("join {ticket}"));
    theirs.ok("sync docs --timeout 20s");
    assert_eq!(theirs.ok("cat docs:/a"), "hello");
}

#[test]
fn a_port_that_is_taken_is_said_and_comes_back() {
    let ply = Ply::new();
    let first = ply.up();
    let taken = port(first.address());
    ply.ok("down");
    first.wait();
    let other = TcpListener::bind(("127.0.0.1", taken)).expect("the port is free");
    let errors = ply.place("errors");
    let stderr = File::create(&errors).expect("a file");
    let second = ply.up_with("--listen /ip4/127.0.0.1/tcp/0", stderr.into());
    assert_ne!(port(second.address()), taken);
    let told = std::fs::read_to_string(&errors).expect("errors");
    assert!(told.contains(&format!("not listening on port {taken}")), "{told}");
    ply.ok("down");
    second.wait();
    drop(other);
    assert_eq!(port(ply.up().address()), taken);
}
