//! Ports that somebody else has.
//!
//! libp2p lets the system share the TCP ports that it listens on, for it dials from them as well. Where
//! another program of the same user does the same, both listen without a word, and each gets some of the
//! connections that were meant for the other. So it is found out first.

use std::io;
use std::net::{IpAddr, SocketAddr};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

/// Why nothing can listen at an address alone, if it names a TCP or UDP port that something else has.
/// `None` says nothing of an address that this machine has not.
pub fn taken(address: &Multiaddr) -> Option<io::Error> {
    let (kind, address) = socket_address(address)?;
    match claim(kind, address) {
        // All else is for whoever listens to find out.
        Err(error @ Errno::ADDRINUSE) => Some(error.into()),
        Err(_) | Ok(()) => None,
    }
}

/// Takes an address, as a listener does that shares it with nobody, and gives it back.
fn claim(kind: SocketType, address: SocketAddr) -> Result<(), Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    if kind == SocketType::STREAM {
        // What is left of connections that are over is in nobody's way.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    if address.is_ipv6() {
        // As libp2p listens: IPv4 is another address.
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &address)
}

fn socket_address(address: &Multiaddr) -> Option<(SocketType, SocketAddr)> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    let (kind, port) = match parts.next()? {
        Protocol::Tcp(port) => (SocketType::STREAM, port),
        Protocol::Udp(port) => (SocketType::DGRAM, port),
        _ => return None,
    };
    (port != 0).then(|| (kind, SocketAddr::new(ip, port)))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    fn is_taken(address: &str) -> bool {
        let error = taken(&address.parse().expect("an address"));
        error.is_some_and(|error| {
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
            true
        })
    }

    #[test]
    fn a_port_is_taken_while_somebody_listens_on_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        assert!(is_taken(&format!("/ip4/127.0.0.1/tcp/{port}")));
        assert!(is_taken(&format!("/ip4/0.0.0.0/tcp/{port}")));
        // Others of the same number, one that the system chooses, and one that nobody can have.
        assert!(!is_taken(&format!("/ip4/127.0.0.1/udp/{port}/quic-v1")));
        assert!(!is_taken(&format!("/ip6/::/tcp/{port}")));
        assert!(!is_taken("/ip4/127.0.0.1/tcp/0"));
        assert!(!is_taken(&format!("/ip4/192.0.2.1/tcp/{port}")));
        drop(listener);
        assert!(!is_taken(&format!("/ip4/127.0.0.1/tcp/{port}")));
    }

    #[test]
    fn a_udp_port_is_taken_while_somebody_has_it() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        assert!(is_taken(&format!("/ip4/127.0.0.1/udp/{port}/quic-v1")));
        assert!(is_taken(&format!("/ip4/0.0.0.0/udp/{port}/quic-v1")));
        assert!(!is_taken(&format!("/ip4/127.0.0.1/tcp/{port}")));
        drop(socket);
        assert!(!is_taken(&format!("/ip4/127.0.0.1/udp/{port}/quic-v1")));
    }
}
