//! Heads: a log only grows, and who signs otherwise is found out.

use ply_log::{Accepted, ForkProof, HeadStep, LogsError};
use ply_types::Fault;

use super::fixture::{Peer, log};

#[test]
fn a_writer_signs_as_it_grows() {
    let writer = Peer::writer(10);
    assert_eq!(writer.logs.head(&log()).unwrap(), None);
    let set = |length| writer.logs.set_head(&writer.head_at(length)).unwrap();
    assert_eq!(set(4), HeadStep::Advanced);
    assert_eq!(set(10), HeadStep::Advanced);
    assert_eq!(set(10), HeadStep::Known);
    assert_eq!(set(7), HeadStep::Known);
    assert_eq!(writer.logs.head(&log()).unwrap(), Some(*writer.head_at(10).signed()));
}

#[test]
fn a_first_head_is_taken_and_binds() {
    let (writer, reader) = (Peer::writer(10), Peer::new());
    assert_eq!(reader.logs.set_head(&writer.head_at(10)).unwrap(), HeadStep::Advanced);
    assert!(matches!(reader.get(&writer, 3..4, 10), Ok(Accepted::Stored(_))));
    let other = Peer::writer(9);
    other.write_other(b"other");
    assert!(matches!(reader.get(&other, 3..4, 10), Ok(Accepted::Forked(_))));
    let step = reader.logs.set_head(&other.head_at(10)).unwrap();
    let HeadStep::Forked(clash) = step else { panic!("{step:?}") };
    assert_eq!(clash.held_head, Some(*writer.head_at(10).signed()));
    assert_eq!((clash.held.length, clash.brought.length), (10, 10));
}

#[test]
fn a_longer_head_counts_once_it_is_shown_to_contain_what_is_held() {
    let (writer, reader) = (Peer::writer(10), Peer::new());
    assert!(matches!(reader.get(&writer, 9..10, 10), Ok(Accepted::Stored(_))));
    assert_eq!(reader.logs.set_head(&writer.head_at(10)).unwrap(), HeadStep::Advanced);
    writer.write(10..30);
    let head = writer.head_at(30);
    let unproven = HeadStep::Unproven { shorter: 10, longer: 30 };
    assert_eq!(reader.logs.set_head(&head).unwrap(), unproven);
    let unproven = Accepted::Unproven { shorter: 10, longer: 30 };
    assert_eq!(reader.get(&writer, 29..30, 30).unwrap(), unproven);
    assert!(!reader.logs.holds(&log(), 29).unwrap());
    assert!(matches!(reader.get(&writer, 10..10, 30), Ok(Accepted::Stored(_))));
    assert_eq!(reader.logs.set_head(&head).unwrap(), HeadStep::Advanced);
    assert!(matches!(reader.get(&writer, 29..30, 30), Ok(Accepted::Stored(_))));
    reader.check_nodes(30);
}

#[test]
fn the_next_blocks_show_by_themselves_that_the_log_grew() {
    let (writer, reader) = (Peer::writer(10), Peer::new());
    assert!(matches!(reader.get(&writer, 9..10, 10), Ok(Accepted::Stored(_))));
    for length in 11..40 {
        writer.write(length - 1..length);
        let mut staging = reader.logs.stage();
        let within = ply_merkle::Within::Tree { length };
        let proof = writer.logs.prove(&log(), length - 1..length, within).unwrap();
        let head = writer.head_at(length);
        let blocks = writer.bytes(length - 1..length);
        let accepted = staging.accept(&log(), &proof, &blocks, head.trusted()).unwrap();
        assert!(matches!(accepted, Accepted::Stored(_)));
        assert_eq!(staging.set_head(&head).unwrap(), HeadStep::Advanced);
        staging.commit(ply_engine::Durability::Synced).unwrap();
    }
    reader.check_nodes(39);
}

#[test]
fn an_older_tree_is_compared_with_the_one_held() {
    let (writer, reader) = (Peer::writer(30), Peer::new());
    assert!(matches!(reader.get(&writer, 29..30, 30), Ok(Accepted::Stored(_))));
    let unproven = Accepted::Unproven { shorter: 11, longer: 30 };
    assert_eq!(reader.get(&writer, 3..4, 11).unwrap(), unproven);
    assert!(matches!(reader.get(&writer, 11..11, 30), Ok(Accepted::Stored(_))));
    assert!(matches!(reader.get(&writer, 3..4, 11), Ok(Accepted::Stored(_))));
    let other = Peer::writer(10);
    other.write_other(b"other");
    let refused = reader.get(&other, 3..4, 11).unwrap();
    let Accepted::Forked(clash) = refused else { panic!("{refused:?}") };
    assert_eq!((clash.held.length, clash.brought.length), (30, 11));
    reader.check_nodes(30);
}

#[test]
fn a_fork_is_found_out_and_proved_to_everybody() {
    let (writer, reader) = (Peer::writer(10), Peer::new());
    let _ = writer.logs.set_head(&writer.head_at(10)).unwrap();
    assert!(matches!(reader.get(&writer, 0..10, 10), Ok(Accepted::Stored(_))));
    let _ = reader.logs.set_head(&writer.head_at(10)).unwrap();

    // The writer's folder was copied, and the copy went on from block 8.
    let copy = Peer::writer(8);
    copy.write_other(b"another eight");
    copy.write(9..20);
    let _ = copy.logs.set_head(&copy.head_at(20)).unwrap();
    let before = reader.all_rows();
    let shown = reader.get(&copy, 10..12, 20).unwrap();
    assert!(matches!(shown, Accepted::Forked(_)));
    assert_eq!(reader.all_rows(), before);

    let branch = |peer: &Peer, at| peer.logs.branch(&log(), at).unwrap().unwrap();
    let proof = ForkProof { position: 8, a: branch(&reader, 8), b: branch(&copy, 8) };
    let fork = ForkProof::decode(&proof.encode().unwrap()).unwrap().check().unwrap();
    assert_eq!((fork.log, fork.common, fork.is_first), (log(), 8, true));
    assert_eq!(reader.logs.branch(&log(), 10).unwrap(), None);
}

#[test]
fn a_log_that_was_signed_further_elsewhere_does_not_grow_here() {
    let (writer, restored) = (Peer::writer(10), Peer::writer(7));
    let proof = writer.logs.prove(&log(), 7..7, ply_merkle::Within::Tree { length: 10 }).unwrap();
    let head = writer.head_at(10);
    let before = restored.logs.set_head(&head).unwrap();
    assert_eq!(before, HeadStep::Unproven { shorter: 7, longer: 10 });
    let accepted = restored.logs.accept(&log(), &proof, &[], head.trusted()).unwrap();
    assert!(matches!(accepted, Accepted::Stored(_)));
    assert_eq!(restored.logs.set_head(&head).unwrap(), HeadStep::Advanced);
    // The roots of the longer tree are known now, so it goes on where the writer stopped.
    restored.write(10..12);
    assert!(matches!(writer.get(&restored, 10..12, 12), Ok(Accepted::Stored(_))));

    let empty = Peer::new();
    assert_eq!(empty.logs.set_head(&head).unwrap(), HeadStep::Advanced);
    let error = empty.logs.append(&log(), [&b"x"[..]]).unwrap_err();
    assert!(matches!(error, LogsError::Behind { length: 0, signed: 10, .. }));
    assert_eq!(error.fault(), Fault::Conflict);
}
