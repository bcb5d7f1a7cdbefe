//! Searches under way.

use std::collections::{HashMap, HashSet};

use libp2p::core::Endpoint;
use libp2p::kad::{GetProvidersOk, QueryId, QueryResult};
use libp2p::swarm::{ConnectionId, NetworkBehaviour};
use libp2p::{Multiaddr, PeerId};
use ply_types::DhtKey;
use tokio::sync::mpsc;

use super::{ADDRESSES_MAX, Behaviour, record_key};
use crate::error::NetError;

/// Providers one search reports at most: more than anybody dials.
const PROVIDERS_MAX: usize = 64;

/// Somebody who says they have what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Who. Not proved before a connection is.
    pub peer: PeerId,
    /// Where they may be. Empty when nobody knew.
    pub addresses: Vec<Multiaddr>,
}

/// The finds of one search, as they come in. Dropping it ends the search.
#[derive(Debug)]
pub struct Providers {
    receiver: mpsc::Receiver<Provider>,
}

impl Providers {
    /// The next provider, each one once. `None` when the search has come to its end.
    pub async fn next(&mut self) -> Option<Provider> {
        self.receiver.recv().await
    }
}

/// Who waits for which search.
#[derive(Default)]
pub(crate) struct Finds {
    searches: HashMap<QueryId, Search>,
}

struct Search {
    seen: HashSet<PeerId>,
    sender: mpsc::Sender<Provider>,
}

impl Finds {
    pub(crate) fn start(
        &mut self,
        table: &mut Behaviour,
        key: DhtKey,
    ) -> Result<Providers, NetError> {
        let table = table.as_mut().ok_or(NetError::NoDht)?;
        let (sender, receiver) = mpsc::channel(PROVIDERS_MAX);
        let query = table.get_providers(record_key(key));
        self.searches.insert(query, Search { seen: HashSet::new(), sender });
        Ok(Providers { receiver })
    }

    /// Takes a step of a search. To be called as soon as the step is reported: the table forgets
    /// addresses of providers together with the search.
    pub(crate) fn progress(
        &mut self,
        table: &mut Behaviour,
        local: PeerId,
        query: QueryId,
        result: QueryResult,
    ) {
        let QueryResult::GetProviders(result) = result else { return };
        let Some(search) = self.searches.get_mut(&query) else { return };
        let Ok(GetProvidersOk::FoundProviders { providers, .. }) = result else {
            self.searches.remove(&query);
            return;
        };
        for peer in providers {
            if peer == local || PROVIDERS_MAX <= search.seen.len() || !search.seen.insert(peer) {
                continue;
            }
            let provider = Provider { peer, addresses: addresses(table, peer) };
            if search.sender.try_send(provider).is_err() {
                break;
            }
        }
        if search.sender.is_closed() {
            self.searches.remove(&query);
            if let Some(mut query) = table.as_mut().and_then(|table| table.query_mut(&query)) {
                query.finish();
            }
        }
    }
}

/// Asks the table where it would dial a peer. It has no other way to tell what a search has heard.
fn addresses(table: &mut Behaviour, peer: PeerId) -> Vec<Multiaddr> {
    let connection = ConnectionId::new_unchecked(0);
    let known = table
        .handle_pending_outbound_connection(connection, Some(peer), &[], Endpoint::Dialer)
        .unwrap_or_default();
    let mut addresses = Vec::new();
    for address in known {
        if addresses.len() < ADDRESSES_MAX && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}
