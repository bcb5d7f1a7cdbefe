//! `ply ln`: links.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use ply_drive::Attributes;

use crate::context::Context;
use crate::error::CommandError;
use crate::node::Change;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Link {
    /// A symbolic link: a text that points elsewhere
    #[arg(long, short)]
    symbolic: bool,

    /// What it points to
    #[arg(value_name = "TARGET")]
    text: OsString,

    /// The link
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser())]
    place: Target,
}

impl Link {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        if !self.symbolic {
            return Err(CommandError::Unsupported("a hard link (without -s)"));
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
        context.tell(drive.replica().id(), Change::Written, Some(path), None);
        Ok(())
    }
}
