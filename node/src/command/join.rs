//! `ply join`: into a drive of somebody else.

use serde_json::json;

use crate::context::Context;
use crate::error::CommandError;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Join {
    /// A ticket, or the key of a public drive
    #[arg(value_name = "TICKET|KEY")]
    ticket: String,

    /// Its name on this node
    #[arg(long)]
    name: Option<String>,
}

impl Join {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let joined = context.node.join(&self.ticket, self.name.as_deref())?;
        let wish = self.name.as_deref();
        if wish.is_some_and(|wish| wish != joined.name) {
            context.note(&format!("the drive is called '{}' here", joined.name)).await?;
        }
        if joined.is_spent {
            let text =
                "the invite of this ticket was revoked or is used up: this node can read only";
            context.warn(text).await?;
        }
        let object = json!({ "name": joined.name, "key": joined.id.to_string() });
        context.show(&object, || joined.id.to_string()).await
    }
}
