//! `ply put`: one file into the draft.

use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ply_drive::{Attributes, Create, Drive, WriteOptions};
use ply_store::Store;
use ply_types::Timestamp;
use tokio_util::sync::CancellationToken;

use super::commit::AtOnce;
use crate::context::{Blocking, Context};
use crate::error::CommandError;
use crate::progress::Progress;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Put {
    /// Where to
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser())]
    target: Target,

    /// What from; '-' or nothing for the standard input
    file: Option<PathBuf>,

    #[command(flatten)]
    at_once: AtOnce,
}

impl Put {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        self.target.now()?.path()?;
        let drive = context.drive(&self.target.drive)?;
        match self.file.as_deref().filter(|file| *file != Path::new("-")) {
            None => self.put_input(context, &drive).await?,
            Some(file) => self.put_file(context, &drive, file).await?,
        }
        self.at_once.run(context, &drive).await
    }

    async fn put_input(
        &self,
        context: &mut Context,
        drive: &Drive<Store>,
    ) -> Result<(), CommandError> {
        let mode = 0o666 & !context.caller.umask;
        let there = self.attributes_there(context, drive, mode).await?;
        let attributes = Attributes { mtime: context.now(), ..there };
        let options = options(attributes);
        let source = Blocking(context.take_input());
        let label = self.target.path()?.to_string();
        let (progress, stop) = (&mut context.progress, &context.stop);
        let source = Counted { source, done: 0, total: 0, label, progress, stop };
        Ok(drive.write_with(self.target.file_path()?, source, &options).await?)
    }

    async fn put_file(
        &self,
        context: &mut Context,
        drive: &Drive<Store>,
        file: &Path,
    ) -> Result<(), CommandError> {
        let place = context.caller.path(file);
        let opened = std::fs::File::open(&place).map_err(CommandError::file("opening", &place))?;
        let metadata = opened.metadata().map_err(CommandError::file("reading", &place))?;
        if metadata.is_dir() {
            let text = format!("{} is a directory: use ply import", place.display());
            return Err(CommandError::Usage(text));
        }
        let mode = metadata.mode() & 0o7777;
        let mtime = Timestamp {
            seconds: metadata.mtime(),
            nanos: u32::try_from(metadata.mtime_nsec()).unwrap_or(0),
        };
        let there = self.attributes_there(context, drive, mode).await?;
        let attributes = Attributes { mode, mtime, ..there };
        let options = options(attributes);
        let (total, label) = (metadata.len(), place.display().to_string());
        let (progress, stop) = (&mut context.progress, &context.stop);
        let source = Counted { source: opened, done: 0, total, label, progress, stop };
        Ok(drive.write_with(self.target.file_path()?, source, &options).await?)
    }

    /// The attributes of the file that is there; a new one is the user's, with a mode.
    async fn attributes_there(
        &self,
        context: &Context,
        drive: &Drive<Store>,
        mode: u32,
    ) -> Result<Attributes, CommandError> {
        let (uid, gid) = (context.caller.uid, context.caller.gid);
        let new = Attributes { mode, uid, gid, ..Attributes::default() };
        let there = drive.metadata_to_replace(self.target.path()?).await?;
        Ok(there.map_or(new, |metadata| metadata.attributes))
    }
}

fn options(attributes: Attributes) -> WriteOptions {
    WriteOptions { create: Create::OrReplace, make_parents: true, attributes: Some(attributes) }
}

/// A source that says how much of it was read, and ends when nobody wants it any more.
struct Counted<'progress, R> {
    source: R,
    done: u64,
    total: u64,
    label: String,
    progress: &'progress mut Progress,
    stop: &'progress CancellationToken,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("stopped"));
        }
        let taken = self.source.read(buffer)?;
        self.done += taken as u64;
        self.progress.report(self.done, self.total, || self.label.clone());
        Ok(taken)
    }
}
