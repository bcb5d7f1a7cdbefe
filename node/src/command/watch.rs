//! `ply watch`: what happens, as it happens.

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::node::Event;
use crate::output::{Spelled, escape};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Watch {
    /// The drive
    drive: String,
}

impl Watch {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.node.find(&self.drive)?.id;
        let mut events = context.node.events().watch();
        loop {
            match events.recv().await {
                Ok(event) if event.drive == drive => print(context, &event).await?,
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => {
                    context.warn(&format!("{count} events were missed")).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            }
            context.flush().await?;
        }
    }
}

async fn print(context: &mut Context, event: &Event) -> Result<(), CommandError> {
    let path = event.path.as_ref().map(|path| [b"/", path.as_bytes()].concat());
    if context.style == Style::Json {
        let spelled = path.as_deref().map(Spelled::new);
        let object = json!({
            "event": event.change.word(),
            "path": spelled.as_ref().map(|path| &path.text),
            "path_bytes": spelled.as_ref().and_then(|path| path.bytes.as_ref()),
            "detail": event.detail,
        });
        return context.object(&object).await;
    }
    let mut line = event.change.word().to_owned();
    for part in path.map(|path| escape(&path)).iter().chain(&event.detail) {
        line.push(' ');
        line.push_str(part);
    }
    context.line(line).await
}
