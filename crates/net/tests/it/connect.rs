//! Connections: made, refused, broken, restored.

use std::time::Duration;

use ply_net::{Direction, Event, Limits, Mdns, Multiaddr, NetError, Network};
use ply_types::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::world::{PATIENCE, config, node, pair, say_and_hear, settled, start};

fn bare(address: &Multiaddr) -> Multiaddr {
    address.iter().filter(|part| !part.to_string().starts_with("/p2p/")).collect()
}

fn port(address: &Multiaddr) -> u16 {
    let text = address.to_string();
    text.split('/').nth(4).expect("ip, number, tcp, number").parse().unwrap()
}

#[tokio::test]
async fn two_nodes_connect_by_address_and_know_each_other() {
    let (mut a, mut b) = (node(1).await, node(2).await);
    let address = b.address().await;
    assert_eq!(a.network.dial(bare(&address)).await.unwrap(), b.peer());
    a.until_connected(b.peer()).await;
    b.until_connected(a.peer()).await;

    let infos = a.network.peers().await;
    assert_eq!(infos.len(), 1);
    assert_eq!((infos[0].peer, infos[0].direction), (b.peer(), Direction::Outbound));
    assert_eq!(b.network.peers().await[0].direction, Direction::Inbound);
}

#[tokio::test]
async fn every_listener_reports_its_address_before_start_returns() {
    let mut config = config(1);
    config.listen =
        ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"].map(|a| a.parse().unwrap()).into();
    let mut a = start(config).await;
    let addresses = a.network.addresses().await;
    assert_eq!(addresses.len(), 2);
    let suffix = format!("/p2p/{}", a.peer());
    assert!(addresses.iter().all(|address| address.to_string().ends_with(&suffix)));
    let told = a.until(|event| match event {
        Event::Listening(address) => Some(address),
        _ => None,
    });
    assert!(addresses.contains(&told.await));
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_the_address() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(1);
    let address = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port());
    config.listen = vec![address.parse().unwrap()];
    let error = Network::start(config).await.expect_err("the port is taken");
    assert_eq!(error.fault(), Fault::Machine);
    let text = error.to_string();
    assert!(text.contains(&address) && text.contains("in use"), "{text}");
}

#[tokio::test]
async fn the_wrong_peer_at_an_address_is_named() {
    let (a, b) = (node(1).await, node(2).await);
    let stranger = crate::world::identity(9).peer();
    let address = bare(&b.address().await).with_p2p(stranger).unwrap();
    match a.network.dial(address).await {
        Err(NetError::WrongPeer { expected, found, .. }) => {
            assert_eq!((*expected, *found), (stranger, b.peer()));
        }
        other => panic!("{other:?}"),
    }
    assert!(a.network.peers().await.is_empty());
}

#[tokio::test]
async fn a_dial_to_nobody_says_what_was_tried() {
    let a = node(1).await;
    let error = a.network.dial("/ip4/127.0.0.1/tcp/1".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Offline);
    assert!(error.to_string().contains("refused"), "{error}");
    let own = a.network.dial(a.address().await).await.unwrap_err();
    assert!(matches!(own, NetError::Own { .. }), "{own:?}");
    let odd = a.network.dial("/ip4/127.0.0.1/udp/1".parse().unwrap()).await.unwrap_err();
    assert!(odd.to_string().contains("nsupported"), "{odd}");
}

#[tokio::test]
async fn dialing_many_times_makes_one_connection() {
    let (a, b) = (node(1).await, node(2).await);
    let (address, peer) = (b.address().await, b.peer());
    let dials = (0..10).map(|_| a.network.dial(address.clone()));
    for dialed in futures::future::join_all(dials).await {
        assert_eq!(dialed.unwrap(), peer);
    }
    let b = b.echo();
    for network in [&a.network, &b] {
        settled("one connection", async || network.peers().await[0].addresses.len() == 1).await;
    }
    let mut stream = a.network.open(peer).await.unwrap();
    say_and_hear(&mut stream, b"still there").await.unwrap();
}

#[tokio::test]
async fn both_may_dial_at_once() {
    let (a, b) = (node(1).await, node(2).await);
    let (at_a, at_b) = (a.address().await, b.address().await);
    let (one, other) = tokio::join!(a.network.dial(at_b), b.network.dial(at_a));
    let (to_b, to_a) = (one.unwrap(), other.unwrap());
    let (a, b) = (a.echo(), b.echo());
    for (network, peer) in [(&a, to_b), (&b, to_a)] {
        let mut stream = network.open(peer).await.unwrap();
        say_and_hear(&mut stream, b"hello").await.unwrap();
    }
}

#[tokio::test]
async fn tcp_is_taken_where_both_answer_and_quic_where_only_it_does() {
    let a = node(1).await;
    let mut config = config(2);
    config.listen =
        ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"].map(|a| a.parse().unwrap()).into();
    let mut b = start(config).await;
    let mut addresses = b.network.addresses().await;
    addresses.sort_by_key(|address| !address.to_string().contains("quic"));
    let quic = addresses[0].clone();

    a.network.connect(b.peer(), addresses).await.unwrap();
    assert!(a.network.peers().await[0].addresses[0].to_string().contains("/tcp/"));
    a.network.disconnect(b.peer()).await;
    b.until_disconnected(a.peer()).await;
    settled("no peers", async || a.network.peers().await.is_empty()).await;

    let dead = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
    a.network.connect(b.peer(), vec![dead, quic]).await.unwrap();
    assert!(a.network.peers().await[0].addresses[0].to_string().contains("quic"));
    let peer = b.peer();
    let _b = b.echo();
    let mut stream = a.network.open(peer).await.unwrap();
    say_and_hear(&mut stream, b"over quic").await.unwrap();
}

