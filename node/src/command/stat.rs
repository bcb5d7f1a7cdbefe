//! `ply stat`: all that is known of a path.

use ply_drive::Kind;
use serde::Serialize;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::output::{EntryObject, Spelled, Unfetched, VersionObject, escape, kind_word, rfc3339};
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Stat {
    /// The path
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser())]
    target: Target,
}

/// What is printed.
#[derive(Serialize)]
struct StatObject {
    #[serde(flatten)]
    entry: EntryObject,
    version_list: Vec<VersionObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<(u32, u32)>,
    #[serde(flatten)]
    unfetched: Option<Unfetched>,
}

impl Stat {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.past(&self.target)?;
        let path = self.target.path_or_root();
        let metadata = drive.metadata(&path).await?;
        let target = match metadata.kind {
            Kind::Symlink => Some(drive.read_link(&path).await?),
            _ => None,
        };
        if context.style == Style::Json {
            let spelled = target.as_deref().map(Spelled::new);
            let object = StatObject {
                entry: EntryObject::new(&metadata, VersionObject::shown(&metadata)),
                version_list: metadata.versions.iter().map(VersionObject::one).collect(),
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
            context.warn(&format!("writer {writer} not fetched")).await?;
        }
        Ok(())
    }
}
