//! `ply verify --repair`: brings what is damaged here from whoever has it.

use std::sync::Arc;

use ply_drive::{Missing, Replica, Want};
use ply_store::Store;
use serde_json::json;

use crate::context::Context;
use crate::error::CommandError;

/// Fetches damaged blocks, and says how many are well again.
///
/// A block that was found damaged counts as not held, so what comes is proven like anything from a peer,
/// stored elsewhere, and read from there.
pub(super) async fn repair(
    context: &mut Context,
    replica: &Arc<Replica<Store>>,
    damaged: &[Missing],
) -> Result<u64, CommandError> {
    let remote = context.node.running()?.remote(replica);
    let mut repaired = 0;
    for (done, &Missing { log, block }) in damaged.iter().enumerate() {
        context.progress.report(done as u64, damaged.len() as u64, || replica.name());
        let fetched = remote.fetch(Want::Blocks { log, blocks: block..block + 1 }).await;
        let drive = replica.name();
        let what = match (fetched, replica.logs().block(&log, block)) {
            (_, Ok(Some(_))) => {
                repaired += 1;
                "repaired".to_owned()
            }
            (Err(error), _) => error.to_string(),
            (Ok(()), _) => "no peer has it".to_owned(),
        };
        let object =
            json!({ "drive": drive, "log": log.to_string(), "block": block, "repair": what });
        context.show(&object, || format!("{drive}: block {block} of log {log}: {what}")).await?;
        if context.stop.is_cancelled() {
            return Err(CommandError::Stopped);
        }
    }
    Ok(repaired)
}
