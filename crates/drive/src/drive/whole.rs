//! Small conveniences, and the end.

use ply_engine::Engine;
use ply_types::Path;

use super::Drive;
use crate::error::DriveError;
use crate::replica::Watch;

impl<E: Engine> Drive<E> {
    /// Whether anything has a path. An error only where that cannot be told.
    pub async fn exists(&self, path: &Path) -> Result<bool, DriveError> {
        match self.metadata(path).await {
            Ok(_) => Ok(true),
            Err(DriveError::Absent { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The whole content of a file that is text.
    pub async fn read_to_string(&self, path: &Path) -> Result<String, DriveError> {
        String::from_utf8(self.read(path).await?)
            .map_err(|_| DriveError::Invalid { path: path.clone(), what: "not UTF-8 text" })
    }

    /// What happens to the drive from now on, on this node and by what comes in.
    pub fn watch(&self) -> Watch {
        self.replica.watch()
    }

    /// Waits for whoever writes, and ends all watching. What is in the draft is durable already.
    pub fn close(&self) {
        let writing = self.replica.writing.lock();
        drop(writing);
        self.replica.end_watching();
    }
}
