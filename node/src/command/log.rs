//! `ply log`: the commits that led to now.

use serde_json::json;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::output::{escape, rfc3339};
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    /// The drive; with a version, the commits that led to it
    #[arg(value_name = "DRIVE[@VERSION]", value_parser = Target::parser())]
    target: Target,

    /// Show no more than so many
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<usize>,
}

impl Log {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.reading(&self.target).await?;
        for commit in drive.log(self.count.unwrap_or(usize::MAX))? {
            let (id, time) = (commit.mark.id.to_string(), rfc3339(commit.time));
            let writer = commit.writer.to_string();
            if context.style == Style::Json {
                let object = json!({
                    "commit": id,
                    "number": commit.mark.number,
                    "writer": writer,
                    "time": time,
                    "message": commit.message,
                    "program": commit.program,
                    "files": commit.files,
                    "bytes": commit.bytes,
                });
                context.object(&object).await?;
                continue;
            }
            context.line(format!("commit {id}")).await?;
            context.line(format!("number {}", commit.mark.number)).await?;
            context.line(format!("writer {writer}")).await?;
            context.line(format!("time   {time}")).await?;
            context.line(format!("holds  {} paths, {} bytes", commit.files, commit.bytes)).await?;
            for line in commit.message.lines() {
                context.line(format!("    {}", escape(line.as_bytes()))).await?;
            }
            context.line("").await?;
        }
        Ok(())
    }
}
