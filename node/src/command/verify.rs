//! `ply verify`: reads all that is held and reports what is damaged.
//!
//! Every block that is held is read and compared with its leaf; commits and index pages are opened.
//! In a running node, what is damaged counts as not held from then on, and so is fetched again.
//! Only when something is damaged the files are read too, to say which of them it touches.

mod repair;

use std::collections::BTreeSet;
use std::sync::Arc;

use ply_drive::{Drive, DriveError, Kind, Missing, Replica, View, Walk};
use ply_store::Store;
use ply_types::{Fault, LogKey};
use serde_json::json;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::output::{Spelled, escape};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The drive; all drives of this node when none is given
    drive: Option<String>,

    /// Bring damaged blocks anew from peers; needs a running node
    #[arg(long)]
    repair: bool,
}

/// What was read, and what of it is damaged.
#[derive(Debug, Default)]
struct Tally {
    blocks: u64,
    bytes: u64,
    damaged: u64,
    /// Of the damaged, blocks that were brought anew.
    repaired: u64,
}

impl Verify {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drives = match &self.drive {
            Some(drive) => vec![context.node.find(drive)?],
            None => context.node.drives()?,
        };
        if self.repair {
            // Before anything is read: without a node nobody can be asked.
            context.node.running()?;
        }
        let mut tally = Tally::default();
        for settings in drives {
            let drive = settings.name.clone();
            let replica = match context.node.open_settings(settings) {
                Ok(replica) => replica,
                Err(error) if error.fault() == Fault::Corrupt => {
                    tally.damaged += 1;
                    let what = error.text();
                    let object = json!({ "drive": drive, "what": what });
                    context.show(&object, || format!("{drive}: {what}")).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let before = tally.damaged;
            let damaged = blocks(context, &replica, &mut tally).await?;
            if self.repair {
                tally.repaired += repair::repair(context, &replica, &damaged).await?;
            }
            if replica.may_read().is_ok() {
                trees(context, &replica, &mut tally).await?;
                if before < tally.damaged {
                    files(context, &replica).await?;
                }
            }
        }
        let Tally { blocks, bytes, damaged, repaired } = tally;
        match context.style {
            Style::Json => {
                let object = json!({
                    "blocks": blocks,
                    "bytes": bytes,
                    "damaged": damaged,
                    "repaired": repaired,
                });
                context.object(&object).await?;
            }
            Style::Text => context.line(format!("{blocks} blocks, {bytes} bytes read")).await?,
        }
        match damaged.saturating_sub(repaired) {
            0 => Ok(()),
            count => Err(CommandError::Damaged { count }),
        }
    }
}

/// Reads every block that is held of every log of a drive. Gives those that are damaged.
async fn blocks(
    context: &mut Context,
    replica: &Arc<Replica<Store>>,
    tally: &mut Tally,
) -> Result<Vec<Missing>, CommandError> {
    let mut broken = Vec::new();
    let mut logs: BTreeSet<LogKey> = replica.published_logs().into_iter().collect();
    match replica.layers() {
        Ok((layers, _)) => logs.extend(layers.into_iter().map(|head| head.log)),
        Err(error) => damaged_tree(context, replica, error, tally).await?,
    }
    logs.extend(replica.draft_layer_heads()?.into_iter().map(|head| head.log));
    let (mut done, mut total) = (0, 0);
    let mut held = Vec::new();
    for log in logs {
        let mut have = replica.logs().have(&log).map_err(DriveError::from)?;
        // What was damaged when it was read last is looked at again, and named again.
        replica.logs().damaged(&log).runs().for_each(|run| have.insert_range(run));
        total += have.count();
        held.push((log, have));
    }
    for (log, have) in held {
        for block in have.runs().flatten() {
            let what = match replica.logs().block(&log, block) {
                Ok(Some(bytes)) => {
                    tally.bytes += bytes.len() as u64;
                    None
                }
                Ok(None) => Some("the block is missing though it should be here".to_owned()),
                Err(error) if error.fault() == Fault::Corrupt => Some(error.to_string()),
                Err(error) => return Err(DriveError::from(error).into()),
            };
            tally.blocks += 1;
            done += 1;
            context.progress.report(done, total, || replica.name());
            if let Some(what) = what {
                tally.damaged += 1;
                broken.push(Missing { log, block });
                report_block(context, replica, log, block, &what).await?;
            }
            if context.stop.is_cancelled() {
                return Err(CommandError::Stopped);
            }
        }
    }
    Ok(broken)
}

/// Opens every commit and every page of the trees that are shown.
async fn trees(
    context: &mut Context,
    replica: &Arc<Replica<Store>>,
    tally: &mut Tally,
) -> Result<(), CommandError> {
    if let Err(error) = Drive::alone(Arc::clone(replica)).log(usize::MAX) {
        damaged_tree(context, replica, error, tally).await?;
    }
    let view = replica.view();
    let mut walk = Walk::new(&view, ply_types::Path::root());
    loop {
        match walk.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => return damaged_tree(context, replica, error, tally).await,
        }
    }
}

/// Reads every version of every file, and names those that cannot be read.
async fn files(context: &mut Context, replica: &Arc<Replica<Store>>) -> Result<(), CommandError> {
    let view = replica.view();
    let mut walk = Walk::new(&view, ply_types::Path::root());
    // A walk that breaks off was reported before.
    while let Ok(Some(named)) = walk.next() {
        for version in named.state.versions.all() {
            if !matches!(version.entry.kind(), Some(Kind::File | Kind::Symlink)) {
                continue;
            }
            let Err(error) = read(&view, &named.path, version) else { continue };
            if error.fault() == Fault::Corrupt {
                let path = [b"/", named.path.as_bytes()].concat();
                let Spelled { text, bytes } = Spelled::new(&path);
                let (drive, writer) = (replica.name(), version.writer.to_string());
                let object = json!({
                    "drive": drive,
                    "path": text,
                    "path_bytes": bytes,
                    "writer": writer,
                    "what": error.to_string(),
                });
                let line = || format!("{drive}:{} of writer {writer}: {error}", escape(&path));
                context.show(&object, line).await?;
            }
        }
    }
    Ok(())
}

fn read(
    view: &View<Store>,
    path: &ply_types::Path,
    version: &ply_drive::Version,
) -> Result<(), DriveError> {
    let mut reader = view.open(path, version)?;
    let mut offset = 0;
    while offset < reader.bytes() {
        let part = reader.read_at(offset, usize::MAX)?;
        if part.is_empty() {
            break;
        }
        offset += part.len() as u64;
    }
    Ok(())
}

/// Reports damage that was met on the way; anything else ends the command. What is only not held here
/// is no damage.
async fn damaged_tree(
    context: &mut Context,
    replica: &Replica<Store>,
    error: DriveError,
    tally: &mut Tally,
) -> Result<(), CommandError> {
    match error.fault() {
        Fault::Offline => Ok(()),
        Fault::Corrupt => {
            tally.damaged += 1;
            let (drive, what) = (replica.name(), error.to_string());
            let object = json!({ "drive": drive, "what": what });
            context.show(&object, || what.clone()).await
        }
        _ => Err(error.into()),
    }
}

async fn report_block(
    context: &mut Context,
    replica: &Replica<Store>,
    log: LogKey,
    block: u64,
    what: &str,
) -> Result<(), CommandError> {
    let drive = replica.name();
    let object = json!({ "drive": drive, "log": log.to_string(), "block": block, "what": what });
    context.show(&object, || format!("{drive}: block {block} of log {log}: {what}")).await
}
