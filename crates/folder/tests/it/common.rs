//! A drive in memory, and folders to put into it.

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path as OsPath;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ply_drive::{Access, Cutting, Host, Kind, Replica, Settings, Transaction};
use ply_engine::{Engine, MemoryEngine};
use ply_folder::{Export, ExportSummary, Import, ImportSummary, Progress};
use ply_log::Signer;
use ply_types::{DriveId, Path, ReadKey, Seed, Timestamp};

struct Machine;

impl Host for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn random(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// Hears reports and wants nothing.
pub(crate) fn unheard(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A drive with nothing in it, and its engine.
pub(crate) struct Drive {
    pub(crate) engine: Arc<MemoryEngine>,
    pub(crate) replica: Arc<Replica<MemoryEngine>>,
}

pub(crate) fn drive() -> Drive {
    let engine = Arc::new(MemoryEngine::new());
    let secret = Seed::new([1; 32]);
    let settings = Settings {
        id: DriveId(Signer::new(&secret).key().0),
        name: "test".to_owned(),
        access: Access::Keys(vec![ReadKey::new([2; 32])]),
        drive_secret: Some(secret),
        install_nonce: [3; 32],
        cutting: Cutting::DEFAULT,
        invitation: None,
        addresses: Vec::new(),
        paused: false,
    };
    let node = Seed::new([4; 32]);
    let replica = Replica::open(Arc::clone(&engine), settings, &node, Arc::new(Machine)).unwrap();
    Drive { engine, replica }
}

pub(crate) fn path(text: &str) -> Path {
    Path::parse(text.as_bytes()).unwrap()
}

impl Drive {
    /// Imports a folder as the root, and checks that progress ends at its totals.
    pub(crate) fn import(&self, folder: &OsPath) -> ImportSummary {
        let last = Cell::new(Progress::default());
        let import = Import::new(folder, Path::root());
        let summary = import
            .run(&self.replica, &|progress| {
                last.set(progress);
                ControlFlow::Continue(())
            })
            .unwrap();
        let last = last.get();
        assert_eq!(last.files_done, last.files_total);
        assert_eq!(last.bytes_done, last.bytes_total);
        summary
    }

    pub(crate) fn commit(&self) {
        let transaction = Transaction::begin(&self.replica).unwrap();
        transaction.commit("", "test").unwrap();
    }

    /// Exports the root, and checks that progress ends at its totals.
    pub(crate) fn export(&self, dest: &OsPath) -> ExportSummary {
        let last = Cell::new(Progress::default());
        let export = Export::new(Path::root(), dest);
        let summary = export
            .run(&self.replica.view(), &|progress| {
                last.set(progress);
                ControlFlow::Continue(())
            })
            .unwrap();
        let last = last.get();
        assert_eq!(last.files_done, last.files_total);
        assert_eq!(last.bytes_done, last.bytes_total);
        summary
    }

    /// Paths of the draft, in order.
    pub(crate) fn draft(&self) -> Vec<String> {
        let mut paths: Vec<String> =
            self.replica.draft_paths().unwrap().iter().map(Path::to_string).collect();
        paths.sort();
        paths
    }

    pub(crate) fn frame_bytes(&self) -> u64 {
        self.engine.frame_bytes().unwrap()
    }

    pub(crate) fn kind(&self, text: &str) -> Option<Kind> {
        self.replica.view().path(&path(text)).unwrap().kind()
    }

    pub(crate) fn read(&self, text: &str) -> Vec<u8> {
        let view = self.replica.view();
        let state = view.path(&path(text)).unwrap();
        view.open(&path(text), state.shown().unwrap()).unwrap().read_all().unwrap()
    }
}

/// Makes files and their directories, all as old as [`age`] makes them.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    folder
}

/// Waits until nothing in a folder is so new that an import would not trust its times.
pub(crate) fn settle(folder: &OsPath) {
    let changed = fs::metadata(folder).unwrap();
    assert!(changed.ctime() > 0);
    std::thread::sleep(Duration::from_millis(3100));
}

/// Gives a file a time long ago, with nanoseconds.
pub(crate) fn age(path: &OsPath) {
    let file = fs::File::options().read(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::new(1_000_000_007, 123_456_789)).unwrap();
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
