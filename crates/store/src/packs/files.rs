//! The names of packs, and the few that are open for reading.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ply_engine::EngineError;

use crate::trouble;

/// Packs open at once. At 256 MiB each this spans 32 GiB; many systems allow a process 1024 files.
const OPEN_FILES_MAX: usize = 128;

/// One pack, open.
#[derive(Debug)]
pub(crate) struct Pack {
    /// The file.
    pub(crate) file: File,
    /// Its path, for errors.
    pub(crate) path: PathBuf,
}

/// The packs of one folder.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// By number, and when each was used last.
    packs: BTreeMap<u32, (Arc<Pack>, u64)>,
    /// Counts uses.
    now: u64,
}

impl Files {
    /// The packs in `folder`; opens none.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::default() }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A pack, for reading; `None` if there is no such pack.
    pub(crate) fn pack(&self, pack: u32) -> Result<Option<Arc<Pack>>, EngineError> {
        if let Some(open) = self.lock().pack(pack) {
            return Ok(Some(open));
        }
        // Opened without the lock: readers of other packs do not wait for the disk.
        let path = path(&self.folder, pack);
        match File::open(&path) {
            Ok(file) => Ok(Some(self.lock().keep(pack, Arc::new(Pack { file, path })))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(trouble::io("opening", &path, error)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn pack(&mut self, pack: u32) -> Option<Arc<Pack>> {
        self.now += 1;
        let (open, used) = self.packs.get_mut(&pack)?;
        *used = self.now;
        Some(Arc::clone(open))
    }

    fn keep(&mut self, pack: u32, open: Arc<Pack>) -> Arc<Pack> {
        if OPEN_FILES_MAX <= self.packs.len() {
            let idle = self.packs.iter().min_by_key(|(_, (_, used))| *used).map(|(&pack, _)| pack);
            idle.and_then(|pack| self.packs.remove(&pack));
        }
        self.packs.insert(pack, (Arc::clone(&open), self.now));
        open
    }
}

/// The path of a pack in `folder`.
pub(crate) fn path(folder: &Path, pack: u32) -> PathBuf {
    folder.join(format!("{pack:08}.pack"))
}

/// The packs in `folder` with their lengths in bytes, oldest first. Other files are not looked at.
pub(crate) fn list(folder: &Path) -> Result<Vec<(u32, u64)>, EngineError> {
    let listing = |error| trouble::io("listing", folder, error);
    let mut packs = Vec::new();
    for entry in fs::read_dir(folder).map_err(listing)? {
        let entry = entry.map_err(listing)?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".pack")?.parse().ok());
        if let Some(pack) = number.filter(|&pack| path(folder, pack) == entry.path()) {
            packs.push((pack, entry.metadata().map_err(listing)?.len()));
        }
    }
    packs.sort_unstable();
    Ok(packs)
}
