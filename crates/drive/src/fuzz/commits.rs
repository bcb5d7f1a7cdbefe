//! Blocks of metadata, the two halves of a commit in them, and rows of layers.

use bytes::Bytes;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_index::{PageRef, Totals, Where};
use ply_proto::metadata_block::Content;
use ply_types::{CommitId, LogKey, PageHash, Timestamp, TreeHash};

use crate::cipher::Metadata;
use crate::clock::{Clock, CommitMark};
use crate::commit::{Body, ClockRecord, Delta, Envelope, LayerRow};

fn mark(number: u64) -> CommitMark {
    CommitMark { number, block: number * 100, id: CommitId([9; 32]) }
}

fn clock(writers: &[u8]) -> Clock {
    let mut clock = Clock::new();
    for &writer in writers {
        clock.see(LogKey([writer; 32]), mark(u64::from(writer)));
    }
    clock
}

fn layer() -> LayerRow {
    LayerRow {
        key: LogKey([1; 32]),
        length: 300,
        bytes: 70_000,
        root: TreeHash([2; 32]),
        sealed: false,
        fresh: Some([3; 32]),
        signature: vec![4; 64],
    }
}

#[test]
fn fuzz_envelopes_of_commits() {
    let first = Envelope {
        number: 0,
        count: 1,
        ancestors: Vec::new(),
        clocks: vec![ClockRecord { since: None, components: Clock::new() }],
        layers: Vec::new(),
        records: Vec::new(),
    };
    let full = Envelope {
        number: 9,
        count: 3,
        ancestors: vec![mark(8), mark(6)],
        clocks: vec![
            ClockRecord { since: Some(0), components: clock(&[5]) },
            ClockRecord { since: None, components: clock(&[5, 7]) },
        ],
        layers: vec![layer()],
        records: vec![b"record".to_vec()],
    };
    Target::new("commit-envelope", Form::Message, RoundTrip::Settled)
        .seed("first", first.encode())
        .seed("full", full.encode())
        .memory(64 << 10, 160)
        .run(|bytes| Envelope::decode(bytes).ok().map(|envelope| envelope.encode()));
}

#[test]
fn fuzz_bodies_of_commits() {
    let body = Body {
        index: Some(PageRef {
            hash: PageHash([6; 32]),
            place: Where { log: LogKey([7; 32]), block: 12 },
        }),
        delta: Delta::from([
            (b"\0gone".to_vec(), None),
            (b"\0here".to_vec(), Some(b"row".to_vec())),
        ]),
        totals: Totals { count: 3, bytes: 1 << 40 },
        message: "first".to_owned(),
        time: Timestamp { seconds: 1_795_000_000, nanos: 7 },
        program: "ply 0.1.0".to_owned(),
    };
    Target::new("commit-body", Form::Message, RoundTrip::Settled)
        .seed("empty", Body::default().encode())
        .seed("full", body.encode())
        .memory(64 << 10, 160)
        .run(|bytes| Body::decode(bytes).ok().map(|body| body.encode()));
}

#[test]
fn fuzz_rows_of_layers() {
    let sealed = LayerRow { sealed: true, fresh: None, ..layer() };
    Target::new("layer-row", Form::Message, RoundTrip::Settled)
        .seed("open", layer().encode())
        .seed("sealed", sealed.encode())
        .run(|bytes| LayerRow::decode(bytes).ok().map(|row| row.encode()));
}

#[test]
fn fuzz_blocks_of_metadata() {
    let block = |content, outer: &[u8], inner: &[u8]| {
        Metadata { content, outer: outer.to_vec(), inner: inner.to_vec() }.to_block()
    };
    Target::new("metadata-block", Form::Message, RoundTrip::Settled)
        .seed("leaf", block(Content::Page, b"", b"a sealed page"))
        .seed("inner-page", block(Content::Page, b"sealed places", b"a sealed page"))
        .seed("commit", block(Content::Commit, b"a sealed envelope", b"a sealed body"))
        .seed("dictionary", block(Content::Dictionary, b"", b"a sealed dictionary"))
        .run(|bytes| {
            let block = Metadata::from_block(&Bytes::copy_from_slice(bytes)).ok()?;
            Some(block.to_block())
        });
}
