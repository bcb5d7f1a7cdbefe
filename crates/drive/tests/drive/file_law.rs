//! A file is its bytes: any writes, flushed at any time, give what writing it whole would give.

use std::sync::Arc;

use futures::executor::block_on;
use ply_drive::suite::{Bench, Node, bytes, path};
use ply_drive::{Access, File, OpenOptions};
use ply_engine::MemoryEngine;
use ply_types::ReadKey;
use proptest::prelude::*;

/// What a program does with an open file.
#[derive(Clone, Debug)]
enum Op {
    Write {
        offset: u64,
        length: usize,
        seed: u64,
    },
    /// The same byte many times: chunks of one kind, and cuts at the greatest length.
    Fill {
        offset: u64,
        length: usize,
        byte: u8,
    },
    Append {
        length: usize,
        seed: u64,
    },
    SetLen {
        bytes: u64,
    },
    Read {
        offset: u64,
        length: usize,
    },
    Flush,
    Commit,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    // Sizes around one chunk (1 to 4 KiB), and a few of many.
    let length = prop_oneof![0..40_usize, 1000..5000_usize, 0..40_000_usize];
    let offset = prop_oneof![0..300_u64, 0..70_000_u64];
    prop_oneof![
        4 => (offset.clone(), length.clone(), any::<u64>())
            .prop_map(|(offset, length, seed)| Op::Write { offset, length, seed }),
        1 => (offset.clone(), length.clone(), any::<u8>())
            .prop_map(|(offset, length, byte)| Op::Fill { offset, length, byte }),
        1 => (length.clone(), any::<u64>()).prop_map(|(length, seed)| Op::Append { length, seed }),
        2 => offset.clone().prop_map(|bytes| Op::SetLen { bytes }),
        1 => (offset, length).prop_map(|(offset, length)| Op::Read { offset, length }),
        3 => Just(Op::Flush),
        1 => Just(Op::Commit),
        1 => Just(Op::Reopen),
    ]
}

fn open(node: &Node<MemoryEngine>) -> File<MemoryEngine> {
    let options = OpenOptions::new().read(true).write(true).create(true);
    block_on(node.drive().open_with(&path("f"), &options)).unwrap()
}

fn overwrite(model: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = usize::try_from(offset).unwrap();
    if !bytes.is_empty() {
        model.resize(model.len().max(start + bytes.len()), 0);
        model[start..start + bytes.len()].copy_from_slice(bytes);
    }
}

fn check(node: &Node<MemoryEngine>, model: &[u8]) {
    assert!(node.get("f") == model, "content after a flush");
    node.put("anew", model);
    let identity = |name| block_on(node.drive().metadata(&path(name))).unwrap().identity;
    assert_eq!(identity("f"), identity("anew"), "pieces of {} bytes", model.len());
}

fn run(node: &Node<MemoryEngine>, first: &[u8], ops: &[Op]) {
    let mut model = first.to_vec();
    let mut file = open(node);
    for op in ops {
        match op {
            Op::Write { offset, length, seed } => {
                let content = bytes(*seed, *length);
                block_on(file.write_at(*offset, &content)).unwrap();
                overwrite(&mut model, *offset, &content);
            }
            Op::Fill { offset, length, byte } => {
                let content = vec![*byte; *length];
                block_on(file.write_at(*offset, &content)).unwrap();
                overwrite(&mut model, *offset, &content);
            }
            Op::Append { length, seed } => {
                let content = bytes(*seed, *length);
                assert_eq!(block_on(file.append(&content)).unwrap(), model.len() as u64);
                model.extend(content);
            }
            Op::SetLen { bytes } => {
                block_on(file.set_len(*bytes)).unwrap();
                model.resize(usize::try_from(*bytes).unwrap(), 0);
            }
            Op::Read { offset, length } => {
                let read = block_on(file.read_at(*offset, *length)).unwrap();
                let start = usize::try_from(*offset).unwrap().min(model.len());
                let end = (start + length).min(model.len());
                assert!(read == model[start..end], "read {length} at {offset}");
            }
            Op::Flush => {
                block_on(file.flush()).unwrap();
                check(node, &model);
            }
            Op::Commit => node.commit(),
            Op::Reopen => {
                let old = std::mem::replace(&mut file, open(node));
                block_on(old.close()).unwrap();
                file = open(node);
            }
        }
        assert_eq!(file.bytes(), model.len() as u64);
    }
    block_on(file.close()).unwrap();
    check(node, &model);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn writes_in_any_order_give_the_file_that_writing_it_whole_gives(
        length in prop_oneof![Just(0_usize), 0..5000_usize, 20_000..60_000_usize],
        is_sealed in any::<bool>(),
        ops in prop::collection::vec(op(), 1..24),
    ) {
        let make = || Arc::new(MemoryEngine::new());
        let bench = Bench::new(&make, &|engine| engine);
        let sealed = Access::Keys(vec![ReadKey::new([5; 32])]);
        let node = bench.small(if is_sealed { sealed } else { Access::Public });
        let first = bytes(999, length);
        node.put("f", &first);
        run(&node, &first, &ops);
    }

    #[test]
    fn a_file_of_another_writer_is_changed_as_an_own_one(
        length in 20_000..120_000_usize,
        ops in prop::collection::vec(op(), 1..8),
    ) {
        let make = || Arc::new(MemoryEngine::new());
        let bench = Bench::new(&make, &|engine| engine);
        let alice = bench.small(Access::Public);
        let bob = bench.join(2, &alice);
        let first = bytes(998, length);
        alice.put("f", &first);
        alice.commit();
        bob.pull(&alice, true);
        run(&bob, &first, &ops);
        bob.commit();
        alice.pull(&bob, true);
        assert!(alice.get("f") == bob.get("f"));
    }
}
