//! Finding peers through a third node.

use std::time::Duration;

use ply_net::{Announce, Dht, NetError, Provider};
use ply_types::DhtKey;
use tokio::time::{sleep, timeout};

use crate::world::{Node, PATIENCE, config, node, start};

const KEY: DhtKey = DhtKey([8; 32]);

async fn member(seed: u8, dht: Dht, bootstrap: Option<&Node>) -> Node {
    let mut config = config(seed);
    config.dht = dht;
    config.announce = Announce::All;
    if let Some(node) = bootstrap {
        config.bootstrap = vec![node.address().await];
    }
    start(config).await
}

/// Looks again and again until somebody is found.
async fn found(node: &Node) -> Provider {
    let search = async {
        loop {
            let mut providers = node.network.find(KEY).await.unwrap();
            if let Some(provider) = providers.next().await {
                return provider;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, search).await.expect("somebody provides it")
}

#[tokio::test]
async fn a_provider_is_found_through_a_third_node_and_can_be_dialed() {
    let middle = member(1, Dht::Server, None).await;
    let a = member(2, Dht::Client, Some(&middle)).await;
    let c = member(3, Dht::Client, Some(&middle)).await;
    // At this moment it may know nobody to publish to: that must mend itself.
    a.network.provide(KEY).await.unwrap();

    let provider = found(&c).await;
    assert_eq!(provider.peer, a.peer());
    let bare = a.address().await.to_string();
    assert!(
        provider.addresses.iter().any(|address| bare.starts_with(&address.to_string())),
        "{provider:?}"
    );
    c.network.connect(provider.peer, provider.addresses).await.unwrap();
}

#[tokio::test]
async fn a_search_for_nothing_ends() {
    let middle = member(1, Dht::Server, None).await;
    let mut a = member(2, Dht::Client, Some(&middle)).await;
    a.until_connected(middle.peer()).await;
    let mut providers = a.network.find(KEY).await.unwrap();
    assert_eq!(timeout(PATIENCE, providers.next()).await.expect("it ends"), None);
}

#[tokio::test]
async fn without_a_dht_there_is_nothing_to_ask() {
    let a = node(1).await;
    assert!(matches!(a.network.find(KEY).await, Err(NetError::NoDht)));
    assert!(matches!(a.network.provide(KEY).await, Err(NetError::NoDht)));
    a.network.stop_providing(KEY).await;
}
