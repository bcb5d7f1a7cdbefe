//! Extended attributes: all that the file system lists, whoever they are for.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use ply_drive::Xattr;
use rustix::fs::{self, XattrFlags};
use rustix::io::Errno;

/// Longest list of names, and longest value, that Linux gives (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const XATTR_BYTES_MAX: usize = 64 << 10;

/// What has the attributes.
#[derive(Debug)]
pub(crate) enum Subject<'fd> {
    /// A file or directory that is open.
    Open(BorrowedFd<'fd>),
    /// What cannot be opened: a symlink, a pipe, a socket, a device. By its name below the open
    /// directory's entry in `/proc`, so that no other name is looked up.
    Named(CString),
}

impl<'fd> Subject<'fd> {
    pub(crate) fn open(fd: &'fd impl AsFd) -> Self {
        Self::Open(fd.as_fd())
    }

    /// What `name` is in an open directory, links not followed.
    pub(crate) fn named(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<Self> {
        let start = format!("/proc/self/fd/{}/", directory.as_raw_fd());
        let path = CString::new([start.as_bytes(), name].concat())?;
        Ok(Self::Named(path))
    }

    fn list(&self, list: &mut [u8]) -> rustix::io::Result<usize> {
        match self {
            Self::Open(fd) => fs::flistxattr(fd, list),
            Self::Named(path) => fs::llistxattr(path, list),
        }
    }

    fn value(&self, name: &[u8], value: &mut [u8]) -> rustix::io::Result<usize> {
        match self {
            Self::Open(fd) => fs::fgetxattr(fd, name, value),
            Self::Named(path) => fs::lgetxattr(path, name, value),
        }
    }

    /// Sets one attribute.
    pub(crate) fn set(&self, name: &[u8], value: &[u8]) -> io::Result<()> {
        let name = OsStr::from_bytes(name);
        match self {
            Self::Open(fd) => fs::fsetxattr(fd, name, value, XattrFlags::empty()),
            Self::Named(path) => fs::lsetxattr(path, name, value, XattrFlags::empty()),
        }?;
        Ok(())
    }
}

/// Reads attributes. Keeps its buffers: one for each thread.
#[derive(Debug)]
pub(crate) struct Xattrs {
    list: Vec<u8>,
    value: Vec<u8>,
}

impl Xattrs {
    pub(crate) fn new() -> Self {
        Self { list: vec![0; XATTR_BYTES_MAX], value: vec![0; XATTR_BYTES_MAX] }
    }

    /// All attributes by name, ascending. None where the file system has no such thing.
    pub(crate) fn read(&mut self, subject: &Subject<'_>) -> io::Result<Vec<Xattr>> {
        let bytes = match subject.list(&mut self.list) {
            Ok(bytes) => bytes,
            // Without `/proc` they cannot be had of what cannot be opened, which rarely has any.
            Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
            Err(Errno::NOENT) if matches!(subject, Subject::Named(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let names = self.list.get(..bytes).unwrap_or_default();
        let mut xattrs = Vec::new();
        for name in names.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
            match subject.value(name, &mut self.value) {
                Ok(bytes) => {
                    let value = self.value.get(..bytes).unwrap_or_default();
                    xattrs.push((name.to_vec(), value.to_vec()));
                }
                // Removed meanwhile, or listed by a file system that then does not know it.
                Err(Errno::NODATA | Errno::NOTSUP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        xattrs.sort();
        Ok(xattrs)
    }
}
