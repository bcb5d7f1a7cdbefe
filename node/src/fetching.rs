//! Local operations that may miss something: bring it, and try again.

use ply_drive::{Alone, Drive, Remote, Want};
use ply_store::Store;
use ply_types::Path;
use std::sync::Arc;

use crate::error::CommandError;
use crate::node::Node;

/// Fetches for one operation, each of which brought something new, before it is given up.
const FETCHES_MAX: usize = 64;

/// Runs an operation. When it misses something, fetches what is wanted, then block by block.
pub(crate) async fn complete<T>(
    node: &Node,
    drive: &Drive<Store>,
    path: &Path,
    want: Want,
    mut operation: impl FnMut() -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let remote = match node.network() {
        Some(network) => network.remote(drive.replica()),
        None => Arc::new(Alone) as Arc<dyn Remote>,
    };
    let mut whole = Some(want);
    let mut asked = None;
    for _ in 0..FETCHES_MAX {
        let missing = match operation() {
            Err(error) => match error.missing() {
                Some(missing) => missing,
                None => return Err(error),
            },
            done => return done,
        };
        let want = match whole.take() {
            Some(want) => want,
            None if asked == Some(missing) => break,
            None => {
                asked = Some(missing);
                Want::Blocks { log: missing.log, blocks: missing.block..missing.block + 1 }
            }
        };
        if remote.fetch(want).await.is_err() {
            break;
        }
    }
    Err(ply_drive::DriveError::Offline { path: path.clone(), writers: Vec::new() }.into())
}
