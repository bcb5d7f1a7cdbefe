//! `ply down`: stops the running node.

use crate::context::Context;
use crate::error::CommandError;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Down {}

impl Down {
    #[expect(clippy::unused_async, reason = "commands are called alike")]
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        context.node.stop().cancel();
        Ok(())
    }
}
