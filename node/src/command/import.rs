//! `ply import`: folders into the draft, all of them or nothing.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::PathBuf;

use globset::{Glob, GlobSetBuilder};
use ply_drive::{Drive, Kind, Transaction, Want};
use ply_folder::{Extra, ImportSummary, Warnings};
use ply_store::Store;
use ply_types::Path;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::commit::{self, AtOnce, PROGRAM};
use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Where to; the root of the drive when no path is given
    #[arg(value_name = "DRIVE[:/path]", value_parser = Target::parser())]
    target: Target,

    /// What to bring in: folders or files
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<PathBuf>,

    /// Leave out what this matches by path or name, with a slash at its end directories only; may be
    /// given more than once
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    exclude: Vec<Glob>,

    /// Remove what the drive has there and the source has not
    #[arg(long)]
    delete: bool,

    #[command(flatten)]
    at_once: AtOnce,
}

/// A glob that can match something: paths are relative to the source, and no name is empty.
fn glob(text: &str) -> Result<Glob, String> {
    if text.is_empty() || text.starts_with('/') {
        return Err("it matches nothing: paths in a source begin without a slash".to_owned());
    }
    Glob::new(text).map_err(|error| error.to_string())
}

impl Import {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let to = self.target.now()?.path_or_root();
        let drive = context.drive(&self.target.drive)?;
        let imports = self.imports(context, &to)?;
        self.check_sources(context, &drive, &to).await?;
        let stop = context.stop.clone();
        let progress = RefCell::new(&mut context.progress);
        let report = |so_far: ply_folder::Progress| {
            let (done, total) = (so_far.bytes_done, so_far.bytes_total);
            progress.borrow_mut().report(done, total, || label(so_far));
            go_on(&stop)
        };
        let import = |sight| {
            let mut transaction = Transaction::begin_with(drive.replica(), sight)?;
            let mut summaries = Vec::new();
            for import in &imports {
                summaries.push(import.run_in(&mut transaction, &report)?);
            }
            // From here on it happens as a whole, whoever goes away.
            let committed = if let Some(message) = self.at_once.message() {
                Some(transaction.commit(message, PROGRAM)?)
            } else {
                transaction.save()?;
                None
            };
            Ok::<_, CommandError>((summaries, committed))
        };
        let want = Want::Tree(to.clone());
        let (summaries, committed) = drive.complete_change(&to, Some(want), import).await?;
        for summary in &summaries {
            show(context, summary).await?;
        }
        match committed {
            Some(committed) => commit::show(context, &drive, committed).await,
            None => Ok(()),
        }
    }

    /// Several sources make one tree, so none of them may take away what another one brought.
    async fn check_sources(
        &self,
        context: &Context,
        drive: &Drive<Store>,
        to: &Path,
    ) -> Result<(), CommandError> {
        let [first, _, ..] = self.sources.as_slice() else { return Ok(()) };
        if self.delete {
            let what = "--delete takes one source: what another one brings, this one has not";
            return Err(CommandError::Usage(what.to_owned()));
        }
        let is_folder = std::fs::metadata(context.caller.path(first)).is_ok_and(|it| it.is_dir());
        if is_folder || to.is_root() {
            return Ok(());
        }
        match drive.metadata_to_replace(to).await? {
            Some(there) if there.kind == Kind::Directory => Ok(()),
            _ => {
                let what =
                    format!("{to} is not a directory, and several sources do not fit a file");
                Err(CommandError::Usage(what))
            }
        }
    }

    fn imports(
        &self,
        context: &Context,
        to: &Path,
    ) -> Result<Vec<ply_folder::Import>, CommandError> {
        let (mut exclude, mut directories) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let wrong = |error: globset::Error| CommandError::Usage(error.to_string());
        for glob in &self.exclude {
            match glob.glob().strip_suffix('/') {
                Some(directory) => directories.add(Glob::new(directory).map_err(wrong)?),
                None => exclude.add(glob.clone()),
            };
        }
        let exclude = exclude.build().map_err(wrong)?;
        let directories = directories.build().map_err(wrong)?;
        let extra = if self.delete { Extra::Remove } else { Extra::Keep };
        let import = |source: &PathBuf| {
            if source.as_os_str() == "-" {
                return Err(CommandError::Unsupported("importing an archive from standard input"));
            }
            Ok(ply_folder::Import::new(context.caller.path(source), to.clone())
                .extra(extra)
                .exclude(exclude.clone())
                .exclude_directories(directories.clone()))
        };
        self.sources.iter().map(import).collect()
    }
}

/// Whether an import or export goes on.
pub(super) fn go_on(stop: &CancellationToken) -> ControlFlow<()> {
    if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// What an import or export is at.
pub(super) fn label(so_far: ply_folder::Progress) -> String {
    if so_far == ply_folder::Progress::default() {
        return "looking at what there is".to_owned();
    }
    format!("{}/{} files", so_far.files_done, so_far.files_total)
}

/// Prints what a user may want to look at.
pub(super) async fn warn(context: &mut Context, warnings: &Warnings) -> Result<(), CommandError> {
    for warning in warnings.kept() {
        context.warn(&warning.to_string()).await?;
    }
    match warnings.count() - warnings.kept().len() as u64 {
        0 => Ok(()),
        unsaid => context.warn(&format!("and {unsaid} warnings more")).await,
    }
}

async fn show(context: &mut Context, summary: &ImportSummary) -> Result<(), CommandError> {
    warn(context, &summary.warnings).await?;
    if context.style == Style::Json {
        let object = json!({
            "files": summary.files,
            "directories": summary.directories,
            "others": summary.others,
            "changed": summary.changed,
            "removed": summary.removed,
            "read_files": summary.read_files,
            "read_bytes": summary.read_bytes,
            "warnings": summary.warnings.count(),
        });
        return context.object(&object).await;
    }
    let ImportSummary { files, directories, others, changed, removed, read_bytes, .. } = summary;
    let text = format!(
        "{files} files, {directories} directories, {others} others: {changed} changed, {removed} \
         removed, {read_bytes} bytes read"
    );
    context.note(&text).await
}
