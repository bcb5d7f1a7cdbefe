//! Pipes: two ends that meet, and others that do not belong together.

use futures::{AsyncReadExt, AsyncWriteExt};
use ply_net::pipe::{PipeError, secure};
use ply_types::Fault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use crate::world::identity;

fn ends(room_bytes: usize) -> (Compat<DuplexStream>, Compat<DuplexStream>) {
    let (one, other) = duplex(room_bytes);
    (one.compat(), other.compat())
}

/// What a node says of a pipe whose other end does something else.
async fn refusal<F: Future<Output = ()>>(other: impl FnOnce(DuplexStream) -> F) -> PipeError {
    let (one, end) = duplex(4096);
    let (id, ()) = (identity(1), ());
    let (secured, ()) = tokio::join!(secure(one.compat(), &id), other(end));
    secured.expect_err("it is no pipe of ours")
}

#[tokio::test]
async fn two_ends_learn_who_the_other_is_and_talk() {
    // Less room than one greeting: neither may wait for the other to read.
    for room_bytes in [10, 4096] {
        let (one, other) = ends(room_bytes);
        let (a, b) = (identity(1), identity(2));
        let (at_one, at_other) = tokio::join!(secure(one, &a), secure(other, &b));
        let ((peer_b, mut one), (peer_a, mut other)) = (at_one.unwrap(), at_other.unwrap());
        assert_eq!((peer_a, peer_b), (a.peer(), b.peer()));

        let words = vec![3; 200_000];
        let speak = async {
            one.write_all(&words).await.unwrap();
            one.close().await.unwrap();
        };
        let mut heard = Vec::new();
        let ((), read) = tokio::join!(speak, other.read_to_end(&mut heard));
        read.unwrap();
        assert_eq!(heard, words);
    }
}

#[tokio::test]
async fn a_shell_s_complaint_is_shown() {
    let error = refusal(|mut end| async move {
        end.write_all(b"bash: line 1: ply: command not found\n").await.unwrap();
    })
    .await;
    assert_eq!(
        error.to_string(),
        "the other side does not speak plywood: it said 'bash: line 1: ply: command not found'"
    );
    assert_eq!(error.fault(), Fault::Peer);
}

#[tokio::test]
async fn bytes_that_cannot_be_printed_are_escaped_and_cut() {
    let error = refusal(|mut end| async move {
        end.write_all(&[0x1b; 4000]).await.unwrap();
    })
    .await;
    let PipeError::Stranger { said } = &error else { panic!("{error:?}") };
    assert!(said.starts_with(r"\x1b\x1b") && said.len() <= 480, "{said}");
}

#[tokio::test]
async fn an_end_without_a_word_is_called_that() {
    let error = refusal(|end| async move { drop(end) }).await;
    assert!(matches!(error, PipeError::Silent), "{error:?}");
}

#[tokio::test]
async fn half_a_greeting_is_not_one() {
    let error = refusal(|mut end| async move { end.write_all(b"plywood\n\x01abc").await.unwrap() });
    let error = error.await;
    assert!(matches!(error, PipeError::Stranger { .. }), "{error:?}");
}

#[tokio::test]
async fn an_echo_is_recognised() {
    let error = refusal(|mut end| async move {
        let mut greeting = [0; 25];
        end.read_exact(&mut greeting).await.unwrap();
        end.write_all(&greeting).await.unwrap();
    })
    .await;
    assert!(matches!(error, PipeError::Echo), "{error:?}");
}

#[tokio::test]
async fn another_version_is_told_apart_from_a_stranger() {
    let error = refusal(|mut end| async move {
        end.write_all(b"plywood\n\x02aaaaaaaaaaaaaaaa").await.unwrap();
    })
    .await;
    assert!(matches!(error, PipeError::Version { theirs: 2, ours: 1 }), "{error:?}");
}

#[tokio::test]
async fn a_greeting_changed_on_the_way_fails_the_handshake() {
    let (one, mut left) = duplex(4096);
    let (mut right, other) = duplex(4096);
    let meddle = async move {
        let mut greeting = [0; 25];
        left.read_exact(&mut greeting).await.unwrap();
        greeting[20] ^= 1;
        right.write_all(&greeting).await.unwrap();
        tokio::io::copy_bidirectional(&mut left, &mut right).await.ok();
    };
    tokio::spawn(meddle);
    let (a, b) = (identity(1), identity(2));
    let (at_one, at_other) = tokio::join!(secure(one.compat(), &a), secure(other.compat(), &b));
    assert!(at_one.is_err() || at_other.is_err());
}

#[tokio::test]
async fn garbage_after_a_good_greeting_fails_the_handshake() {
    let error = refusal(|mut end| async move {
        end.write_all(b"plywood\n\x01aaaaaaaaaaaaaaaa").await.unwrap();
        end.write_all(&[0xff; 2000]).await.unwrap();
    })
    .await;
    assert!(matches!(error, PipeError::Handshake { .. }), "{error:?}");
}
