//! One node with one drive, in memory.

use std::sync::Arc;

use futures::executor::block_on;
use ply_drive::membership::{Issuer, Role};
use ply_drive::{
    Access, Create, Cutting, Drive, DriveError, Keep, Kind, PathState, Remote, Replica, Settings,
    Sight, Walk, WriteOptions,
};
use ply_engine::MemoryEngine;
use ply_log::Signer;
use ply_types::{DriveId, LogKey, Path, ReadKey, Seed, Timestamp};

use crate::action::{Action, content};
use crate::machine::Machine;

/// What survives a crash.
pub struct Node {
    engine: Arc<MemoryEngine>,
    machine: Arc<Machine>,
    settings: Settings,
    secret: Seed,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened. With the names that versions got, if it was about these.
    Done(Vec<String>),
    /// It was refused.
    Refused(String),
    /// Something that it had to see is out of reach.
    Offline,
    /// It made a commit with this number, or found nothing to commit.
    Committed(Option<u64>),
}

/// One path as a node shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The path.
    pub path: String,
    /// Whether it is a directory, and whether only by what is in it.
    pub directory: (bool, bool),
    /// Permission bits that are shown.
    pub mode: u32,
    /// Time that is shown.
    pub mtime: Timestamp,
    /// Whether there is more than one thing here.
    pub conflict: bool,
    /// All current versions, the shown one first: author, number of the commit, mode, content.
    pub versions: Vec<(LogKey, u64, u32, Option<Bytes>)>,
}

/// Content of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// It is here.
    Here(Vec<u8>),
    /// It is not here.
    Elsewhere,
}

/// The secret of the drive that all nodes of a world have.
pub fn drive_secret() -> Seed {
    Seed::new([0xd7; 32])
}

/// The name of the drive that all nodes of a world have.
pub fn drive_id() -> DriveId {
    DriveId(Signer::new(&drive_secret()).key().0)
}

/// Signed records by which the drive's key lets these writers in.
pub fn admissions(writers: &[LogKey]) -> Vec<Vec<u8>> {
    let signer = Signer::new(&drive_secret());
    let issuer = Issuer::new(&signer, drive_id(), &[]);
    let records = writers.iter().map(|&writer| issuer.admit(writer, Role::Writer).unwrap());
    records.map(|record| record.as_bytes().to_vec()).collect()
}

impl Node {
    /// A node that was just installed. `seed` makes its secret, `place` tells it from others.
    pub fn new(seed: u64, place: usize) -> Self {
        let mut secret = [0x33; 32];
        secret[..8].copy_from_slice(&seed.to_le_bytes());
        secret[8] = u8::try_from(place).unwrap();
        let settings = Settings {
            id: drive_id(),
            name: format!("node {place}"),
            access: Access::Keys(vec![ReadKey::new([77; 32])]),
            drive_secret: None,
            install_nonce: secret,
            cutting: Cutting::DEFAULT,
            invitation: None,
            addresses: Vec::new(),
            paused: false,
        };
        let machine = Arc::new(Machine::new(seed.wrapping_mul(31).wrapping_add(place as u64)));
        let engine = Arc::new(MemoryEngine::new());
        Self { engine, machine, settings, secret: Seed::new(secret) }
    }

    /// The drive as it is after the node starts.
    pub fn start(&self) -> Arc<Replica<MemoryEngine>> {
        let (engine, settings) = (Arc::clone(&self.engine), self.settings.clone());
        Replica::open(engine, settings, &self.secret, self.machine.clone()).unwrap()
    }
}

/// A path from its text.
pub fn path(text: &str) -> Path {
    Path::parse(text.as_bytes()).unwrap()
}

fn text(path: &Path) -> String {
    String::from_utf8(path.as_bytes().to_vec()).unwrap()
}

/// Does what an action says. Whatever else goes wrong ends the test.
pub fn act(
    replica: &Arc<Replica<MemoryEngine>>,
    remote: Arc<dyn Remote>,
    writers: &[LogKey],
    action: &Action,
) -> Outcome {
    // What happens where not all is seen depends on what is held, of which the model knows nothing.
    let drive = Drive::new(Arc::clone(replica), remote).with_sight(Sight::Whole);
    match block_on(call(&drive, writers, action)) {
        Ok(outcome) => outcome,
        Err(DriveError::Offline { .. } | DriveError::Missing(_)) => Outcome::Offline,
        Err(
            error @ (DriveError::Absent { .. }
            | DriveError::Exists { .. }
            | DriveError::NotADirectory { .. }
            | DriveError::IsADirectory { .. }
            | DriveError::NotEmpty { .. }
            | DriveError::Invalid { .. }
            | DriveError::NoVersion { .. }
            | DriveError::NotInConflict { .. }),
        ) => Outcome::Refused(error.to_string()),
        Err(error) => panic!("{action:?}: {error}"),
    }
}

