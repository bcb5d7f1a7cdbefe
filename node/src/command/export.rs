//! `ply export`: a directory of a drive as a local folder.

use std::cell::RefCell;
use std::path::PathBuf;

use futures::stream::{self, StreamExt, TryStreamExt};
use ply_drive::{DriveError, Kind, Walk, Want};
use ply_folder::{Existing, ExportSummary};
use ply_types::{LogKey, Path};
use serde_json::json;

use super::import::{go_on, label, warn};
use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::reading::Reading;
use crate::target::Target;

/// Files that are fetched at once.
const FETCHES_AT_ONCE: usize = 16;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// What to write; the whole drive when no path is given
    #[arg(value_name = "DRIVE[@VERSION][:/path]", value_parser = Target::parser())]
    target: Target,

    /// The folder; made if it is not there
    #[arg(value_name = "DEST")]
    folder: PathBuf,

    /// Write into a folder that has something in it; files of the same name are replaced
    #[arg(long)]
    replace: bool,
}

impl Export {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        if self.folder.as_os_str() == "-" {
            return Err(CommandError::Unsupported("exporting an archive to standard output"));
        }
        let from = self.target.path_or_root();
        let drive = context.reading(&self.target).await?;
        // What the user must hear first: that it is not there, or that nobody has it.
        let is_malformed = |writer: &LogKey| drive.drive().replica().malformed(writer).is_some();
        let mut writers = drive.metadata(&from).await?.unfetched;
        writers.retain(|writer| !is_malformed(writer));
        if drive.is_unheard() || !writers.is_empty() {
            // A part would look like the whole.
            return Err(DriveError::Offline { path: from, writers }.into());
        }
        let existing = if self.replace { Existing::Replace } else { Existing::Refuse };
        let summary = match self.export(context, &drive, existing) {
            Err(CommandError::Export(error)) if error.missing().is_some() => {
                fetch(context, &drive, &from).await?;
                // What is there now, the first try made.
                self.export(context, &drive, Existing::Replace)?
            }
            result => result?,
        };
        show(context, &summary).await?;
        // What nobody can read is nobody's content; but who exports has to know of it.
        let mut writers: Vec<LogKey> = drive.view().commits().map(|(writer, _)| writer).collect();
        writers.retain(is_malformed);
        context.unfetched(&writers).await
    }

    /// Exports what is held here.
    fn export(
        &self,
        context: &mut Context,
        drive: &Reading,
        existing: Existing,
    ) -> Result<ExportSummary, CommandError> {
        let folder = context.caller.path(&self.folder);
        let stop = context.stop.clone();
        let progress = RefCell::new(&mut context.progress);
        let report = |so_far: ply_folder::Progress| {
            let (done, total) = (so_far.bytes_done, so_far.bytes_total);
            progress.borrow_mut().report(done, total, || label(so_far));
            go_on(&stop)
        };
        let export = ply_folder::Export::new(self.target.path_or_root(), folder);
        Ok(export.existing(existing).run(&drive.view(), &report)?)
    }
}

/// Brings all content below a path.
async fn fetch(context: &mut Context, drive: &Reading, from: &Path) -> Result<(), CommandError> {
    let files = || {
        let view = drive.view();
        let mut walk = Walk::new(&view, from.clone());
        let mut files = Vec::new();
        while let Some(named) = walk.next()? {
            if matches!(named.state.kind(), Some(Kind::File | Kind::Symlink)) {
                let bytes = named.state.shown().map_or(0, |shown| shown.entry.size());
                files.push((named.path, bytes));
            }
        }
        view.whole(&walk.missing).map(|()| files)
    };
    let mut files = drive.complete(from, Want::Tree(from.clone()), files).await?;
    if files.is_empty() {
        files.push((from.clone(), drive.metadata(from).await?.size));
    }
    let (mut done, total) = (0, files.iter().map(|(_, bytes)| bytes).sum());
    let downloads = stream::iter(files).map(|(file, bytes)| async move {
        drive.open(&file, None, 0..u64::MAX).await?.download().await?;
        Ok::<_, DriveError>((file, bytes))
    });
    let mut downloads = downloads.buffer_unordered(FETCHES_AT_ONCE);
    while let Some((file, bytes)) = downloads.try_next().await? {
        context.check()?;
        done += bytes;
        context.progress.report(done, total, || format!("fetching {file}"));
    }
    Ok(())
}

async fn show(context: &mut Context, summary: &ExportSummary) -> Result<(), CommandError> {
    warn(context, &summary.warnings).await?;
    let ExportSummary { files, bytes, directories, others, .. } = summary;
    if context.style == Style::Json {
        let object = json!({
            "files": files,
            "bytes": bytes,
            "directories": directories,
            "others": others,
            "warnings": summary.warnings.count(),
        });
        return context.object(&object).await;
    }
    let text =
        format!("{files} files, {directories} directories, {others} others, {bytes} bytes written");
    context.note(&text).await
}
