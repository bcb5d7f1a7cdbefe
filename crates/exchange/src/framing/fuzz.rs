//! Changed streams: what is read is what was framed, up to the first byte that is no frame.

use futures::executor::block_on;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_sync::MESSAGE_BYTES_MAX;

use super::{read, write};
use crate::buffers::Buffers;

/// Messages on one stream.
fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = Vec::new();
    for message in messages {
        block_on(write(&mut stream, message)).expect("memory takes all");
    }
    stream
}

#[test]
fn fuzz_framing_of_sessions() {
    let long = vec![7; 3000];
    Target::new("session-framing", Form::Bytes, RoundTrip::Exact)
        .seed("none", framed(&[]))
        .seed("two", framed(&[b"one".to_vec(), Vec::new()]))
        .seed("long", framed(&[long, b"after".to_vec()]))
        // A length is taken at its word up to the longest message.
        .memory(MESSAGE_BYTES_MAX as u64 + (64 << 10), 64)
        .run(|bytes| {
            let mut stream = bytes;
            let mut messages = Vec::new();
            while let Some(message) =
                block_on(read(&mut stream, &Buffers::default(), MESSAGE_BYTES_MAX)).ok()?
            {
                assert!(message.len() <= MESSAGE_BYTES_MAX);
                messages.push(message.to_vec());
            }
            Some(framed(&messages))
        });
}
