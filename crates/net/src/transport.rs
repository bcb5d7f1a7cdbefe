//! TCP with Noise and Yamux, QUIC, and names in place of numbers.

use std::time::Duration;

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::dummy::DummyTransport;
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::transport::{Boxed, OrTransport};
use libp2p::core::upgrade::Version;
use libp2p::{PeerId, Swarm, Transport, dns, noise, quic, swarm, tcp, yamux};

use crate::behaviour::{Behaviour, behaviour};
use crate::config::Config;
use crate::error::NetError;
use crate::identity::Identity;

/// For one address, all handshakes included.
const DIAL_PATIENCE: Duration = Duration::from_secs(10);

/// Streams of one TCP connection, those of the swarm's own protocols included. Yamux takes no more
/// than 256 that are not acknowledged.
const STREAMS_MAX: usize = 512;

/// A flow of 100 MB/s needs this much under way at a round trip of 160 ms.
const QUIC_STREAM_WINDOW: u32 = 16 * 1024 * 1024;
/// Two such streams at once.
const QUIC_CONNECTION_WINDOW: u32 = 2 * QUIC_STREAM_WINDOW;
/// A peer that says nothing for so long is gone. As patient as two lost pings.
const QUIC_IDLE_MILLIS: u32 = 30_000;

/// A connection whose other end has proved who it is.
type Secured = Boxed<(PeerId, StreamMuxerBox)>;

/// Builds a swarm that listens nowhere yet.
pub(crate) fn swarm(config: &Config) -> Result<Swarm<Behaviour>, NetError> {
    let behaviour = behaviour(config)?;
    let transport = resolve_names(numbers(&config.identity)?);
    let swarm_config = swarm::Config::with_tokio_executor()
        // The first bytes of a stream travel with the name of its protocol instead of after it.
        .with_substream_upgrade_protocol_override(Version::V1Lazy)
        .with_idle_connection_timeout(config.limits.idle_max)
        .with_max_negotiating_inbound_streams(config.limits.streams_per_peer_max.max(64));
    Ok(Swarm::new(transport, behaviour, config.identity.peer(), swarm_config))
}

/// TCP and QUIC to addresses made of numbers.
fn numbers(identity: &Identity) -> Result<Secured, NetError> {
    let keypair = identity.keypair();
    let noise = noise::Config::new(keypair)
        .map_err(|error| NetError::Setup { part: "encryption", reason: error.to_string() })?;
    let tcp = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(multiplex())
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)));
    let mut quic = quic::Config::new(keypair);
    quic.max_stream_data = QUIC_STREAM_WINDOW;
    quic.max_connection_data = QUIC_CONNECTION_WINDOW;
    quic.max_idle_timeout = QUIC_IDLE_MILLIS;
    let quic = quic::tokio::Transport::new(quic)
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)));
    let either = OrTransport::new(tcp, quic).map(|connection, _| connection.into_inner());
    Ok(TransportTimeout::new(either, DIAL_PATIENCE).boxed())
}

/// Lets addresses contain names. A machine that knows no name servers still dials numbers.
fn resolve_names(numbers: Secured) -> Secured {
    // Setting a resolver up uses up the transport even when it fails, so try with another first.
    let probe = DummyTransport::<(PeerId, StreamMuxerBox)>::new();
    match dns::tokio::Transport::system(probe) {
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, "addresses with names cannot be dialed");
            return numbers;
        }
    }
    match dns::tokio::Transport::system(numbers) {
        Ok(named) => named.boxed(),
        Err(error) => {
            tracing::warn!(%error, "no address can be dialed");
            DummyTransport::new().boxed()
        }
    }
}

/// The receive window of each stream starts at 256 KiB and follows bandwidth × delay, up to 1 GiB
/// for all streams of a connection: that is Yamux's own doing, libp2p shows no switch for it.
fn multiplex() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(STREAMS_MAX);
    config
}
