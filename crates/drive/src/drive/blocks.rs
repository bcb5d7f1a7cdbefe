//! Bringing single blocks: for what no question about a path can ask for.

use ply_engine::Engine;
use ply_types::Path;

use super::mend::Mended;
use super::{Drive, FETCHES_MAX};
use crate::error::{DriveError, Missing};
use crate::remote::Want;

impl<E: Engine> Drive<E> {
    /// Runs a local operation, brings the block that it misses, and runs it again.
    ///
    /// As [`Drive::complete`] without a first question: for views of the past, and for the list of a
    /// file whose content is not wanted.
    pub(crate) async fn complete_blocks<T>(
        &self,
        path: &Path,
        mut operation: impl FnMut() -> Result<T, DriveError>,
    ) -> Result<T, DriveError> {
        let (mut asked, mut mended): (Option<Missing>, _) = (None, Mended::new());
        for _ in 0..FETCHES_MAX {
            let missing = match operation() {
                Ok(result) => return Ok(result),
                Err(DriveError::Missing(missing)) => missing,
                Err(error) => {
                    self.mend(path, error, &mut mended).await?;
                    continue;
                }
            };
            let want = Want::Blocks { log: missing.log, blocks: missing.block..missing.block + 1 };
            // Brought and not there: nobody has it.
            if asked == Some(missing) || self.fetch(want).await.is_err() {
                break;
            }
            asked = Some(missing);
        }
        Err(DriveError::Offline { path: path.clone(), writers: Vec::new() })
    }
}
