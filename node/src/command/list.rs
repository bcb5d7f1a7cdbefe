//! `ply ls`: what is in a directory.

use ply_drive::{Kind, Metadata, VersionInfo};
use ply_types::{LogKey, Path};

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::output::{EntryObject, VersionObject, escape, long_rows};
use crate::reading::Reading;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The directory; the root of the drive when no path is given
    #[arg(value_name = "DRIVE[@VERSION][:/path]", value_parser = Target::parser())]
    target: Target,

    /// Kind, permissions, owner, group, size and time
    #[arg(long, short)]
    long: bool,

    /// What is below as well
    #[arg(long, short = 'R')]
    recursive: bool,

    /// Every writer's version, each with its writer
    #[arg(long)]
    all: bool,
}

/// A version of a path, ready to be printed.
struct Row {
    metadata: Metadata,
    /// `None` for the shown version.
    version: Option<VersionInfo>,
}

impl List {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let drive = context.reading(&self.target).await?;
        let top = self.target.path_or_root();
        let metadata = drive.metadata(&top).await?;
        let mut unfetched = metadata.unfetched.clone();
        if metadata.kind == Kind::Directory {
            let mut ahead = vec![top.clone()];
            while let Some(directory) = ahead.pop() {
                context.check()?;
                let read = drive.read_dir(&directory).await?;
                unfetched.extend(read.unfetched);
                if self.recursive {
                    let below = read.entries.iter().filter(|entry| entry.kind == Kind::Directory);
                    ahead.extend(below.map(|entry| entry.path.clone()).rev());
                }
                self.print(context, &drive, &top, read.entries).await?;
            }
        } else {
            let above = top.parent().unwrap_or_default();
            self.print(context, &drive, &above, vec![metadata]).await?;
        }
        unfetched.sort_unstable();
        unfetched.dedup();
        if drive.is_unheard() {
            context.warn("nothing of this drive has arrived here yet: ply sync").await?;
        }
        context.unfetched(&unfetched).await
    }

    /// Prints entries, their names as seen from `top`.
    async fn print(
        &self,
        context: &mut Context,
        drive: &Reading,
        top: &Path,
        entries: Vec<Metadata>,
    ) -> Result<(), CommandError> {
        let rows: Vec<Row> = entries.into_iter().flat_map(|entry| self.rows(entry)).collect();
        if context.style == Style::Json {
            for Row { metadata, version } in &rows {
                let shown = || VersionObject::shown(metadata);
                let version = version.as_ref().map_or_else(shown, VersionObject::one);
                context.object(&EntryObject::new(metadata, version)).await?;
            }
            return Ok(());
        }
        let mut lines = Vec::new();
        for row in &rows {
            let mut name = coloured(context.caller.colour, row, &below(top, &row.metadata.path));
            if self.long {
                if row.kind() == Kind::Symlink && row.version.is_none() {
                    // A target that cannot be had now is no reason to list nothing.
                    if let Ok(target) = drive.read_link(&row.metadata.path).await {
                        name.push_str(" -> ");
                        name.push_str(&escape(&target));
                    }
                }
                if row.metadata.conflict && !self.all {
                    name.push_str(" (in conflict)");
                }
            }
            if self.all {
                let writer = row.writer().map_or_else(|| "-".to_owned(), |key| key.to_string());
                name = format!("{writer} {name}");
            }
            lines.push((row.info(), name));
        }
        let lines = if self.long {
            long_rows(&lines)
        } else {
            lines.into_iter().map(|(_, name)| name).collect()
        };
        for line in lines {
            context.line(line).await?;
        }
        Ok(())
    }

    /// The versions of an entry that are to be printed.
    fn rows(&self, metadata: Metadata) -> Vec<Row> {
        if !self.all || metadata.versions.is_empty() {
            return vec![Row { metadata, version: None }];
        }
        let versions = metadata.versions.clone().into_iter();
        versions.map(|version| Row { metadata: metadata.clone(), version: Some(version) }).collect()
    }
}

impl Row {
    fn kind(&self) -> Kind {
        self.version.as_ref().map_or(self.metadata.kind, |version| version.kind)
    }

    fn writer(&self) -> Option<LogKey> {
        self.version.as_ref().map_or(self.metadata.writer, |version| Some(version.writer))
    }

    fn info(&self) -> VersionInfo {
        self.version.clone().unwrap_or_else(|| VersionInfo {
            writer: self.metadata.writer.unwrap_or(LogKey([0; 32])),
            kind: self.metadata.kind,
            attributes: self.metadata.attributes.clone(),
            size: self.metadata.size,
            identity: self.metadata.identity,
            commit: None,
        })
    }
}

/// A path as seen from a directory above it.
fn below(top: &Path, path: &Path) -> String {
    let skip = if top.is_root() { 0 } else { top.as_bytes().len() + 1 };
    escape(path.as_bytes().get(skip..).unwrap_or_default())
}

/// A name in the colour of its kind; one in conflict stands out.
fn coloured(colour: bool, row: &Row, name: &str) -> String {
    let code = match (row.metadata.conflict, row.kind()) {
        (true, _) => "1;33",
        (false, Kind::Directory) => "1;34",
        (false, Kind::Symlink) => "1;36",
        (false, Kind::File) if row.metadata.attributes.mode & 0o111 != 0 => "1;32",
        _ => return name.to_owned(),
    };
    if colour { format!("\x1b[{code}m{name}\x1b[0m") } else { name.to_owned() }
}
