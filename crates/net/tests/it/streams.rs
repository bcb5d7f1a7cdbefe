//! Streams: opened from both sides, many at once, refused aloud.

use std::io::ErrorKind;
use std::time::Duration;

use futures::future::join_all;
use futures::{AsyncReadExt, AsyncWriteExt};
use ply_net::{Limits, Multiaddr};
use ply_types::Topic;
use tokio::time::{sleep, timeout};

use crate::world::{PATIENCE, config, node, pair, say_and_hear, start};

/// How long these nodes keep a connection that nobody uses. Who dials has this long to use it, on a
/// busy machine too.
const IDLE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn either_side_opens_streams_over_one_connection() {
    let (a, b) = pair().await;
    let (at_a, at_b) = (a.peer(), b.peer());
    let (a, b) = (a.echo(), b.echo());
    for (network, peer) in [(&a, at_b), (&b, at_a)] {
        let mut stream = network.open(peer).await.unwrap();
        assert_eq!(stream.peer(), peer);
        say_and_hear(&mut stream, &[7; 4000]).await.unwrap();
        stream.close().await.unwrap();
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "a regular end");
    }
    assert_eq!(a.peers().await[0].addresses.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_streams_at_once_all_arrive() {
    let mut config_b = config(2);
    config_b.limits = Limits { streams_per_peer_max: 200, ..Limits::STANDARD };
    let (a, b) = (node(1).await, start(config_b).await);
    a.network.dial(b.address().await).await.unwrap();
    let peer = b.peer();
    let _b = b.echo();
    let talk = |index: u8| {
        let network = a.network.clone();
        async move {
            let mut stream = network.open(peer).await.unwrap();
            say_and_hear(&mut stream, &[index; 1000]).await.unwrap();
            stream
        }
    };
    let all = timeout(PATIENCE, join_all((0..200).map(talk))).await.expect("none is lost");
    assert_eq!(all.len(), 200);
}

#[tokio::test]
async fn one_stream_too_many_is_an_error_and_room_comes_back() {
    for address in ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"] {
        refused_and_free_again(address.parse().unwrap()).await;
    }
}

async fn refused_and_free_again(listen: Multiaddr) {
    let mut config_b = config(2);
    config_b.listen = vec![listen];
    config_b.limits = Limits { streams_per_peer_max: 3, ..Limits::STANDARD };
    let (a, b) = (node(1).await, start(config_b).await);
    a.network.dial(b.address().await).await.unwrap();
    let peer = b.peer();
    let _b = b.echo();
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = a.network.open(peer).await.unwrap();
        say_and_hear(&mut stream, b"in").await.unwrap();
        streams.push(stream);
    }
    let mut refused = a.network.open(peer).await.unwrap();
    let error = timeout(PATIENCE, say_and_hear(&mut refused, b"out")).await.expect("not silence");
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);

    streams.pop();
    let again = async {
        loop {
            let mut stream = a.network.open(peer).await.unwrap();
            if say_and_hear(&mut stream, b"in").await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("the place is free again");
}

#[tokio::test]
async fn a_node_that_reads_no_events_refuses_streams_aloud() {
    let mut config_b = config(2);
    config_b.limits = Limits { events_max: 2, ..Limits::STANDARD };
    let (a, mut b) = (node(1).await, start(config_b).await);
    a.network.dial(b.address().await).await.unwrap();
    let peer = b.peer();
    // Its queue now holds where it listens and who has connected.
    let mut refused = a.network.open(peer).await.unwrap();
    let error = timeout(PATIENCE, say_and_hear(&mut refused, b"?")).await.expect("not silence");
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);

    b.until_connected(a.peer()).await;
    let _b = b.echo();
    let mut stream = a.network.open(peer).await.unwrap();
    say_and_hear(&mut stream, b"now").await.unwrap();
}

#[tokio::test]
async fn a_dropped_stream_ends_at_the_other_side() {
    let (a, mut b) = pair().await;
    let mut stream = a.network.open(b.peer()).await.unwrap();
    stream.write_all(b"half a mess").await.unwrap();
    stream.flush().await.unwrap();
    let mut inbound = b.stream().await;
    assert_eq!(inbound.peer(), a.peer());
    inbound.read_exact(&mut [0; 11]).await.unwrap();
    drop(stream);
    let read = timeout(PATIENCE, inbound.read(&mut [0; 8])).await.expect("it ends");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

#[tokio::test]
async fn a_broken_connection_ends_its_streams() {
    let (a, mut b) = pair().await;
    let mut stream = a.network.open(b.peer()).await.unwrap();
    stream.write_all(b"x").await.unwrap();
    stream.flush().await.unwrap();
    let _inbound = b.stream().await;
    b.network.shutdown().await;
    let read = timeout(PATIENCE, stream.read(&mut [0; 8])).await.expect("it ends");
    assert!(read.is_err(), "{read:?}");
}

#[tokio::test]
async fn an_idle_connection_closes_and_one_in_use_stays() {
    let mut config_a = config(1);
    config_a.limits = Limits { idle_max: IDLE, ..Limits::STANDARD };
    let mut config_b = config(2);
    config_b.limits = config_a.limits;
    let (mut a, b) = (start(config_a).await, start(config_b).await);
    a.network.dial(b.address().await).await.unwrap();
    let peer = b.peer();
    let _b = b.echo();
    let mut stream = a.network.open(peer).await.unwrap();
    say_and_hear(&mut stream, b"here").await.unwrap();
    sleep(2 * IDLE).await;
    say_and_hear(&mut stream, b"still here").await.unwrap();
    drop(stream);
    a.until_disconnected(peer).await;
}

#[tokio::test]
async fn a_connection_between_followers_of_a_topic_is_kept() {
    let mut configs = [config(1), config(2)];
    for config in &mut configs {
        config.limits = Limits { idle_max: IDLE, ..Limits::STANDARD };
    }
    let [config_a, config_b] = configs;
    let (a, b) = (start(config_a).await, start(config_b).await);
    a.network.subscribe(Topic([1; 32])).await.unwrap();
    b.network.subscribe(Topic([1; 32])).await.unwrap();
    a.network.dial(b.address().await).await.unwrap();
    sleep(2 * IDLE).await;
    assert_eq!(a.network.peers().await.len(), 1);
}
