//! `ply mv`: a path under another name.

use ply_drive::{Drive, DriveError, Kind, Metadata};
use ply_store::Store;
use ply_types::Path;

use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Rename {
    /// What to move
    #[arg(value_name = "DRIVE:/from", value_parser = Target::parser())]
    from: Target,

    /// Its new path, or the directory to move it into
    #[arg(value_name = "DRIVE:/to", value_parser = Target::parser())]
    to: Target,
}

impl Rename {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let from = self.from.now()?.path()?;
        let (drive, to) = pair(context, &self.from, &self.to).await?;
        drive.rename(from, &to).await?;
        Ok(())
    }
}

/// The drive that two paths share, and the path that the second one means for the first: itself, or
/// if it is a directory, the name in it.
pub(super) async fn pair(
    context: &Context,
    from: &Target,
    to: &Target,
) -> Result<(Drive<Store>, Path), CommandError> {
    let drive = context.drive(&from.drive)?;
    if context.node.find(&to.now()?.drive)?.id != drive.replica().id() {
        let text = "both paths must be in one drive: use ply get and ply put";
        return Err(CommandError::Usage(text.to_owned()));
    }
    let place = to.path()?;
    let kind = |metadata: Result<Metadata, DriveError>| match metadata {
        Ok(metadata) => Ok(Some(metadata.kind)),
        Err(DriveError::Absent { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let there = kind(drive.metadata(place).await)?;
    let is_directory = there == Some(Kind::Directory);
    if to.is_directory && !is_directory {
        // 'new/' is a name for a directory that is moved there, and for nothing else.
        let is_new = there.is_none();
        if !(is_new && kind(drive.metadata(from.path()?).await)? == Some(Kind::Directory)) {
            to.file_path()?;
        }
    }
    let to = match from.path()?.split() {
        Some((_, name)) if is_directory => place.join(&name).map_err(DriveError::from)?,
        _ => place.clone(),
    };
    Ok((drive, to))
}
