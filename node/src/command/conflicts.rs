//! `ply conflicts`, `ply resolve`: paths with more than one version.

use ply_drive::Keep;
use serde::Serialize;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::node::parse_writer;
use crate::output::{EntryObject, Spelled, VersionObject, escape, kind_word, rfc3339};
use crate::target::Target;

/// Arguments of `conflicts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Conflicts {
    /// The drive, or a path in it with what is below
    #[arg(value_name = "DRIVE[:/path]", value_parser = Target::parser())]
    target: Target,
}

/// Arguments of `resolve`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("choice").required(true)))]
pub(crate) struct Resolve {
    /// The path in conflict
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser())]
    target: Target,

    /// Keep the version of this writer; a directory that gives way to it goes with all in it
    #[arg(long, value_name = "WRITER", group = "choice")]
    keep: Option<String>,

    /// Keep all: the shown one under this name, the others beside it
    #[arg(long, group = "choice")]
    keep_both: bool,
}

/// A path in conflict.
#[derive(Serialize)]
struct ConflictObject {
    #[serde(flatten)]
    entry: EntryObject,
    version_list: Vec<VersionObject>,
}

impl Conflicts {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.drive(&self.target.now()?.drive)?;
        if let Some(path) = self.target.path.as_ref().filter(|path| !path.is_root()) {
            drive.metadata(path).await?;
        }
        for metadata in drive.conflicts(&self.target.path_or_root()).await? {
            if context.style == Style::Json {
                let object = ConflictObject {
                    entry: EntryObject::new(&metadata, VersionObject::shown(&metadata)),
                    version_list: metadata.versions.iter().map(VersionObject::one).collect(),
                };
                context.object(&object).await?;
                continue;
            }
            context.line(format!("/{}", escape(metadata.path.as_bytes()))).await?;
            for version in &metadata.versions {
                let (writer, kind) = (version.writer, kind_word(version.kind));
                let (size, time) = (version.size, rfc3339(version.attributes.mtime));
                context.line(format!("    {writer} {kind} {size} {time}")).await?;
            }
        }
        Ok(())
    }
}

impl Resolve {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let path = self.target.now()?.path()?;
        let drive = context.drive(&self.target.drive)?;
        let keep = match &self.keep {
            Some(text) => Keep::Writer(parse_writer(drive.replica(), text)?),
            None => Keep::All,
        };
        for path in drive.resolve(path, keep).await? {
            match context.style {
                Style::Json => {
                    let Spelled { text, bytes } = Spelled::new(&[b"/", path.as_bytes()].concat());
                    let object = serde_json::json!({ "path": text, "path_bytes": bytes });
                    context.object(&object).await?;
                }
                Style::Text => context.line(format!("/{}", escape(path.as_bytes()))).await?,
            }
        }
        Ok(())
    }
}
