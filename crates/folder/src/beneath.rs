//! A folder of this machine and what is below it, reached without following a symbolic link.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat, openat2};
use rustix::io::Errno;

/// The kernel gives up on a path while directories above it are being moved. Asked so often at
/// most.
const ATTEMPTS: usize = 16;

/// An open folder. Paths below it are names joined by `/`, without a leading one; the folder itself
/// is the empty path.
#[derive(Debug)]
pub(crate) struct Beneath {
    root: OwnedFd,
}

impl Beneath {
    /// Opens a folder by any path; links in that path are followed, for it is the user's own.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: open(path, flags, Mode::empty())? })
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Opens what is at a path. `ELOOP` or `ENOTDIR` where the way leads through a link.
    pub(crate) fn at(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { b".".as_slice() } else { path };
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        for _ in 0..ATTEMPTS {
            match openat2(&self.root, path, flags, Mode::empty(), resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                // Kernels before 5.6, and sandboxes that do not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return self.step_by_step(path, flags),
                result => return Ok(result?),
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// Opens a directory.
    pub(crate) fn directory(&self, path: &[u8]) -> io::Result<OwnedFd> {
        self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// The same with one call for each name.
    fn step_by_step(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let way = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut names = path.split(|&byte| byte == b'/').peekable();
        let mut at = openat(&self.root, c".", way, Mode::empty())?;
        while let Some(name) = names.next() {
            let flags = if names.peek().is_some() { way } else { flags };
            at = openat(&at, name, flags, Mode::empty())?;
        }
        Ok(at)
    }
}

/// Splits a path into directory and name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => {
            let (directory, name) = path.split_at(slash);
            (directory, name.get(1..).unwrap_or_default())
        }
        None => (&[], path),
    }
}

/// The directory that was opened last: files come one directory after another.
#[derive(Debug, Default)]
pub(crate) struct LastDirectory(Option<(Vec<u8>, OwnedFd)>);

impl LastDirectory {
    /// The directory at a path.
    pub(crate) fn open(&mut self, folder: &Beneath, path: &[u8]) -> io::Result<BorrowedFd<'_>> {
        if self.0.as_ref().is_none_or(|(last, _)| last != path) {
            self.0 = None;
            let directory = folder.at(path, OFlags::PATH | OFlags::DIRECTORY)?;
            self.0 = Some((path.to_vec(), directory));
        }
        let (_, directory) = self.0.as_ref().ok_or(Errno::NOENT)?;
        Ok(directory.as_fd())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn both_ways_of_opening_refuse_links_and_take_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/file"), "x").unwrap();
        symlink("a", folder.path().join("link")).unwrap();
        symlink("/etc/passwd", folder.path().join("a/b/out")).unwrap();
        let beneath = Beneath::open(folder.path()).unwrap();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for (path, opens) in [
            (b"a/b/file".as_slice(), true),
            (b".", true),
            (b"a/b", true),
            (b"link/b/file", false),
            (b"a/b/out", false),
            (b"a/b/none", false),
        ] {
            assert_eq!(beneath.at(path, flags).is_ok(), opens);
            assert_eq!(beneath.step_by_step(path, flags).is_ok(), opens);
        }
    }
}
