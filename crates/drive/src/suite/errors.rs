//! What is refused, and with which error.

use ply_engine::Engine;
use ply_types::{Fault, Path};

use super::world::{Bench, block_on, path};
use crate::{Attributes, Body, Create, DriveError, WriteOptions};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    what_is_not_there_is_absent(bench);
    what_is_something_else_is_said_to_be(bench);
    names_are_what_file_systems_take();
    a_refusal_changes_nothing(bench);
}

fn what_is_not_there_is_absent<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    let (drive, none) = (node.drive(), path("none"));
    let to = path("to");
    block_on(async {
        let errors = [
            drive.metadata(&none).await.map(drop),
            drive.read(&none).await.map(drop),
            drive.read_link(&none).await.map(drop),
            drive.read_dir(&none).await.map(drop),
            drive.remove_file(&none).await,
            drive.remove_dir(&none).await,
            drive.remove_dir_all(&none).await,
            drive.rename(&none, &to).await,
            drive.copy(&none, &to).await.map(drop),
            drive.hard_link(&none, &to).await,
            drive.set_permissions(&none, 0o600).await,
            drive.set_xattr(&none, b"user.x", Some(b"y")).await,
            drive.write(&path("none/x"), b"").await,
            drive.create_dir(&path("none/x"), &Attributes::default(), false).await,
            drive.symlink(&path("none/x"), b"t", &Attributes::default()).await,
        ];
        for (index, error) in errors.into_iter().enumerate() {
            let error = error.expect_err("nothing is there");
            assert!(matches!(error, DriveError::Absent { .. }), "{index}: {error}");
            assert_eq!(error.fault(), Fault::Absent);
        }
    });
    assert_eq!(node.tree().len(), 0);
}

fn what_is_something_else_is_said_to_be<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    let drive = node.drive();
    node.mkdir("dir");
    node.put("dir/x", b"x");
    node.put("file", b"f");
    let (dir, file, below) = (path("dir"), path("file"), path("file/x"));
    let attributes = Attributes::default();
    let new = WriteOptions { create: Create::New, ..WriteOptions::default() };
    block_on(async {
        drive.make_node(&path("pipe"), Body::Fifo, &attributes).await.unwrap();
        let is_directory = [
            drive.read(&dir).await.map(drop),
            drive.write(&dir, b"").await,
            drive.write(&Path::root(), b"").await,
            drive.remove_file(&dir).await,
            drive.copy(&dir, &file).await.map(drop),
            drive.copy(&file, &dir).await.map(drop),
            drive.hard_link(&dir, &path("y")).await,
        ];
        for error in is_directory {
            assert!(matches!(error, Err(DriveError::IsADirectory { .. })), "{error:?}");
        }
        let not_a_directory = [
            drive.read_dir(&file).await.map(drop),
            drive.remove_dir(&file).await,
            drive.write(&below, b"").await,
            drive.create_dir(&below, &attributes, false).await,
            drive.create_dir(&below, &attributes, true).await,
        ];
        for error in not_a_directory {
            assert!(matches!(error, Err(DriveError::NotADirectory { .. })), "{error:?}");
        }
        let exists = [
            drive.write_with(&file, &b""[..], &new).await,
            drive.create_dir(&file, &attributes, false).await,
            drive.create_dir(&dir, &attributes, false).await,
            drive.symlink(&file, b"t", &attributes).await,
            drive.hard_link(&file, &path("dir/x")).await,
        ];
        for error in exists {
            assert!(matches!(error, Err(DriveError::Exists { .. })), "{error:?}");
        }
        let pipe = drive.open(&path("pipe"), None).await.map(drop);
        assert!(matches!(pipe, Err(DriveError::NotAFile { .. })));
        let no_link = drive.read_link(&file).await;
        assert!(matches!(no_link, Err(DriveError::Invalid { .. })));
        let no_text = drive.write(&path("b"), &[0xff, 0xfe]).await;
        no_text.unwrap();
        let text = drive.read_to_string(&path("b")).await;
        assert!(matches!(text, Err(DriveError::Invalid { .. })));
    });
}

fn names_are_what_file_systems_take() {
    assert!(Path::parse(&[b'n'; 256]).is_err());
    assert!(Path::parse(b"a/../b").is_err());
    let name = ply_types::Name::parse([b'n'; 255]).unwrap();
    let mut deep = Path::root();
    while let Ok(deeper) = deep.join(&name) {
        deep = deeper;
    }
    assert_eq!(deep.as_bytes().len(), 16 * 256 - 1);
}

fn a_refusal_changes_nothing<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("file", b"f");
    node.commit();
    let options = WriteOptions { make_parents: true, ..WriteOptions::default() };
    let below = path("new/file/../x".replace("/../", "/").as_str());
    block_on(node.drive().write_with(&below, &b"x"[..], &options)).unwrap();
    let before = node.tree();
    let refused = block_on(node.drive().write_with(&path("file/x/y"), &b"x"[..], &options));
    assert!(matches!(refused, Err(DriveError::NotADirectory { .. })));
    assert_eq!(node.tree(), before);
}
