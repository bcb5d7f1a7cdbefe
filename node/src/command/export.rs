//! `ply export`: a directory of a drive as a local folder.

use std::path::PathBuf;

use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// What to write; the whole drive when no path is given
    #[arg(value_name = "DRIVE[:/path]", value_parser = Target::parser())]
    target: Target,

    /// The folder; made if it is not there
    #[arg(value_name = "DEST")]
    folder: PathBuf,
}

impl Export {
    #[expect(clippy::unused_async, reason = "commands are called alike")]
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let _drive = context.past(&self.target)?;
        let _folder = context.caller.path(&self.folder);
        Err(CommandError::Unsupported("export"))
    }
}
