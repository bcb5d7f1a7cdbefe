//! Permissions, owners, times, extended attributes, symlinks, special files.

use ply_engine::Engine;
use ply_types::Timestamp;

use super::world::{Bench, block_on, bytes, path};
use crate::{Attributes, Body, DriveError, Kind};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    attributes_change_one_by_one(bench);
    many_extended_attributes_are_kept(bench);
    more_attributes_than_an_entry_holds_are_refused(bench);
    a_symlink_points_anywhere(bench);
    special_files_are_what_they_are(bench);
}

fn attributes_change_one_by_one<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let content = bytes(30, 100_000);
    node.put("f", &content);
    node.mkdir("d");
    for name in ["f", "d"] {
        let at = path(name);
        block_on(async {
            let drive = node.drive();
            drive.set_permissions(&at, 0o4711).await.unwrap();
            drive.set_owner(&at, Some(1000), None).await.unwrap();
            drive.set_owner(&at, None, Some(100)).await.unwrap();
            let mtime = Timestamp { seconds: -5, nanos: 999_999_999 };
            drive.set_times(&at, mtime).await.unwrap();
            drive.set_xattr(&at, b"user.b", Some(b"2")).await.unwrap();
            drive.set_xattr(&at, b"user.a", Some(b"1")).await.unwrap();
            drive.set_xattr(&at, b"user.b", Some(b"3")).await.unwrap();
            let attributes = drive.metadata(&at).await.unwrap().attributes;
            let xattrs =
                vec![(b"user.a".to_vec(), b"1".to_vec()), (b"user.b".to_vec(), b"3".to_vec())];
            let expected = Attributes { mode: 0o4711, uid: 1000, gid: 100, mtime, xattrs };
            assert_eq!(attributes, expected);
            assert_eq!(drive.xattrs(&at).await.unwrap(), [b"user.a", b"user.b"]);
            assert_eq!(drive.xattr(&at, b"user.b").await.unwrap(), Some(b"3".to_vec()));
            assert_eq!(drive.xattr(&at, b"user.c").await.unwrap(), None);
            drive.remove_xattr(&at, b"user.a").await.unwrap();
            let again = drive.remove_xattr(&at, b"user.a").await;
            assert!(matches!(again, Err(DriveError::Invalid { .. })));
            let nonsense = [
                drive.set_permissions(&at, 0o10_000).await,
                drive.set_times(&at, Timestamp { seconds: 0, nanos: 1_000_000_000 }).await,
                drive.set_xattr(&at, b"", Some(b"")).await,
                drive.set_xattr(&at, &[b'x'; 256], Some(b"")).await,
                drive.set_xattr(&at, b"user.x", Some(&vec![0; 65_537])).await,
            ];
            for error in nonsense {
                assert!(matches!(error, Err(DriveError::Invalid { .. })), "{error:?}");
            }
        });
    }
    assert_eq!(node.get("f"), content);
    bench.restart(&mut node);
    node.commit();
    bench.restart(&mut node);
    // Writing keeps them, but for the time.
    node.put("f", b"new");
    let attributes = block_on(node.drive().metadata(&path("f"))).unwrap().attributes;
    assert_eq!((attributes.mode, attributes.uid, attributes.xattrs.len()), (0o4711, 1000, 1));
}

fn many_extended_attributes_are_kept<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    for name in ["f", "d"] {
        if name == "f" {
            node.put(name, &bytes(31, 5_000));
        } else {
            node.mkdir(name);
        }
        // More than a row holds: the entry moves to a frame of its own.
        for number in 0..40_u32 {
            let key = format!("user.{number:04}");
            let value = bytes(number.into(), 100);
            block_on(node.drive().set_xattr(&path(name), key.as_bytes(), Some(&value))).unwrap();
        }
        node.commit();
        bench.restart(&mut node);
        let xattrs = block_on(node.drive().metadata(&path(name))).unwrap().attributes.xattrs;
        assert_eq!(xattrs.len(), 40);
        assert_eq!(xattrs[39], (b"user.0039".to_vec(), bytes(39, 100)));
        // And back into its row.
        for number in 1..40_u32 {
            let key = format!("user.{number:04}");
            block_on(node.drive().remove_xattr(&path(name), key.as_bytes())).unwrap();
        }
        node.commit();
        bench.restart(&mut node);
        assert_eq!(block_on(node.drive().xattrs(&path(name))).unwrap(), [b"user.0000"]);
    }
    let history = node.drive().log(usize::MAX).unwrap();
    assert_eq!((history[0].files, history[0].bytes), (2, 5_000), "totals follow");
}

fn more_attributes_than_an_entry_holds_are_refused<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    node.put("f", b"f");
    let value = bytes(32, 60_000);
    let set = |number: u8| {
        let name = [b"user.".as_slice(), &[b'a' + number]].concat();
        block_on(node.drive().set_xattr(&path("f"), &name, Some(&value)))
    };
    let refused: Vec<bool> =
        (0..10).map(|number| matches!(set(number), Err(DriveError::Invalid { .. }))).collect();
    assert!(!refused[0] && !refused[1] && refused[9], "{refused:?}");
    for _ in 0..2 {
        assert_eq!(node.get("f"), b"f", "and what was taken can be read");
        node.commit();
        bench.restart(&mut node);
    }
}

fn a_symlink_points_anywhere<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let long = "../x".repeat(1_000);
    for (name, target) in [("short", "../elsewhere"), ("long", long.as_str())] {
        let attributes = Attributes::default();
        block_on(node.drive().symlink(&path(name), target.as_bytes(), &attributes)).unwrap();
    }
    for _ in 0..2 {
        assert_eq!(block_on(node.drive().read_link(&path("short"))).unwrap(), b"../elsewhere");
        assert_eq!(block_on(node.drive().read_link(&path("long"))).unwrap(), long.as_bytes());
        let metadata = block_on(node.drive().metadata(&path("long"))).unwrap();
        assert_eq!((metadata.kind, metadata.size), (Kind::Symlink, 4_000));
        assert_eq!(metadata.attributes.mode, 0o777);
        node.commit();
        bench.restart(&mut node);
    }
}

fn special_files_are_what_they_are<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let nodes = [
        ("fifo", Body::Fifo, Kind::Fifo, None),
        ("socket", Body::Socket, Kind::Socket, None),
        ("tty", Body::CharacterDevice(4, 1), Kind::CharacterDevice, Some((4, 1))),
        ("disk", Body::BlockDevice(8, u32::MAX), Kind::BlockDevice, Some((8, u32::MAX))),
    ];
    for (name, body, _, _) in &nodes {
        let attributes = Attributes { mode: 0o620, ..Attributes::default() };
        block_on(node.drive().make_node(&path(name), body.clone(), &attributes)).unwrap();
    }
    for _ in 0..2 {
        for (name, _, kind, device) in &nodes {
            let metadata = block_on(node.drive().metadata(&path(name))).unwrap();
            assert_eq!((metadata.kind, metadata.device), (*kind, *device));
            assert_eq!((metadata.size, metadata.identity), (0, None));
        }
        node.commit();
        bench.restart(&mut node);
    }
}
