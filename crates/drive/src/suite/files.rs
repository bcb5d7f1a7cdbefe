//! Opening, reading and writing files at any offset.

use ply_engine::Engine;

use super::world::{Bench, Node, block_on, bytes, path};
use crate::{Access, DIRTY_BYTES_MAX, DriveError, File, OpenOptions};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    writes_come_back(bench);
    what_sync_all_acknowledged_is_durable(bench);
    a_file_grows_by_zeros(bench);
    options_mean_what_they_mean_elsewhere(bench);
    more_than_memory_holds_flushes_by_itself(bench);
    two_handles_write_one_file(bench);
    appends_of_two_handles_follow_each_other(bench);
    a_handle_of_a_draft_outlives_its_commit(bench);
    a_removed_file_stays_removed(bench);
}

fn edit<E: Engine>(node: &Node<E>, name: &str) -> File<E> {
    let options = OpenOptions::new().read(true).write(true).create(true);
    block_on(node.drive().open_with(&path(name), &options)).unwrap()
}

fn writes_come_back<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    block_on(async {
        let mut file = edit(&node, "f");
        assert!(node.drive().exists(&path("f")).await.unwrap(), "made when it is opened");
        file.write_at(0, b"hello world").await.unwrap();
        file.write_at(6, b"there").await.unwrap();
        assert_eq!(file.read_at(0, 100).await.unwrap(), b"hello there");
        assert_eq!(file.metadata().await.unwrap().size, 11);
        assert_eq!(node.get("f"), b"", "not flushed yet");
        file.flush().await.unwrap();
        assert_eq!(node.get("f"), b"hello there");
        assert_eq!(file.append(b"!").await.unwrap(), 11);
        file.set_len(5).await.unwrap();
        assert_eq!(file.append(b"?").await.unwrap(), 5);
        file.close().await.unwrap();
        assert_eq!(node.drive().read_to_string(&path("f")).await.unwrap(), "hello?");
    });
    bench.restart(&mut node);
    node.commit();
    bench.restart(&mut node);
}

fn what_sync_all_acknowledged_is_durable<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let content = bytes(1, 300_000);
    let mut file = edit(&node, "f");
    block_on(file.write_at(0, &content)).unwrap();
    block_on(file.sync_all()).unwrap();
    block_on(file.write_at(0, b"lost with the process")).unwrap();
    drop(file);
    bench.restart(&mut node);
    assert_eq!(node.get("f"), content);
}

fn a_file_grows_by_zeros<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let mut file = edit(&node, "f");
    block_on(async {
        file.write_at(0, b"start").await.unwrap();
        file.flush().await.unwrap();
        // Cut off and made longer again: what was cut off is zeros, flushed or not.
        file.set_len(2).await.unwrap();
        file.set_len(10).await.unwrap();
        assert_eq!(file.read_at(0, 100).await.unwrap(), b"st\0\0\0\0\0\0\0\0");
        file.write_at(40 << 20, b"end").await.unwrap();
        assert_eq!(file.read_at((40 << 20) - 2, 100).await.unwrap(), b"\0\0end");
        let before = node.layer_blocks();
        file.flush().await.unwrap();
        let stored = node.layer_blocks() - before;
        assert!(stored <= 12, "a hole is one piece, many times: {stored} blocks");
        assert_eq!(file.read_at(0, 3).await.unwrap(), b"st\0");
        assert_eq!(file.read_at(20 << 20, 4).await.unwrap(), [0; 4]);
    });
    assert_eq!(node.get("f").len(), (40 << 20) + 3);
    drop(file);
    bench.restart(&mut node);
}

