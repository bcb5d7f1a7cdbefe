//! `ply cp`: a path twice, its content once.

use ply_drive::Kind;

use super::rename::pair;
use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Copy {
    /// Directories too, with all that is in them
    #[arg(long, short)]
    recursive: bool,

    /// What to copy
    #[arg(value_name = "DRIVE:/from", value_parser = Target::parser())]
    from: Target,

    /// Its second path, or the directory to copy it into
    #[arg(value_name = "DRIVE:/to", value_parser = Target::parser())]
    to: Target,
}

impl Copy {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let from = self.from.now()?.path()?;
        let (drive, to) = pair(context, &self.from, &self.to).await?;
        if self.recursive && drive.metadata(from).await?.kind == Kind::Directory {
            drive.copy_all(from, &to).await?;
        } else {
            drive.copy(from, &to).await?;
        }
        Ok(())
    }
}
