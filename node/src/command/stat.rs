//! `ply stat`: all that is known of a path.

use std::fmt;

use ply_drive::{DriveError, Kind, Local, Metadata};
use serde::Serialize;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::output::{EntryObject, Spelled, Unfetched, VersionObject, escape, kind_word, rfc3339};
use crate::reading::Reading;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Stat {
    /// The path
    #[arg(value_name = "DRIVE[@VERSION]:/path", value_parser = Target::parser())]
    target: Target,
}

/// What is printed.
#[derive(Serialize)]
struct StatObject {
    #[serde(flatten)]
    entry: EntryObject,
    version_list: Vec<VersionObject>,
    links: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<LocalObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<(u32, u32)>,
    #[serde(flatten)]
    unfetched: Option<Unfetched>,
}

/// How much of the content is on this machine.
#[derive(Serialize)]
struct LocalObject {
    blocks: u64,
    blocks_total: u64,
    bytes: u64,
    bytes_total: u64,
}

impl From<Local> for LocalObject {
    fn from(local: Local) -> Self {
        let Local { blocks, blocks_here, bytes, bytes_here } = local;
        Self { blocks: blocks_here, blocks_total: blocks, bytes: bytes_here, bytes_total: bytes }
    }
}

impl Stat {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.reading(&self.target).await?;
        let path = self.target.path_or_root();
        let metadata = drive.metadata(&path).await?;
        let target = match metadata.kind {
            Kind::Symlink => Some(drive.read_link(&path).await?),
            _ => None,
        };
        let local = match metadata.kind {
            Kind::File | Kind::Symlink => {
                Some(LocalObject::from(drive.open(&path, None, 0..0).await?.local()?))
            }
            _ => None,
        };
        let links = links(&drive, &metadata).await?;
        if context.style == Style::Json {
            let spelled = target.as_deref().map(Spelled::new);
            let object = StatObject {
                entry: EntryObject::new(&metadata, VersionObject::shown(&metadata)),
                version_list: metadata.versions.iter().map(VersionObject::one).collect(),
                links,
                local,
                target: spelled.as_ref().map(|target| target.text.clone()),
                target_bytes: spelled.and_then(|target| target.bytes),
                device: metadata.device,
                unfetched: Unfetched::of(&metadata.unfetched),
            };
            return context.object(&object).await;
        }
        let attributes = &metadata.attributes;
        let mut rows = vec![
            ("path", format!("/{}", escape(path.as_bytes()))),
            ("kind", kind_word(metadata.kind).to_owned()),
            ("size", metadata.size.to_string()),
            ("mode", format!("{:04o}", attributes.mode)),
            ("owner", format!("{}:{}", attributes.uid, attributes.gid)),
            ("mtime", rfc3339(attributes.mtime)),
        ];
        rows.extend(metadata.identity.map(|identity| ("hash", identity.to_string())));
        rows.extend(links.map(|links| ("links", links.to_string())));
        rows.extend(local.map(|local| ("local", local.to_string())));
        rows.extend(target.map(|target| ("target", escape(&target))));
        rows.extend(metadata.device.map(|(major, minor)| ("device", format!("{major}, {minor}"))));
        rows.extend(attributes.xattrs.iter().map(|(name, _)| ("xattr", escape(name))));
        for version in &metadata.versions {
            let (writer, size) = (version.writer, version.size);
            let time = rfc3339(version.attributes.mtime);
            rows.push(("version", format!("{writer} {} {size} {time}", kind_word(version.kind))));
        }
        for (name, value) in rows {
            context.line(format!("{name:<8} {value}")).await?;
        }
        for writer in &metadata.unfetched {
            context.warn(&context.node.unfetched(writer)).await?;
        }
        Ok(())
    }
}

/// How many names a file has; `None` while nobody in reach can tell.
async fn links(drive: &Reading, metadata: &Metadata) -> Result<Option<usize>, CommandError> {
    let Some(mark) = metadata.link else { return Ok(Some(1)) };
    match drive.names(&metadata.path, mark).await {
        Ok(names) => Ok(Some(names.len())),
        Err(DriveError::Offline { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl fmt::Display for LocalObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { blocks, blocks_total, bytes, bytes_total } = self;
        write!(f, "{blocks} of {blocks_total} blocks, {bytes} of {bytes_total} bytes")
    }
}
