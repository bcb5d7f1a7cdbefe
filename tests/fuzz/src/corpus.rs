//! The committed inputs of each target.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files that once broke something begin so.
pub(crate) const FOUND: &str = "found";

/// Longest input of a corpus.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// An input and its name.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// The folder of a target.
///
/// Looked for from the package that is tested, as it lies now: what is built may be kept and used by
/// another checkout, where the place at the time of building is no longer there.
pub(crate) fn folder(target: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let mut near = package.ancestors().map(|above| above.join("tests/fuzz/corpus"));
    near.find(|corpus| corpus.is_dir()).unwrap_or(built).join(target)
}

/// All inputs of a target, by name.
pub(crate) fn read(target: &str) -> io::Result<Vec<Kept>> {
    let folder = folder(target);
    let mut all = Vec::new();
    if !folder.exists() {
        return Ok(all);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if FILE_BYTES_MAX < entry.metadata()?.len() {
            return Err(io::Error::other(format!("{} is too long", entry.path().display())));
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        all.push(Kept { name, bytes: fs::read(entry.path())? });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Adds an input.
pub(crate) fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let folder = folder(target);
    fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    fs::write(&path, bytes)?;
    Ok(path)
}
