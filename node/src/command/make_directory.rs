//! `ply mkdir`: directories.

use ply_drive::Attributes;

use super::each::Each;
use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct MakeDirectory {
    /// Those above too, and no complaint about one that is there
    #[arg(long, short)]
    parents: bool,

    /// What to make
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser(), required = true)]
    targets: Vec<Target>,
}

impl MakeDirectory {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let attributes = Attributes {
            mode: 0o777 & !context.caller.umask,
            uid: context.caller.uid,
            gid: context.caller.gid,
            mtime: context.now(),
            xattrs: Vec::new(),
        };
        let mut each = Each::default();
        for target in &self.targets {
            let made = self.make(context, target, &attributes).await;
            each.take(context, made).await?;
        }
        each.end()
    }

    async fn make(
        &self,
        context: &Context,
        target: &Target,
        attributes: &Attributes,
    ) -> Result<(), CommandError> {
        let path = target.now()?.path()?;
        let drive = context.drive(&target.drive)?;
        Ok(drive.create_dir(path, attributes, self.parents).await?)
    }
}
