//! Running what misses something again, once that was brought.

use ply_engine::Engine;
use ply_types::Path;

use super::Drive;
use super::mend::Mended;
use crate::error::{DriveError, Incomplete, Missing};
use crate::remote::Want;

/// Fetches for one call, each of which brought something new, before it gives up. Far more than the
/// levels of any index: a file's list may have to be brought node by node, each of which stands for
/// about 8 MiB.
const FETCHES_MAX: usize = 1 << 16;

impl<E: Engine> Drive<E> {
    /// As [`Drive::complete`] without a first question: for views of the past, and for the list of a
    /// file whose content is not wanted.
    pub async fn complete_blocks<T, F: Incomplete>(
        &self,
        path: &Path,
        operation: impl FnMut() -> Result<T, F>,
    ) -> Result<T, F> {
        self.bring(path, None, operation).await
    }

    pub(super) async fn bring<T, F: Incomplete>(
        &self,
        path: &Path,
        mut whole: Option<Want>,
        mut operation: impl FnMut() -> Result<T, F>,
    ) -> Result<T, F> {
        let (mut asked, mut mended): (Option<Missing>, _) = (None, Mended::new());
        for _ in 0..FETCHES_MAX {
            let missing = match operation() {
                Ok(done) => return Ok(done),
                Err(error) => match error.into_drive_error()? {
                    DriveError::Missing(missing) => missing,
                    error => {
                        self.mend(path, error, &mut mended).await?;
                        continue;
                    }
                },
            };
            // The whole answer first; then the very block, from whoever has it.
            let want = match whole.take() {
                Some(want) => want,
                // Brought and not there: nobody has it.
                None if asked == Some(missing) => break,
                None => {
                    asked = Some(missing);
                    Want::Blocks { log: missing.log, blocks: missing.block..missing.block + 1 }
                }
            };
            if self.fetch(want).await.is_err() {
                break;
            }
        }
        Err(DriveError::Offline { path: path.clone(), writers: Vec::new() }.into())
    }
}
