//! How a file is opened.

use ply_engine::Engine;
use ply_types::Path;

use super::{File, opened};
use crate::drive::Drive;
use crate::entry::Attributes;
use crate::error::DriveError;

/// How a file is opened: what may be done with it, and what if it is there or is not.
///
/// ```
/// # use ply_drive::OpenOptions;
/// let for_a_log = OpenOptions::new().append(true).create(true);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the six switches of the standard library")]
pub struct OpenOptions {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
    pub(super) truncate: bool,
    pub(super) create: bool,
    pub(super) create_new: bool,
    pub(super) attributes: Option<Attributes>,
}

impl OpenOptions {
    /// Everything off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It may be read.
    #[must_use]
    pub fn read(mut self, read: bool) -> Self {
        self.read = read;
        self
    }

    /// It may be written anywhere.
    #[must_use]
    pub fn write(mut self, write: bool) -> Self {
        self.write = write;
        self
    }

    /// It may be written at its end.
    #[must_use]
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    /// It is emptied. Needs `write`.
    #[must_use]
    pub fn truncate(mut self, truncate: bool) -> Self {
        self.truncate = truncate;
        self
    }

    /// It is made if nothing is there. Needs `write` or `append`.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// It is made, and it is an error if anything is there. Needs `write` or `append`.
    #[must_use]
    pub fn create_new(mut self, create_new: bool) -> Self {
        self.create_new = create_new;
        self
    }

    /// What a file that is made gets; else mode 0644 and the time of the host.
    #[must_use]
    pub fn attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = Some(attributes);
        self
    }

    /// Opens a file of a drive. One that is made is in the draft when this returns.
    pub async fn open<E: Engine>(
        &self,
        drive: &Drive<E>,
        path: &Path,
    ) -> Result<File<E>, DriveError> {
        self.check(path)?;
        opened::open(drive, path, self).await
    }

    pub(super) fn writes(&self) -> bool {
        self.write || self.append
    }

    fn check(&self, path: &Path) -> Result<(), DriveError> {
        let invalid = |what| Err(DriveError::Invalid { path: path.clone(), what });
        if !self.read && !self.writes() {
            return invalid("opened for nothing: neither to read nor to write");
        }
        if (self.create || self.create_new) && !self.writes() {
            return invalid("a file is only made when it is opened to write");
        }
        if self.truncate && !self.write {
            return invalid("a file is only emptied when it is opened to write");
        }
        Ok(())
    }
}
