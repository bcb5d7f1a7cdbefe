//! `ply commit`, `ply discard`: what becomes of the draft.

use ply_drive::{Committed, Drive};
use ply_store::Store;
use serde_json::json;

use crate::context::{Context, Style};
use crate::error::CommandError;

/// What commits say they were made with.
pub(super) const PROGRAM: &str = concat!("ply ", env!("CARGO_PKG_VERSION"));

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
    /// What to say about the commit, if the user wants one.
    pub(super) fn message(&self) -> Option<&str> {
        self.commit.then(|| self.message.as_deref().unwrap_or_default())
    }

    /// Commits, if the user wants it.
    pub(super) async fn run(
        &self,
        context: &mut Context,
        drive: &Drive<Store>,
    ) -> Result<(), CommandError> {
        match self.message() {
            Some(message) => commit(context, drive, message).await,
            None => Ok(()),
        }
    }
}

impl Commit {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.drive(&self.drive)?;
        commit(context, &drive, self.message.as_deref().unwrap_or_default()).await
    }
}

async fn commit(
    context: &mut Context,
    drive: &Drive<Store>,
    message: &str,
) -> Result<(), CommandError> {
    let committed = drive.commit(message, PROGRAM).await?;
    show(context, drive, committed).await
}

/// Prints what became of a commit, and lets others know of it.
pub(super) async fn show(
    context: &mut Context,
    drive: &Drive<Store>,
    committed: Option<Committed>,
) -> Result<(), CommandError> {
    let Some(Committed { mark, paths }) = committed else {
        if context.style == Style::Json {
            return context.object(&json!({ "commit": null, "number": null, "paths": 0 })).await;
        }
        return context.note("nothing to commit").await;
    };
    context.announce(drive.replica().id());
    let id = mark.id.to_string();
    let object = json!({ "commit": id, "number": mark.number, "paths": paths });
    context.show(&object, || id.clone()).await
}

impl Discard {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.drive(&self.drive)?;
        let paths = drive.discard()?;
        context.show(&json!({ "paths": paths }), || format!("{paths} paths dropped")).await
    }
}
