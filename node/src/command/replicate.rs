//! `ply replicate --stdio`: the protocol over a pair of pipes.

use crate::context::Context;
use crate::error::CommandError;
use crate::network;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Replicate {
    /// The drive
    drive: String,

    /// Over standard input and output
    #[arg(long, required = true)]
    stdio: bool,
}

impl Replicate {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        debug_assert!(self.stdio, "there is no other way yet");
        let replica = context.node.replica(&self.drive)?;
        let (source, sink) = (context.take_input(), context.take_output());
        let summary = network::replicate(&context.node, &replica, source, sink).await?;
        for writer in &summary.unfetched {
            context.warn(&context.node.unfetched(writer)).await?;
        }
        Ok(())
    }
}
