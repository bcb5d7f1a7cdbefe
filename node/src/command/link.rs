//! `ply ln`: links.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use ply_drive::Attributes;

use super::rename::pair;
use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Link {
    /// A symbolic link: a text that points elsewhere
    #[arg(long, short)]
    symbolic: bool,

    /// The path in the drive that gets one more name; with -s the text that the link holds
    #[arg(value_name = "TARGET")]
    text: OsString,

    /// The link; without -s it may be the directory to make it in
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser())]
    place: Target,
}

impl Link {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        if !self.symbolic {
            return self.hard(context).await;
        }
        let path = self.place.now()?.path()?;
        let drive = context.drive(&self.place.drive)?;
        let attributes = Attributes {
            uid: context.caller.uid,
            gid: context.caller.gid,
            mtime: context.now(),
            ..Attributes::default()
        };
        drive.symlink(path, self.text.as_bytes(), &attributes).await?;
        Ok(())
    }

    /// One more name for a file of the same drive.
    async fn hard(&self, context: &mut Context) -> Result<(), CommandError> {
        let from = Target::parse(&self.text).map_err(|error| {
            CommandError::Usage(format!("{error}; for a symbolic link write ln -s"))
        })?;
        if from.path.is_none() {
            let what = "a hard link needs DRIVE:/path; write ln -s for a symbolic one";
            return Err(CommandError::Usage(format!("'{}' is no path: {what}", from.drive)));
        }
        let (drive, to) = pair(context, &from, &self.place).await?;
        Ok(drive.hard_link(from.now()?.path()?, &to).await?)
    }
}
