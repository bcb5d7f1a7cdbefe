//! All that can be seen of a folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    mode: u32,
    owner: (u32, u32),
    mtime: (i64, i64),
    device: u64,
    content: Vec<u8>,
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Of names of one file the first.
    first_name: Vec<u8>,
}

/// Everything in a folder by path below it, the folder itself under the empty path.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<Vec<u8>, Seen> {
    let mut seen = BTreeMap::new();
    let mut names = BTreeMap::new();
    look(folder, b"", &mut names, &mut seen);
    seen
}

fn look(
    folder: &Path,
    relative: &[u8],
    names: &mut BTreeMap<u64, Vec<u8>>,
    seen: &mut BTreeMap<Vec<u8>, Seen>,
) {
    let path = folder.join(OsStr::from_bytes(relative));
    let meta = fs::symlink_metadata(&path).unwrap();
    let content = if meta.is_file() {
        fs::read(&path).unwrap()
    } else if meta.is_symlink() {
        fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()
    } else {
        Vec::new()
    };
    let first_name = names.entry(meta.ino()).or_insert_with(|| relative.to_vec()).clone();
    let device = if meta.is_file() || meta.is_dir() { 0 } else { meta.rdev() };
    let this = Seen {
        mode: meta.mode(),
        owner: (meta.uid(), meta.gid()),
        mtime: (meta.mtime(), meta.mtime_nsec()),
        device,
        content,
        xattrs: xattrs(&path),
        first_name,
    };
    seen.insert(relative.to_vec(), this);
    if meta.is_dir() {
        let mut entries: Vec<Vec<u8>> = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().as_bytes().to_vec())
            .collect();
        entries.sort();
        for name in entries {
            let below = if relative.is_empty() { name } else { [relative, b"/", &name].concat() };
            look(folder, &below, names, seen);
        }
    }
}

fn xattrs(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut list = vec![0; 65536];
    let bytes = rustix::fs::llistxattr(path, list.as_mut_slice()).unwrap_or(0);
    let names = list[..bytes].split(|&byte| byte == 0).filter(|name| !name.is_empty());
    let value = |name: &[u8]| {
        let mut value = vec![0; 65536];
        let bytes = rustix::fs::lgetxattr(path, name, value.as_mut_slice()).unwrap();
        value[..bytes].to_vec()
    };
    names.map(|name| (name.to_vec(), value(name))).collect()
}
