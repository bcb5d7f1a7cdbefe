//! Finding peers by what they have: provider records in a Kademlia table of this project's own.
//!
//! Only provider records are kept for others; the table stores no values.

mod finds;
mod providing;

use std::num::NonZeroUsize;
use std::time::Duration;

use libp2p::kad::store::{MemoryStore, MemoryStoreConfig};
use libp2p::kad::{self, Mode, RecordKey};
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Multiaddr, PeerId, StreamProtocol};
use ply_types::DhtKey;

pub use finds::{Provider, Providers};

pub(crate) use finds::Finds;
pub(crate) use providing::Providing;

use crate::config::Dht;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/plywood/kad/1");

/// A node that left is believed to be there for this long at most.
const RECORD_TTL: Duration = Duration::from_hours(6);
/// Three chances to renew a record before it expires.
const PUBLISH_INTERVAL: Duration = Duration::from_hours(2);
const _: () = assert!(PUBLISH_INTERVAL.as_secs() * 3 <= RECORD_TTL.as_secs());

/// Dead nodes in the table cost a dial each; three of them in a row still leave time for an answer.
const QUERY_TIMEOUT: Duration = Duration::from_secs(40);

/// Requests and answers are lists of 20 peers; the library's own bound, here because peers send it.
const PACKET_BYTES_MAX: usize = 16 * 1024;

/// Addresses kept of what one peer says about itself or another.
pub(crate) const ADDRESSES_MAX: usize = 16;

/// The table, or nothing when it is switched off.
pub(crate) type Behaviour = Toggle<kad::Behaviour<MemoryStore>>;

pub(crate) fn behaviour(local: PeerId, dht: Dht, keys_max: usize) -> Behaviour {
    let mode = match dht {
        Dht::Off => return Toggle::from(None),
        Dht::Client => Mode::Client,
        Dht::Server => Mode::Server,
    };
    let mut config = kad::Config::new(PROTOCOL);
    config
        .set_query_timeout(QUERY_TIMEOUT)
        .set_provider_record_ttl(Some(RECORD_TTL))
        .set_provider_publication_interval(Some(PUBLISH_INTERVAL))
        .set_parallelism(NonZeroUsize::MIN.saturating_add(2))
        .set_max_packet_size(PACKET_BYTES_MAX);
    let store = MemoryStore::with_config(
        local,
        MemoryStoreConfig {
            max_records: 0,
            max_value_bytes: 0,
            max_provided_keys: keys_max,
            ..MemoryStoreConfig::default()
        },
    );
    let mut table = kad::Behaviour::with_config(local, store, config);
    table.set_mode(Some(mode));
    Toggle::from(Some(table))
}

/// Adds what a peer says of where it is.
pub(crate) fn learn(table: &mut Behaviour, peer: PeerId, addresses: &[Multiaddr]) {
    if let Some(table) = table.as_mut() {
        for address in addresses.iter().take(ADDRESSES_MAX) {
            table.add_address(&peer, address.clone());
        }
    }
}

fn record_key(key: DhtKey) -> RecordKey {
    RecordKey::new(key.as_bytes())
}
