//! A drive inside a program: no network, no files, no runtime.
//!
//! ```text
//! cargo run --release -p ply-drive --example embed
//! ```
//!
//! A program brings three things. An **engine** keeps what the drive stores: here the one in memory;
//! `ply-store` has one on disk. A **host** tells time and makes random bytes. A **remote** brings
//! what is not here: this one has nobody to ask, and says what it would have asked.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use futures::executor::block_on;
use ply_drive::{
    BoxFuture, CreateOptions, Drive, Host, OpenOptions, Remote, RemoteError, Replica, Revision,
    Settings, Want, WriteOptions, write_settings,
};
use ply_engine::MemoryEngine;
use ply_types::{Path, Seed, Timestamp};

/// The machine that the program runs on.
#[derive(Debug)]
struct Machine;

impl Host for Machine {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Timestamp { seconds, nanos: since.subsec_nanos() }
    }

    #[expect(clippy::expect_used, reason = "without chance there are no keys: better no program")]
    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
        read.expect("the system's random bytes");
        bytes
    }
}

/// Nobody is there. A program with peers of its own would ask them here.
#[derive(Debug)]
struct Nobody;

impl Remote for Nobody {
    fn fetch(&self, want: Want) -> BoxFuture<'_, Result<(), RemoteError>> {
        println!("would ask peers for {want:?}");
        Box::pin(std::future::ready(Err(RemoteError::NoPeer)))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (engine, host) = (Arc::new(MemoryEngine::new()), Arc::new(Machine));

    // The secret of the node: a program keeps it, for its writer keys follow from it.
    let node = Seed::new(host.random());
    let options = CreateOptions::new("notes", host.random());
    let settings = Settings::create(&options, &*host)?;
    write_settings(&*engine, &settings)?;

    let replica = Replica::open(engine, settings, &node, host)?;
    block_on(use_it(&Drive::new(replica, Arc::new(Nobody))))
}

async fn use_it(drive: &Drive<MemoryEngine>) -> Result<(), Box<dyn Error>> {
    let mut watch = drive.watch();
    let note = Path::parse(b"2026/november/first.txt")?;
    let options = WriteOptions { make_parents: true, ..WriteOptions::default() };
    drive.write_with(&note, &b"a first note\n"[..], &options).await?;
    drive.commit("the first note", "embed").await?;

    // At any offset, as any file; durable when it is flushed, part of history when committed.
    let mut file = OpenOptions::new().append(true).open(drive, &note).await?;
    file.append(b"and a second line\n").await?;
    file.close().await?;
    drive.commit("a second line", "embed").await?;

    print!("{}", drive.read_to_string(&note).await?);
    for entry in drive.read_dir(&Path::parse(b"2026/november")?).await?.entries {
        println!("{} {} bytes", entry.path, entry.size);
    }
    for commit in drive.log(10)? {
        println!("{} {}", commit.mark.id, commit.message);
    }
    let before = drive.at(&Revision::Back(1)).await?;
    println!("one commit ago it had {} bytes", before.metadata(&note).await?.size);

    drive.close();
    while let Some(event) = watch.next().await {
        println!("{event:?}");
    }
    Ok(())
}
