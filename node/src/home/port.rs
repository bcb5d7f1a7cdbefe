//! The port of a home, chosen once: addresses that were given to others stay good.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::IpAddr;

use super::{Home, remove_if_there, write_private};
use crate::error::CommandError;

/// Where a node listens that was not told where.
const LISTEN_DEFAULT: [&str; 2] = ["/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"];
/// First port of those to choose from. Systems lend the ports from 32768 on to whoever dials.
const PORT_MIN: u16 = 16_384;
/// How many there are to choose from.
const PORTS: u16 = 16_384;
/// Five digits and a newline, with room to spare.
const FILE_BYTES_MAX: u64 = 256;
/// Ports that are tried.
const TRIES: u16 = 64;

/// Where a node is going to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Multiaddrs.
    pub(crate) addresses: Vec<String>,
    /// The port of the home, if something else has it now.
    pub(crate) taken: Option<u16>,
}

impl Listen {
    /// Puts the port of the home where the user left the choice: in place of port 0.
    ///
    /// `chance` decides which port a home gets that has none yet.
    pub(crate) fn plan(
        home: &Home,
        asked: &[String],
        chance: [u8; 32],
    ) -> Result<Self, CommandError> {
        let mut addresses = asked.to_vec();
        if addresses.is_empty() {
            addresses = LISTEN_DEFAULT.map(str::to_owned).to_vec();
        }
        let open: Vec<(Open, &String)> =
            addresses.iter().filter_map(|address| Some((Open::parse(address)?, address))).collect();
        if open.is_empty() {
            return Ok(Self { addresses, taken: None });
        }
        let is_free =
            |port: u16| open.iter().all(|(open, address)| is_free(&open.with(address, port)));
        let [a, b, ..] = chance;
        let first = u16::from_le_bytes([a, b]);
        let port = match read(home)? {
            Some(port) if is_free(port) => port,
            taken @ Some(_) => return Ok(Self { addresses, taken }),
            None => {
                let tries = (0..TRIES).map(|step| PORT_MIN + first.wrapping_add(step) % PORTS);
                let Some(port) = tries.into_iter().find(|&port| is_free(port)) else {
                    return Ok(Self { addresses, taken: None });
                };
                write_private(&home.port(), text(port).as_bytes())?;
                port
            }
        };
        let mut given: Vec<Open> = Vec::new();
        for address in &mut addresses {
            if let Some(open) = Open::parse(address)
                && !given.contains(&open)
            {
                *address = open.with(address, port);
                given.push(open);
            }
        }
        Ok(Self { addresses, taken: None })
    }
}

/// Forgets the port: for a home that is another one from now on.
pub(crate) fn forget_port(home: &Home) -> Result<(), CommandError> {
    remove_if_there(&home.port()).map_err(CommandError::file("removing", &home.port()))
}

/// The port of a home. A file that says none is as good as no file.
fn read(home: &Home) -> Result<Option<u16>, CommandError> {
    let mut bytes = Vec::new();
    let read =
        File::open(home.port()).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(port_of(&bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::file("reading", &home.port())(error)),
    }
}

/// What the file says.
pub(super) fn text(port: u16) -> String {
    format!("{port}\n")
}

/// Reads what [`text`] made; `None` for anything else.
pub(super) fn port_of(bytes: &[u8]) -> Option<u16> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok().filter(|&port| 0 < port)
}

/// An address whose port is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    ip: IpAddr,
    is_tcp: bool,
}

impl Open {
    /// Reads `/ip4/…/tcp/0…` and its kin; `None` for whatever names a port, or is no such address.
    pub(super) fn parse(address: &str) -> Option<Self> {
        let mut parts = address.split('/').skip(1);
        let (family, ip) = (parts.next()?, parts.next()?);
        let (transport, port) = (parts.next()?, parts.next()?);
        let is_open = matches!(family, "ip4" | "ip6") && port == "0";
        let is_tcp = match transport {
            "tcp" => true,
            "udp" => false,
            _ => return None,
        };
        is_open.then_some(Self { ip: ip.parse().ok()?, is_tcp })
    }

    /// The address with a port.
    pub(super) fn with(self, address: &str, port: u16) -> String {
        let transport = if self.is_tcp { "tcp" } else { "udp" };
        address.replacen(&format!("/{transport}/0"), &format!("/{transport}/{port}"), 1)
    }
}

/// Whether nothing else has the port of an address. What is wrong otherwise is no matter of the port.
fn is_free(address: &str) -> bool {
    address.parse().map_or(true, |address| ply_net::ports::taken(&address).is_none())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn plan(home: &Home, asked: &[&str]) -> Listen {
        let asked: Vec<String> = asked.iter().map(|&address| address.to_owned()).collect();
        Listen::plan(home, &asked, [9; 32]).expect("a plan")
    }

    #[test]
    fn a_home_keeps_its_port() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home { folder: folder.path().to_owned() };
        let asked = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"];
        let first = plan(&home, &asked);
        let port = read(&home).expect("readable").expect("chosen");
        let tcp = format!("/ip4/127.0.0.1/tcp/{port}");
        let expected = vec![tcp.clone(), format!("/ip4/127.0.0.1/udp/{port}/quic-v1")];
        assert_eq!(first, Listen { addresses: expected, taken: None });
        assert_eq!(plan(&home, &asked), first);
        let twice = [asked[0], asked[0], "/ip4/127.0.0.1/tcp/7", "/dns4/localhost/tcp/0"];
        let mut expected = twice.map(str::to_owned).to_vec();
        expected[0].clone_from(&tcp);
        assert_eq!(plan(&home, &twice).addresses, expected);
        let other = TcpListener::bind(("127.0.0.1", port)).expect("free");
        let taken = plan(&home, &asked[..1]);
        assert_eq!(taken, Listen { addresses: vec![asked[0].to_owned()], taken: Some(port) });
        drop(other);
        assert_eq!(plan(&home, &asked[..1]).addresses, [tcp]);
        forget_port(&home).expect("forgotten");
        assert_eq!(read(&home).expect("readable"), None);
    }

    #[test]
    fn a_port_that_was_chosen_by_the_user_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home { folder: folder.path().to_owned() };
        let asked = ["/ip4/127.0.0.1/tcp/4001", "/memory/3"];
        assert_eq!(plan(&home, &asked).addresses, asked);
        assert_eq!(read(&home).expect("readable"), None);
    }
}
