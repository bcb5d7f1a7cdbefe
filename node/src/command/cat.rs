//! `ply cat`: bytes of a file.

use std::ops::Range;

use ply_drive::ReadHandle;
use ply_store::Store;

use crate::context::Context;
use crate::error::CommandError;
use crate::node::parse_writer;
use crate::target::Target;

/// Bytes that are read at once.
pub(super) const PART_BYTES: usize = 1 << 20;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Cat {
    /// The file
    #[arg(value_name = "DRIVE[@VERSION]:/path", value_parser = Target::parser())]
    target: Target,

    /// Byte to begin at
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,

    /// Bytes to print at most
    #[arg(long, value_name = "N")]
    length: Option<u64>,

    /// Whose version: the key of a writer, or a prefix of it
    #[arg(long, value_name = "ID")]
    writer: Option<String>,
}

impl Cat {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.reading(&self.target).await?;
        let writer = match &self.writer {
            Some(text) => Some(parse_writer(drive.drive().replica(), text)?),
            None => None,
        };
        let end = self.length.map_or(u64::MAX, |length| self.offset.saturating_add(length));
        let path = self.target.path()?;
        let handle = drive.open(path, writer.as_ref(), self.offset..end).await?;
        copy_out(context, &handle, self.offset..end.min(handle.bytes())).await
    }
}

/// Prints a range of a file.
pub(super) async fn copy_out(
    context: &mut Context,
    handle: &ReadHandle<Store>,
    range: Range<u64>,
) -> Result<(), CommandError> {
    let mut offset = range.start;
    let total = range.end.saturating_sub(range.start);
    while offset < range.end {
        let wanted = usize::try_from(range.end - offset).unwrap_or(usize::MAX).min(PART_BYTES);
        let part = handle.read_some(offset, wanted).await?;
        if part.is_empty() {
            break;
        }
        context.bytes(&part).await?;
        offset += part.len() as u64;
        // On a terminal the content itself is all there is to see.
        if !context.caller.terminal {
            context.progress.report(offset - range.start, total, String::new);
        }
    }
    Ok(())
}
