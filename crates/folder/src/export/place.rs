//! Giving something its name, also where something else has it.

use std::io;
use std::os::fd::BorrowedFd;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, renameat, unlinkat};
use rustix::io::Errno;

use super::Existing;

/// Makes names that nothing has yet.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Names tried before giving up: earlier exports that were cut off may have left some.
const ATTEMPTS: usize = 1000;

/// Something that was made and is not finished. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Placed<'dest> {
    directory: BorrowedFd<'dest>,
    /// The name that it is to have.
    name: &'dest [u8],
    /// The name that it has for now, where the other one is taken.
    aside: Option<Vec<u8>>,
    is_finished: bool,
}

impl<'dest> Placed<'dest> {
    /// Makes something with `make`, which gets a name and fails if that is taken.
    pub(super) fn make<T>(
        directory: BorrowedFd<'dest>,
        name: &'dest [u8],
        existing: Existing,
        mut make: impl FnMut(&[u8]) -> rustix::io::Result<T>,
    ) -> io::Result<(Self, T)> {
        let placed = |aside| Self { directory, name, aside, is_finished: false };
        match make(name) {
            Ok(made) => return Ok((placed(None), made)),
            Err(Errno::EXIST) if existing == Existing::Replace => {}
            Err(error) => return Err(error.into()),
        }
        for _ in 0..ATTEMPTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let aside = format!(".ply-{}-{number}", process::id()).into_bytes();
            match make(&aside) {
                Ok(made) => return Ok((placed(Some(aside)), made)),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::EXIST.into())
    }

    /// The name that it has for now.
    pub(super) fn name(&self) -> &[u8] {
        self.aside.as_deref().unwrap_or(self.name)
    }

    /// It is whole: from now on it has its name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(aside) = &self.aside {
            renameat(self.directory, aside.as_slice(), self.directory, self.name)?;
            // Moving one name of a file over another one of it leaves both.
            let _ = unlinkat(self.directory, aside.as_slice(), AtFlags::empty());
        }
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // What stands in the way of removing it stood in the way of making it, and was told.
            let _ = unlinkat(self.directory, self.name(), AtFlags::empty());
        }
    }
}