fn options_mean_what_they_mean_elsewhere<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("there", b"content");
    node.mkdir("dir");
    let open =
        |name: &str, options: OpenOptions| block_on(node.drive().open_with(&path(name), &options));
    let new = OpenOptions::new;
    assert!(matches!(open("there", new()), Err(DriveError::Invalid { .. })));
    assert!(matches!(
        open("there", new().read(true).create(true)),
        Err(DriveError::Invalid { .. })
    ));
    let truncated = open("there", new().append(true).truncate(true));
    assert!(matches!(truncated, Err(DriveError::Invalid { .. })));
    assert!(matches!(open("none", new().write(true)), Err(DriveError::Absent { .. })));
    let made = open("there", new().write(true).create_new(true));
    assert!(matches!(made, Err(DriveError::Exists { .. })));
    assert!(matches!(open("dir", new().read(true)), Err(DriveError::IsADirectory { .. })));
    let below = open("there/x", new().write(true).create(true));
    assert!(matches!(below, Err(DriveError::NotADirectory { .. })));
    let nowhere = open("no/where", new().write(true).create(true));
    assert!(matches!(nowhere, Err(DriveError::Absent { .. })));
    assert!(matches!(open("", new().read(true)), Err(DriveError::IsADirectory { .. })));

    let mut reader = open("there", new().read(true)).unwrap();
    assert!(matches!(block_on(reader.write_at(0, b"x")), Err(DriveError::Invalid { .. })));
    assert!(matches!(block_on(reader.append(b"x")), Err(DriveError::Invalid { .. })));
    assert!(matches!(block_on(reader.set_len(0)), Err(DriveError::Invalid { .. })));
    let mut log = open("there", new().append(true)).unwrap();
    assert!(matches!(block_on(log.write_at(0, b"x")), Err(DriveError::Invalid { .. })));
    assert!(matches!(block_on(log.read_at(0, 1)), Err(DriveError::Invalid { .. })));
    assert_eq!(block_on(log.append(b"!")).unwrap(), 7);
    let end = block_on(edit(&node, "there").write_at(u64::MAX, b"x"));
    assert!(matches!(end, Err(DriveError::Invalid { .. })));
    block_on(log.close()).unwrap();
    assert_eq!(node.get("there"), b"content!");
    // Emptied when it is opened, as elsewhere.
    drop(block_on(node.drive().create(&path("there"))).unwrap());
    assert_eq!(node.get("there"), b"");
}

fn more_than_memory_holds_flushes_by_itself<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    let content = bytes(2, DIRTY_BYTES_MAX * 2 + 1000);
    let mut file = edit(&node, "f");
    for part in content.chunks(700_001) {
        block_on(file.append(part)).unwrap();
    }
    let durable = node.get("f");
    assert!(DIRTY_BYTES_MAX < durable.len() && content.starts_with(&durable));
    block_on(file.close()).unwrap();
    assert_eq!(node.get("f"), content);
    // In one call as well.
    let mut file = edit(&node, "g");
    block_on(file.write_at(0, &content)).unwrap();
    block_on(file.close()).unwrap();
    assert_eq!(node.get("g"), content);
}

fn two_handles_write_one_file<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.small(Access::Public);
    let mut content = bytes(3, 20_000);
    node.put("f", &content);
    let (mut first, mut second) = (edit(&node, "f"), edit(&node, "f"));
    block_on(first.write_at(100, b"first")).unwrap();
    block_on(second.write_at(15_000, b"second")).unwrap();
    block_on(second.write_at(20_000, b"longer")).unwrap();
    block_on(first.flush()).unwrap();
    block_on(second.flush()).unwrap();
    content[100..105].copy_from_slice(b"first");
    content[15_000..15_006].copy_from_slice(b"second");
    content.extend(b"longer");
    assert_eq!(node.get("f"), content);
    // A length that was set is the length, whatever else was written.
    block_on(first.set_len(10)).unwrap();
    block_on(second.write_at(0, b"2")).unwrap();
    block_on(second.flush()).unwrap();
    block_on(first.flush()).unwrap();
    content[0] = b'2';
    assert_eq!(node.get("f"), content[..10]);
}

fn appends_of_two_handles_follow_each_other<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("log", b"0");
    let append = OpenOptions::new().append(true);
    let open = || block_on(node.drive().open_with(&path("log"), &append)).unwrap();
    let (mut first, mut second) = (open(), open());
    block_on(first.append(b"1")).unwrap();
    block_on(second.append(b"2")).unwrap();
    block_on(first.flush()).unwrap();
    block_on(second.flush()).unwrap();
    assert_eq!(node.get("log"), b"012");
}

fn a_handle_of_a_draft_outlives_its_commit<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    let content = bytes(4, 500_000);
    node.put("f", &content);
    let handle = block_on(node.drive().open(&path("f"), None)).unwrap();
    let mut file = edit(&node, "f");
    node.commit();
    assert_eq!(block_on(handle.read(0..u64::MAX)).unwrap(), content);
    block_on(file.write_at(0, b"x")).unwrap();
    block_on(file.flush()).unwrap();
    node.commit();
    assert_eq!(block_on(handle.read(0..u64::MAX)).unwrap(), content);
    assert_eq!(node.get("f")[1..], content[1..]);
}

fn a_removed_file_stays_removed<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    for committed in [false, true] {
        node.put("f", b"content");
        if committed {
            node.commit();
        }
        let mut file = edit(&node, "f");
        block_on(file.write_at(0, b"late")).unwrap();
        block_on(node.drive().remove_file(&path("f"))).unwrap();
        assert!(matches!(block_on(file.flush()), Err(DriveError::Absent { .. })));
        assert_eq!(block_on(file.read_at(0, 100)).unwrap(), b"lateent");
        assert!(node.names("").is_empty());
    }
}
