//! Peers that send very slowly: for ever, or because their line is like that.

use std::time::Duration;

use futures::AsyncWriteExt;
use ply_exchange::{RunError, Side};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::time::sleep;
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::villain::{VILLAIN, Villain, serves_others, victim};
use crate::world::{Node, STREAM_BYTES, noise, path};

/// A node answers a villain, and a message may take so long.
fn answer(victim: &Node, pace: Duration) -> Villain {
    let (mine, theirs) = duplex(STREAM_BYTES);
    let (exchange, me) = (victim.exchange.clone().with_pace(pace), victim.peer);
    let ended =
        tokio::spawn(async move { exchange.run(mine.compat(), me, VILLAIN, Side::Answerer).await });
    Villain { stream: theirs.compat(), ended }
}

/// Sends a byte now and then until nobody takes them any more.
async fn drip(villain: &mut Villain) {
    while villain.stream.write_all(&[0]).await.is_ok() {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_who_sends_a_byte_now_and_then_for_ever_is_dropped() {
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let mut villain = answer(&victim, Duration::from_millis(300));
    villain.stream.write_all(&[0, 0, 1, 0]).await.unwrap();
    drip(&mut villain).await;
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Silent), "{error}");
    // The hello and the start of a long message: then byte by byte.
    let mut villain = answer(&victim, Duration::from_secs(5));
    villain.greet(&member, &victim).await;
    villain.stream.write_all(&[0, 0, 8, 0]).await.unwrap();
    drip(&mut villain).await;
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Slow), "{error}");
    serves_others(&victim).await;
}

/// Carries bytes from one stream to another, a few at a time.
async fn carry_slowly(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl tokio::io::AsyncWriteExt + Unpin,
) {
    let mut some = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut some).await {
        sleep(Duration::from_millis(1)).await;
        if to.write_all(&some[..count]).await.is_err() {
            return;
        }
    }
}

/// Both ends of a slow line.
fn slow_line() -> [DuplexStream; 2] {
    let ((near, one), (other, far)) = (duplex(16 << 10), duplex(16 << 10));
    let ((from_one, to_one), (from_other, to_other)) =
        (tokio::io::split(one), tokio::io::split(other));
    tokio::spawn(carry_slowly(from_one, to_other));
    tokio::spawn(carry_slowly(from_other, to_one));
    [near, far]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_takes_long_and_is_not_dropped() {
    let victim = victim().await;
    let reader = Node::reader(2, &victim);
    let [near, far] = slow_line();
    let answering = victim.run(far, reader.peer, Side::Answerer);
    let opening = reader.run(near, victim.peer, Side::Opener(reader.id()));
    // The session as a whole takes longer than any message of it.
    assert_eq!(reader.drive.read(&path("file")).await.unwrap(), noise(4, 3_000_000));
    assert!(!opening.is_finished() && !answering.is_finished());
}
