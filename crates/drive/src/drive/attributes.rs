//! Attributes one by one, as `chmod`, `chown`, `touch` and `setfattr` change them.

use ply_engine::Engine;
use ply_types::{Path, Timestamp};

use super::Drive;
use crate::error::DriveError;

/// Longest name of an extended attribute, as on Linux.
const XATTR_NAME_BYTES_MAX: usize = 255;
/// Longest value of one, as on Linux. All of them together fit the frame that an entry may take.
const XATTR_VALUE_BYTES_MAX: usize = 64 * 1024;

impl<E: Engine> Drive<E> {
    /// Sets the permission bits, `0` to `0o7777`.
    pub async fn set_permissions(&self, path: &Path, mode: u32) -> Result<(), DriveError> {
        if 0o7777 < mode {
            let what = "permission bits beyond 07777";
            return Err(DriveError::Invalid { path: path.clone(), what });
        }
        self.set_attributes(path, |attributes| attributes.mode = mode).await
    }

    /// Sets owner and group; `None` leaves one as it is.
    pub async fn set_owner(
        &self,
        path: &Path,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<(), DriveError> {
        self.set_attributes(path, |attributes| {
            attributes.uid = uid.unwrap_or(attributes.uid);
            attributes.gid = gid.unwrap_or(attributes.gid);
        })
        .await
    }

    /// Sets the time of the last change.
    pub async fn set_times(&self, path: &Path, mtime: Timestamp) -> Result<(), DriveError> {
        if 1_000_000_000 <= mtime.nanos {
            let what = "a second has fewer than 1,000,000,000 nanoseconds";
            return Err(DriveError::Invalid { path: path.clone(), what });
        }
        self.set_attributes(path, |attributes| attributes.mtime = mtime).await
    }

    /// An extended attribute; `None` when the path has none of that name.
    pub async fn xattr(&self, path: &Path, name: &[u8]) -> Result<Option<Vec<u8>>, DriveError> {
        let xattrs = self.metadata(path).await?.attributes.xattrs;
        Ok(xattrs.into_iter().find(|(other, _)| other == name).map(|(_, value)| value))
    }

    /// The names of all extended attributes, in order.
    pub async fn xattrs(&self, path: &Path) -> Result<Vec<Vec<u8>>, DriveError> {
        let xattrs = self.metadata(path).await?.attributes.xattrs;
        Ok(xattrs.into_iter().map(|(name, _)| name).collect())
    }

    /// Removes an extended attribute; an error if the path has none of that name.
    pub async fn remove_xattr(&self, path: &Path, name: &[u8]) -> Result<(), DriveError> {
        if self.xattr(path, name).await?.is_none() {
            let what = "no extended attribute of that name";
            return Err(DriveError::Invalid { path: path.clone(), what });
        }
        self.set_xattr(path, name, None).await
    }

    /// Checks a name and a value against what systems take.
    pub(super) fn check_xattr(
        path: &Path,
        name: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), DriveError> {
        let what = if name.is_empty() || XATTR_NAME_BYTES_MAX < name.len() || name.contains(&0) {
            "the name of an extended attribute is 1 to 255 bytes without NUL"
        } else if value.is_some_and(|value| XATTR_VALUE_BYTES_MAX < value.len()) {
            "the value of an extended attribute is at most 64 KiB"
        } else {
            return Ok(());
        };
        Err(DriveError::Invalid { path: path.clone(), what })
    }
}
