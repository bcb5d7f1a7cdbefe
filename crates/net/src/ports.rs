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

/// Why nothing can listen at an address alone, if it names a TCP port that something else has.
pub(crate) fn taken(address: &Multiaddr) -> Option<io::Error> {
    match claim(socket_address(address)?) {
        // All else is for whoever listens to find out.
        Err(error @ Errno::ADDRINUSE) => Some(error.into()),
        Err(_) | Ok(()) => None,
    }
}

/// Takes an address, as a listener does that shares it with nobody, and gives it back.
fn claim(address: SocketAddr) -> Result<(), Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // What is left of connections that are over is in nobody's way.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &address)
}

fn socket_address(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) if port != 0 => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_taken_while_somebody_listens_on_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let address = |text: String| text.parse::<Multiaddr>().expect("an address");
        let tcp = address(format!("/ip4/127.0.0.1/tcp/{port}"));
        assert_eq!(taken(&tcp).expect("taken").kind(), io::ErrorKind::AddrInUse);
        assert!(taken(&address(format!("/ip4/0.0.0.0/tcp/{port}"))).is_some());
        // Another one of the same number, one that the system chooses, and one that nobody can have.
        assert!(taken(&address(format!("/ip4/127.0.0.1/udp/{port}/quic-v1"))).is_none());
        assert!(taken(&address("/ip4/127.0.0.1/tcp/0".to_owned())).is_none());
        assert!(taken(&address(format!("/ip4/192.0.2.1/tcp/{port}"))).is_none());
        drop(listener);
        assert!(taken(&tcp).is_none());
    }
}
