//! Gossip: who hears what, and only after somebody found it good.

use std::time::Duration;

use bytes::Bytes;
use ply_net::{Event, GOSSIP_BYTES_MAX, Gossip, Limits, NetError};
use ply_types::Topic;
use tokio::time::{sleep, timeout};

use crate::world::{Node, config, node, start};

const TOPIC: Topic = Topic([5; 32]);

/// Three nodes in a row, all on the same topic.
async fn line() -> [Node; 3] {
    let [a, mut b, c] = [node(1).await, node(2).await, node(3).await];
    for node in [&a, &b, &c] {
        node.network.subscribe(TOPIC).await.unwrap();
    }
    let middle = b.address().await;
    a.network.dial(middle.clone()).await.unwrap();
    c.network.dial(middle).await.unwrap();
    b.until_connected(a.peer()).await;
    [a, b, c]
}

async fn heard(node: &mut Node) -> Gossip {
    node.until(|event| match event {
        Event::Gossip(gossip) => Some(gossip),
        _ => None,
    })
    .await
}

/// Publishes until somebody hears: subscriptions take a moment to get around. Each try differs, for
/// gossip says nothing twice.
async fn publish_until_heard(
    speaker: &Node,
    listener: &mut Node,
    tries: &mut std::ops::Range<u8>,
) -> Gossip {
    for attempt in tries {
        let bytes = Bytes::copy_from_slice(&[b'h', b'i', attempt]);
        speaker.network.publish(TOPIC, bytes).await.unwrap();
        if let Ok(gossip) = timeout(Duration::from_millis(200), heard(listener)).await {
            return gossip;
        }
    }
    panic!("nobody heard");
}

#[tokio::test]
async fn gossip_reaches_a_node_two_hops_away_once_accepted() {
    let [a, mut b, mut c] = line().await;
    let (mut tries, mut accepted) = (0..200, Vec::new());
    let far = loop {
        let in_the_middle = publish_until_heard(&a, &mut b, &mut tries).await;
        assert_eq!((in_the_middle.topic, in_the_middle.from), (TOPIC, a.peer()));
        accepted.push(in_the_middle.bytes.clone());
        in_the_middle.verdict.accept();
        // It goes nowhere as long as B has not heard that C is on the topic.
        if let Ok(far) = timeout(Duration::from_secs(1), heard(&mut c)).await {
            break far;
        }
    };
    assert_eq!(far.from, b.peer());
    assert!(accepted.contains(&far.bytes), "{far:?}");
}

#[tokio::test]
async fn what_nobody_accepts_goes_nowhere() {
    let [a, mut b, mut c] = line().await;
    let mut tries = 0..200;
    publish_until_heard(&a, &mut b, &mut tries).await.verdict.reject();
    drop(publish_until_heard(&a, &mut b, &mut tries).await);
    let reached = timeout(Duration::from_secs(2), heard(&mut c)).await;
    assert!(reached.is_err(), "{reached:?}");
}

#[tokio::test]
async fn a_node_that_left_the_topic_hears_nothing() {
    let [a, mut b, _c] = line().await;
    publish_until_heard(&a, &mut b, &mut (0..200)).await.verdict.accept();
    b.network.unsubscribe(TOPIC).await;
    sleep(Duration::from_millis(500)).await;
    a.network.publish(TOPIC, Bytes::from_static(b"anybody?")).await.unwrap();
    assert!(timeout(Duration::from_secs(1), heard(&mut b)).await.is_err());
}

#[tokio::test]
async fn speaking_to_nobody_or_twice_is_no_error_and_too_much_is() {
    let a = node(1).await;
    a.network.subscribe(TOPIC).await.unwrap();
    a.network.publish(TOPIC, Bytes::from_static(b"echo?")).await.unwrap();
    a.network.publish(TOPIC, Bytes::from_static(b"echo?")).await.unwrap();
    let long = Bytes::from(vec![0; GOSSIP_BYTES_MAX + 1]);
    let error = a.network.publish(TOPIC, long).await.unwrap_err();
    assert!(matches!(error, NetError::GossipTooLong { bytes: 1025 }), "{error:?}");
}

#[tokio::test]
async fn a_thousand_topics_fit_in_a_greeting_and_one_more_is_refused() {
    let topics_max = Limits::STANDARD.topics_max;
    let topic = |index: usize| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&index.to_le_bytes());
        Topic(bytes)
    };
    let (a, mut b) = (start(config(1)).await, node(2).await);
    for index in 0..topics_max {
        a.network.subscribe(topic(index)).await.unwrap();
    }
    a.network.subscribe(topic(0)).await.unwrap();
    let error = a.network.subscribe(topic(topics_max)).await.unwrap_err();
    assert!(matches!(error, NetError::TooManyTopics { .. }), "{error:?}");

    // The last topic of the greeting counts like the first.
    let last = topic(topics_max - 1);
    b.network.subscribe(last).await.unwrap();
    a.network.dial(b.address().await).await.unwrap();
    b.until_connected(a.peer()).await;
    let mut a = a;
    for attempt in 0..100_u8 {
        b.network.publish(last, Bytes::copy_from_slice(&[attempt])).await.unwrap();
        if let Ok(gossip) = timeout(Duration::from_millis(200), heard(&mut a)).await {
            assert_eq!(gossip.topic, last);
            return;
        }
    }
    panic!("the greeting was not understood");
}

#[tokio::test]
async fn the_longest_message_passes() {
    let [a, mut b, _c] = line().await;
    publish_until_heard(&a, &mut b, &mut (0..200)).await.verdict.accept();
    a.network.publish(TOPIC, Bytes::from(vec![b'x'; GOSSIP_BYTES_MAX])).await.unwrap();
    loop {
        let gossip = heard(&mut b).await;
        if gossip.bytes.len() == GOSSIP_BYTES_MAX {
            return;
        }
    }
}
