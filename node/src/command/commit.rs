//! `ply commit`, `ply discard`: what becomes of the draft.

use ply_drive::{Committed, Drive};
use ply_store::Store;
use serde_json::json;

use crate::context::Context;
use crate::error::CommandError;
use crate::node::Change;

/// What commits say they were made with.
const PROGRAM: &str = concat!("ply ", env!("CARGO_PKG_VERSION"));

/// Arguments of `commit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Commit {
    /// The drive
    drive: String,

    /// What to say about it
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
}

/// Arguments of `discard`.
#[derive(Debug, clap::Args)]
pub(crate) struct Discard {
    /// The drive
    drive: String,
}

/// For commands that change the draft and can commit at once.
#[derive(Debug, clap::Args)]
pub(super) struct AtOnce {
    /// Commit at once, and print the commit id
    #[arg(long)]
    commit: bool,

    /// What to say about the commit
    #[arg(long, short, value_name = "TEXT", requires = "commit")]
    message: Option<String>,
}

impl AtOnce {
    /// Commits, if the user wants it.
    pub(super) async fn run(
        &self,
        context: &mut Context,
        drive: &Drive<Store>,
    ) -> Result<(), CommandError> {
        if self.commit { commit(context, drive, self.message.as_deref()).await } else { Ok(()) }
    }
}

impl Commit {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.drive(&self.drive)?;
        commit(context, &drive, self.message.as_deref()).await
    }
}

async fn commit(
    context: &mut Context,
    drive: &Drive<Store>,
    message: Option<&str>,
) -> Result<(), CommandError> {
    let Some(committed) = drive.commit(message.unwrap_or_default(), PROGRAM).await? else {
        return context.note("nothing to commit").await;
    };
    let Committed { mark, paths } = committed;
    let id = mark.id.to_string();
    context.tell(drive.replica().id(), Change::Committed, None, Some(id.clone()));
    let object = json!({ "commit": id, "number": mark.number, "paths": paths });
    context.show(&object, || id.clone()).await
}

impl Discard {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.drive(&self.drive)?;
        let paths = drive.discard()?;
        context.tell(drive.replica().id(), Change::Discarded, None, None);
        context.show(&json!({ "paths": paths }), || format!("{paths} paths dropped")).await
    }
}