#[tokio::test]
async fn a_disconnect_is_seen_on_both_sides() {
    let (mut a, mut b) = pair().await;
    a.network.disconnect(b.peer()).await;
    a.until_disconnected(b.peer()).await;
    b.until_disconnected(a.peer()).await;
    let error = a.network.open(b.peer()).await.unwrap_err();
    assert!(matches!(error, NetError::NotConnected { .. }), "{error:?}");
}

#[tokio::test]
async fn shutdown_ends_everything_at_once() {
    let (mut a, b) = pair().await;
    let handle = b.network.clone();
    timeout(PATIENCE, b.network.shutdown()).await.expect("it does not hang");
    a.until_disconnected(b.peer()).await;
    assert!(matches!(handle.open(a.peer()).await, Err(NetError::Stopped)));
    assert!(handle.peers().await.is_empty());
    let mut events = b.events;
    let drained = async { while events.next().await.is_some() {} };
    timeout(PATIENCE, drained).await.expect("the events end");
}

#[tokio::test]
async fn the_port_is_free_after_shutdown() {
    let a = node(1).await;
    let address = bare(&a.address().await);
    a.network.shutdown().await;
    let mut config = config(1);
    config.listen = vec![address];
    start(config).await;
}

#[tokio::test]
async fn dropping_the_last_handle_shuts_down() {
    let (mut a, b) = pair().await;
    let peer = b.peer();
    drop(b.network);
    a.until_disconnected(peer).await;
}

#[tokio::test]
async fn garbage_on_the_port_disturbs_nobody() {
    let (a, b) = (node(1).await, node(2).await);
    let address = b.address().await;
    let mut strangers = Vec::new();
    let noise = vec![0xff; 70_000];
    for garbage in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &noise, b"", b"\x13/multi"] {
        let mut stranger = TcpStream::connect(("127.0.0.1", port(&address))).await.unwrap();
        // The node may hang up in the middle of it.
        drop(stranger.write_all(garbage).await);
        strangers.push(stranger);
    }
    a.network.dial(address).await.unwrap();
    let peer = b.peer();
    let b = b.echo();
    let mut stream = a.network.open(peer).await.unwrap();
    say_and_hear(&mut stream, b"undisturbed").await.unwrap();
    assert_eq!(b.peers().await.len(), 1);
    let mut answer = Vec::new();
    let hung_up = timeout(PATIENCE, strangers[0].read_to_end(&mut answer)).await;
    hung_up.expect("the stranger is hung up on").ok();
}

#[tokio::test]
async fn a_banned_peer_is_gone_and_comes_back_when_its_time_is_over() {
    let (a, mut b) = pair().await;
    let (peer, address) = (a.peer(), b.address().await);
    let time = Duration::from_secs(5);
    b.network.ban(peer, time).await;
    b.until_disconnected(peer).await;
    let at_a = a.address().await;
    let error = b.network.dial(at_a).await.unwrap_err();
    assert!(matches!(error, NetError::Banned { .. }), "{error:?}");

    // The other side's dial succeeds before the ban is looked at, and the connection is then cut.
    a.network.dial(address.clone()).await.ok();
    settled("no peers", async || b.network.peers().await.is_empty()).await;

    sleep(time).await;
    a.network.dial(address).await.unwrap();
    b.until_connected(peer).await;
}

#[tokio::test]
async fn a_bootstrap_node_is_dialed_again_when_it_returns() {
    let a = node(1).await;
    let (address, peer) = (a.address().await, a.peer());
    let mut config_b = config(2);
    config_b.bootstrap = vec![address.clone()];
    let mut b = start(config_b).await;
    b.until_connected(peer).await;
    a.network.shutdown().await;
    b.until_disconnected(peer).await;

    let mut config_a = config(1);
    config_a.listen = vec![bare(&address)];
    let _a = start(config_a).await;
    b.until_connected(peer).await;
}

#[tokio::test]
async fn the_limit_of_connections_holds() {
    let mut config_a = config(1);
    config_a.limits = Limits { established_in_max: 2, ..Limits::STANDARD };
    let a = start(config_a).await;
    let address = a.address().await;
    let mut others = Vec::new();
    for seed in 2..6 {
        let other = node(seed).await;
        other.network.dial(address.clone()).await.ok();
        others.push(other);
    }
    settled("two peers", async || a.network.peers().await.len() == 2).await;
}

#[tokio::test]
#[ignore = "needs a network that passes multicast on"]
async fn nodes_on_one_network_see_each_other() {
    let configs = [1, 2].map(|seed| {
        let mut config = config(seed);
        config.listen = vec!["/ip4/0.0.0.0/tcp/0".parse().unwrap()];
        config.mdns = Mdns::On;
        config
    });
    let [config_a, config_b] = configs;
    let (mut a, b) = (start(config_a).await, start(config_b).await);
    let addresses = a.until(|event| match event {
        Event::Discovered { peer, addresses } if peer == b.peer() => Some(addresses),
        _ => None,
    });
    let addresses = addresses.await;
    a.network.connect(b.peer(), addresses).await.unwrap();
}
