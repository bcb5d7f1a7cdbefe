//! `ply writers`: who writes in a drive.

use std::collections::BTreeMap;

use ply_drive::membership::{Role, WriterStatus};
use ply_types::LogKey;
use serde_json::json;

use crate::context::Context;
use crate::error::CommandError;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Writers {
    /// The drive
    drive: String,

    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with them.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List them: what is done unless told otherwise
    List,
}

impl Writers {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        match self.action {
            None | Some(Action::List) => self.list(context).await,
        }
    }

    async fn list(&self, context: &mut Context) -> Result<(), CommandError> {
        let replica = context.node.replica(&self.drive)?;
        let (membership, effective) = (replica.membership(), replica.effective());
        let mut writers: BTreeMap<LogKey, Option<WriterStatus>> =
            membership.writers().map(|(key, status)| (*key, Some(*status))).collect();
        if replica.is_writable() {
            writers.entry(replica.writer_key()).or_insert(None);
        }
        for (key, status) in writers {
            let role = match status.map(|status| status.role) {
                Some(Role::Writer) => "writer",
                Some(Role::Admin) => "admin",
                // It becomes one when it first writes.
                None => "invited",
            };
            let own = key == replica.writer_key();
            let ended = status.and_then(|status| status.end).map(|end| end.length);
            let commit = effective.get(&key);
            let object = json!({
                "writer": key.to_string(),
                "role": role,
                "own": own,
                "ended": ended,
                "commit": commit.map(|commit| commit.id().to_string()),
                "number": commit.map(|commit| commit.mark.number),
            });
            let line = || {
                let own = if own { " (this node)" } else { "" };
                let ended = ended.map(|length| format!(" ended at block {length}"));
                let commit = commit.map(|commit| format!(" at commit {}", commit.mark.number));
                let (ended, commit) = (ended.unwrap_or_default(), commit.unwrap_or_default());
                format!("{key} {role}{commit}{ended}{own}")
            };
            context.show(&object, line).await?;
        }
        Ok(())
    }
}