async fn call(
    drive: &Drive<MemoryEngine>,
    writers: &[LogKey],
    action: &Action,
) -> Result<Outcome, DriveError> {
    let options = |create, make_parents| WriteOptions { create, make_parents, attributes: None };
    match action {
        Action::Write(name, number) => drive.write(&path(name), &content(*number)).await?,
        Action::WriteNew(name, number) => {
            let bytes = content(*number);
            let options = options(Create::New, false);
            drive.write_with(&path(name), bytes.as_slice(), &options).await?;
        }
        Action::WriteDeep(name, number) => {
            let bytes = content(*number);
            let options = options(Create::OrReplace, true);
            drive.write_with(&path(name), bytes.as_slice(), &options).await?;
        }
        Action::Remove(name) => drive.remove_file(&path(name)).await?,
        Action::RemoveDir(name) => drive.remove_dir(&path(name)).await?,
        Action::RemoveAll(name) => drive.remove_dir_all(&path(name)).await?,
        Action::Rename(from, to) => drive.rename(&path(from), &path(to)).await?,
        Action::MakeDir(name) => {
            let attributes = ply_drive::Attributes { mode: 0o755, ..Default::default() };
            drive.create_dir(&path(name), &attributes, false).await?;
        }
        Action::Chmod(name, mode) => drive.set_attributes(&path(name), |a| a.mode = *mode).await?,
        Action::Touch(name, seconds) => {
            let mtime = Timestamp { seconds: *seconds, nanos: 0 };
            drive.set_attributes(&path(name), |a| a.mtime = mtime).await?;
        }
        Action::KeepWriter(name, writer) => {
            drive.resolve(&path(name), Keep::Writer(writers[*writer])).await?;
        }
        Action::KeepAll(name) => {
            let names = drive.resolve(&path(name), Keep::All).await?;
            return Ok(Outcome::Done(names.iter().map(text).collect()));
        }
        Action::Commit => {
            let committed = drive.commit("", "simulation").await?;
            return Ok(Outcome::Committed(committed.map(|committed| committed.mark.number)));
        }
        Action::Discard => drop(drive.discard()?),
    }
    Ok(Outcome::Done(Vec::new()))
}

/// The paths that a node lists as in conflict, as it can by itself.
pub fn conflicts(replica: &Arc<Replica<MemoryEngine>>) -> Vec<String> {
    let conflicts = block_on(Drive::alone(Arc::clone(replica)).conflicts(&Path::root())).unwrap();
    conflicts.iter().map(|conflict| text(&conflict.path)).collect()
}

/// Everything a node shows, by path; `None` when part of some tree is not here.
pub fn tree(replica: &Arc<Replica<MemoryEngine>>) -> Option<Vec<Shown>> {
    if !replica.unfetched().is_empty() {
        return None;
    }
    let view = replica.view();
    let mut walk = Walk::new(&view, Path::root());
    let mut all = Vec::new();
    while let Some(named) = walk.next().unwrap() {
        all.push(shown(&view, &named.path, &named.state));
    }
    walk.missing.is_empty().then_some(all)
}

fn shown(view: &ply_drive::View<MemoryEngine>, at: &Path, state: &PathState) -> Shown {
    let attributes = state.attributes();
    let versions = state.versions.all().iter().map(|version| {
        let entry = &version.entry;
        let bytes = match entry.kind() {
            Some(Kind::File) => Some(match view.open(at, version).unwrap().read_all() {
                Ok(bytes) => Bytes::Here(bytes),
                Err(DriveError::Missing(_)) => Bytes::Elsewhere,
                Err(error) => panic!("{at}: {error}"),
            }),
            _ => None,
        };
        (version.writer, entry.stamp.commit, entry.attributes.mode, bytes)
    });
    Shown {
        path: text(at),
        directory: (state.kind() == Some(Kind::Directory), state.implied),
        mode: attributes.mode,
        mtime: attributes.mtime,
        conflict: state.is_conflict(),
        versions: versions.collect(),
    }
}
