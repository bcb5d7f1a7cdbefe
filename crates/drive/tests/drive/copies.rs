//! Homes that were copied: what was written under the key before goes on under a new one.

use std::sync::Arc;

use futures::executor::block_on;
use ply_drive::suite::{Bench, Dice, Node, bytes, path};
use ply_drive::{Drive, Replica};
use ply_engine::{Batch, Durability, Engine, Frame, MemoryEngine, Table};
use ply_log::{BlockRow, block_row_key};
use ply_types::{Fault, Seed};

fn bench<R>(test: impl FnOnce(&Bench<'_, MemoryEngine>) -> R) -> R {
    test(&Bench::new(&|| Arc::new(MemoryEngine::new()), &|engine| engine))
}

/// A copy of a home, noticed as one: another nonce makes another writer key.
fn copy(node: &Node<MemoryEngine>) -> Drive<MemoryEngine> {
    let engine = Arc::new(MemoryEngine::clone(node.engine()));
    let mut settings = node.replica().settings();
    settings.install_nonce = [99; 32];
    let replica = Replica::open(engine, settings, &Seed::new([0x81; 32]), Arc::<Dice>::default());
    Drive::alone(replica.unwrap())
}

#[test]
fn law_7_a_home_copied_with_an_open_draft_goes_on_under_a_key_of_its_own() {
    bench(|bench| {
        let node = bench.node();
        let (old, new) = (bytes(1, 300_000), bytes(2, 200_000));
        node.mkdir("d");
        node.put("d/committed", &old);
        node.put("edited", b"before");
        node.commit();
        // A new layer, a piece of an old one, and an edit, none of them committed.
        node.put("d/drafted", &new);
        node.put("again", &old);
        node.put("edited", b"after");
        let drive = copy(&node);
        let replica = drive.replica();
        assert_ne!(replica.writer_key(), node.key());
        let read = |name: &str| block_on(drive.read(&path(name))).unwrap();
        let check = || {
            assert_eq!(read("d/committed"), old);
            assert_eq!(read("d/drafted"), new);
            assert_eq!(read("again"), old);
            assert_eq!(read("edited"), b"after");
            assert!(block_on(drive.conflicts(&path(""))).unwrap().is_empty());
        };
        check();
        // What is added grows no log of the other key.
        let own_layers = replica.layers().unwrap().0;
        let before: Vec<u64> =
            own_layers.iter().map(|it| replica.logs().roots(&it.log).unwrap().length()).collect();
        let more = bytes(3, 100_000);
        block_on(drive.write(&path("d/more"), &more)).unwrap();
        check();
        block_on(drive.commit("", "")).unwrap().expect("something to commit");
        check();
        assert_eq!(read("d/more"), more);
        let after: Vec<u64> =
            own_layers.iter().map(|it| replica.logs().roots(&it.log).unwrap().length()).collect();
        assert_eq!(before, after);
        // Both go on, and understand each other.
        node.put("d/other", b"by the first");
        node.commit();
        assert_eq!(node.get("d/drafted"), new);
        node.replica().allow_signing();
        let head = node.replica().signed_head(&node.key()).unwrap().unwrap().head;
        assert_eq!(replica.logs().roots(&node.key()).unwrap().length() + 1, head.length);
    });
}

#[test]
fn a_copy_of_a_copy_knows_whose_draft_it_has() {
    bench(|bench| {
        let node = bench.node();
        node.put("f", &bytes(4, 100_000));
        node.commit();
        let drive = copy(&node);
        block_on(drive.write(&path("g"), &bytes(5, 100_000))).unwrap();
        let engine = Arc::new(MemoryEngine::clone(drive.replica().engine()));
        for nonce in [98, 97] {
            let mut settings = drive.replica().settings();
            settings.install_nonce = [nonce; 32];
            let seed = Seed::new([0x81; 32]);
            let host = Arc::<Dice>::default();
            let replica = Replica::open(Arc::clone(&engine), settings, &seed, host).unwrap();
            let again = Drive::alone(replica);
            assert_eq!(block_on(again.read(&path("f"))).unwrap(), bytes(4, 100_000));
            assert_eq!(block_on(again.read(&path("g"))).unwrap(), bytes(5, 100_000));
        }
        assert!(0 < engine.frame_bytes().unwrap());
    });
}

#[test]
fn law_5_nothing_goes_on_under_another_key_while_a_commit_of_the_one_before_is_damaged() {
    bench(|bench| {
        let node = bench.node();
        let content = bytes(7, 100_000);
        node.put("committed", &content);
        node.commit();
        node.put("drafted", &content);
        let engine = Arc::new(MemoryEngine::clone(node.engine()));
        let open = || {
            let mut settings = node.replica().settings();
            settings.install_nonce = [99; 32];
            let seed = Seed::new([0x81; 32]);
            Replica::open(Arc::clone(&engine), settings, &seed, Arc::<Dice>::default())
        };
        let (log, block) = (node.key(), 0);
        let key = block_row_key(&log, block);
        let put = |row: &[u8]| {
            let mut batch = Batch::new();
            batch.put(Table::Block, key.clone(), row);
            engine.apply(&batch, Durability::Synced).unwrap();
        };
        let sound = engine.get(Table::Block, &key).unwrap().unwrap();
        let row = BlockRow::from_bytes(&sound).unwrap();
        let mut flipped = engine.read(row.at.unwrap()).unwrap().to_vec();
        flipped[40] ^= 1;
        let at = engine.append(&[Frame { log, block, bytes: &flipped }]).unwrap()[0];
        put(&BlockRow { at: Some(at), ..row }.to_bytes());
        for _ in 0..2 {
            let error = open().err().unwrap();
            assert_eq!(error.fault(), Fault::Corrupt, "{error}");
            assert!(error.to_string().contains(&format!("block {block} of log {log}")), "{error}");
        }
        // Put back from a copy: nothing was lost meanwhile.
        put(&sound);
        let drive = Drive::alone(open().unwrap());
        for name in ["committed", "drafted"] {
            assert_eq!(block_on(drive.read(&path(name))).unwrap(), content, "{name}");
        }
    });
}

#[test]
fn layers_of_a_draft_are_known_apart_from_those_of_commits() {
    bench(|bench| {
        let node = bench.node();
        node.put("f", &bytes(6, 100_000));
        let drafted = node.replica().draft_layer_heads().unwrap();
        assert_eq!(drafted.len(), 1);
        assert!(0 < drafted[0].length);
        assert!(node.replica().layers().unwrap().0.is_empty(), "no peer is told of it");
        node.commit();
        assert_eq!(node.replica().layers().unwrap().0, drafted);
        assert!(node.replica().draft_layer_heads().unwrap().is_empty());
    });
}

/// Names in conflict, by a drive.
fn conflicts(drive: &Drive<MemoryEngine>) -> Vec<String> {
    let conflicts = block_on(drive.conflicts(&path(""))).unwrap();
    conflicts.iter().map(|conflict| conflict.path.to_string()).collect()
}

#[test]
fn law_4_a_directory_that_goes_to_the_next_key_goes_over_no_file_that_came_in() {
    bench(|bench| {
        let alice = bench.node();
        let bob = bench.join(2, &alice);
        alice.mkdir("d");
        alice.commit();
        bob.put("d", b"a file");
        bob.commit();
        alice.pull(&bob, true);
        alice.put("d/x", b"drafted when the file was in view");
        assert_eq!(conflicts(alice.drive()), ["/d"]);
        let drive = copy(&alice);
        assert_eq!(conflicts(&drive), ["/d"]);
        block_on(drive.commit("", "")).unwrap().expect("something to commit");
        assert_eq!(conflicts(&drive), ["/d"]);
        assert_eq!(block_on(drive.read(&path("d/x"))).unwrap().len(), 33);
    });
}

#[test]
fn law_3_what_is_cut_off_enters_the_draft_by_what_its_author_saw() {
    bench(|bench| {
        let alice = bench.node();
        let bob = bench.join(2, &alice);
        alice.put("p", b"before");
        alice.commit();
        bob.pull(&alice, true);
        alice.replica().allow_signing();
        alice.replica().signed_head(&alice.key()).unwrap().expect("a head");
        alice.put("p", b"by alice");
        bob.put("p", b"by bob");
        bob.commit();
        // In view when alice commits, and not when she wrote.
        alice.pull(&bob, true);
        alice.commit();
        assert_eq!(conflicts(alice.drive()), ["/p"]);
        alice.replica().disown().unwrap();
        let engine = Arc::clone(alice.engine());
        let settings = alice.replica().settings();
        let seed = Seed::new([0x81; 32]);
        let replica = Replica::open(engine, settings, &seed, Arc::<Dice>::default()).unwrap();
        assert_ne!(replica.writer_key(), alice.key());
        let drive = Drive::alone(replica);
        assert_eq!(conflicts(&drive), ["/p"]);
        block_on(drive.commit("", "")).unwrap().expect("something to commit");
        assert_eq!(conflicts(&drive), ["/p"]);
    });
}
