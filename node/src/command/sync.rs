//! `ply sync`: fetches now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ply_drive::{DriveError, Replica};
use ply_store::Store;
use ply_types::LogKey;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::duration::duration;
use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::network::{SyncRequest, SyncSummary};
use crate::progress::Unit;
use crate::target::Target;

/// Time between two reports of how far it is.
const REPORT_PAUSE: Duration = Duration::from_millis(200);

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// The drive, or a path in it
    #[arg(value_name = "DRIVE[:/path]", value_parser = Target::parser())]
    target: Target,

    /// How long to wait for others: 500ms, 60s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    timeout: Duration,

    /// All content too, not only what is known of it
    #[arg(long)]
    full: bool,
}

impl Sync {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let path = self.target.now()?.path_or_root();
        let deadline = Instant::now() + self.timeout;
        let mut request = SyncRequest { path, full: self.full, timeout: self.timeout };
        let summary = loop {
            let replica = context.node.replica(&self.target.drive)?;
            if replica.settings().paused {
                return Err(CommandError::Paused { drive: replica.name() });
            }
            if let Some(summary) = follow(context, &replica, &request).await? {
                break summary;
            }
            request.timeout = deadline.saturating_duration_since(Instant::now());
        };
        context.node.replica(&self.target.drive)?.is_not_private()?;
        if !request.path.is_root() {
            context.drive(&self.target.drive)?.metadata(&request.path).await?;
        }
        if context.style == Style::Json {
            let unfetched: Vec<String> =
                summary.unfetched.iter().map(ToString::to_string).collect();
            let object = json!({
                "peers": summary.peers,
                "blocks": summary.blocks,
                "bytes": summary.bytes,
                "unfetched": unfetched,
            });
            return context.object(&object).await;
        }
        let (blocks, bytes, peers) = (summary.blocks, summary.bytes, summary.peers);
        let text = format!("{blocks} blocks, {bytes} bytes from {peers} peers");
        context.note(&text).await?;
        context.unfetched(&summary.unfetched).await
    }
}

/// Fetches, and reports how far it is. `None` when the drive has to be opened anew first, for it turned
/// out meanwhile that this node cannot go on under its writer key.
async fn follow(
    context: &mut Context,
    replica: &Arc<Replica<Store>>,
    request: &SyncRequest,
) -> Result<Option<SyncSummary>, CommandError> {
    let network = Arc::clone(context.node.running()?);
    let fetching = network.sync(replica, request);
    tokio::pin!(fetching);
    loop {
        tokio::select! {
            fetched = &mut fetching => return Ok(Some(fetched?)),
            () = sleep(REPORT_PAUSE) => {
                if replica.is_used_up() {
                    return Ok(None);
                }
                if request.full {
                    let (held, known) = blocks(replica)?;
                    context.progress.count(Unit::Blocks, held, known, || replica.name());
                }
            }
        }
    }
}

/// Blocks that are held here of all that are known, in all logs of a drive.
fn blocks(replica: &Arc<Replica<Store>>) -> Result<(u64, u64), DriveError> {
    let mut lengths: BTreeMap<LogKey, u64> = BTreeMap::new();
    for log in replica.published_logs() {
        lengths.insert(log, replica.known_length(&log)?);
    }
    for layer in replica.layers()?.0 {
        let length = lengths.entry(layer.log).or_default();
        *length = layer.length.max(*length);
    }
    let (mut held, mut known) = (0, 0);
    for (log, length) in lengths {
        held += replica.logs().have(&log)?.count().min(length);
        known += length;
    }
    Ok((held, known))
}
