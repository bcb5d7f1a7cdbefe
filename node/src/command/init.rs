//! `ply init`: the node is made by opening it; this says who it is.

use serde_json::json;

use super::peer::peer_id;
use crate::context::Context;
use crate::error::CommandError;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {}

impl Init {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let peer = peer_id(&context.node)?;
        let home = context.node.folder().display().to_string();
        let object = json!({ "home": home, "peer": peer });
        context.show(&object, || format!("{home}\n{peer}")).await
    }
}
