//! `ply rm`: removes what this node sees; what others add meanwhile stays.

use ply_drive::Kind;

use super::each::Each;
use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    /// Directories too, with all that is in them
    #[arg(long, short)]
    recursive: bool,

    /// What to remove
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser(), required = true)]
    targets: Vec<Target>,
}

impl Remove {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let mut each = Each::default();
        for target in &self.targets {
            let removed = self.remove(context, target).await;
            each.take(context, removed).await?;
        }
        each.end()
    }

    async fn remove(&self, context: &Context, target: &Target) -> Result<(), CommandError> {
        let path = target.now()?.path()?;
        let drive = context.drive(&target.drive)?;
        let is_directory = drive.metadata(path).await?.kind == Kind::Directory;
        match (is_directory, self.recursive) {
            (true, true) => drive.remove_dir_all(path).await?,
            (true, false) => drive.remove_file(path).await?,
            (false, _) => drive.remove_file(target.file_path()?).await?,
        }
        Ok(())
    }
}
