//! Blocks whose bytes are damaged on this disk: brought again from whoever has them.

use std::collections::BTreeSet;

use ply_engine::Engine;
use ply_log::LogsError;
use ply_types::{Fault, Path};

use super::Drive;
use crate::error::{DriveError, Missing};
use crate::remote::Want;

/// Blocks that one operation has brought anew. A block that is damaged again is not asked for again.
pub(super) type Mended = BTreeSet<Missing>;

impl<E: Engine> Drive<E> {
    /// Runs a look at what is here, and brings the blocks anew that it finds damaged.
    pub(super) async fn sound<T>(
        &self,
        path: &Path,
        look: impl Fn() -> Result<T, DriveError>,
    ) -> Result<T, DriveError> {
        let mut mended = Mended::new();
        loop {
            match look() {
                Ok(seen) => return Ok(seen),
                Err(error) => self.mend(path, error, &mut mended).await?,
            }
        }
    }

    /// Brings a block anew that an operation found damaged. What comes is proven like anything from a
    /// peer, and then read in place of the damaged bytes.
    ///
    /// Gives back any other error, and that of a block that nobody has or that is damaged again.
    pub(super) async fn mend(
        &self,
        path: &Path,
        error: DriveError,
        mended: &mut Mended,
    ) -> Result<(), DriveError> {
        let DriveError::Log(LogsError::Damaged { log, block, .. }) = &error else {
            return Err(error);
        };
        let (log, block) = (*log, *block);
        if error.fault() != Fault::Corrupt {
            return Err(error);
        }
        let damaged = Missing { log, block };
        let want = Want::Blocks { log, blocks: block..block.saturating_add(1) };
        if !mended.insert(damaged) || self.fetch(want).await.is_err() {
            let what = format!("needed for '{path}', damaged here, and nobody in reach has it");
            return Err(self.replica.damaged(log, block, &what));
        }
        Ok(())
    }
}
