//! Files and directories, as rows and as objects.

use ply_drive::{Attributes, Kind, Metadata, VersionInfo};
use ply_types::LogKey;
use serde::Serialize;

use super::{Spelled, kind_word, letters, rfc3339};

/// A path with the version that is shown there, or one version of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EntryObject {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    #[serde(flatten)]
    version: VersionObject,
    conflict: bool,
    versions: usize,
}

/// What one writer says of a path.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VersionObject {
    kind: &'static str,
    size: u64,
    mode: String,
    uid: u32,
    gid: u32,
    mtime: String,
    writer: Option<String>,
    hash: Option<String>,
}

/// The writers of whom not everything is here.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Unfetched {
    unfetched: Vec<String>,
}

impl Unfetched {
    /// Names them; `None` when there is none.
    pub(crate) fn of(writers: &[LogKey]) -> Option<Self> {
        let unfetched: Vec<String> = writers.iter().map(LogKey::to_string).collect();
        (!unfetched.is_empty()).then_some(Self { unfetched })
    }
}

impl VersionObject {
    fn new(kind: Kind, attributes: &Attributes, size: u64) -> Self {
        Self {
            kind: kind_word(kind),
            size,
            mode: format!("{:04o}", attributes.mode),
            uid: attributes.uid,
            gid: attributes.gid,
            mtime: rfc3339(attributes.mtime),
            writer: None,
            hash: None,
        }
    }

    /// The version that is shown.
    pub(crate) fn shown(metadata: &Metadata) -> Self {
        Self {
            writer: metadata.writer.map(|writer| writer.to_string()),
            hash: metadata.identity.map(|identity| identity.to_string()),
            ..Self::new(metadata.kind, &metadata.attributes, metadata.size)
        }
    }

    /// One version of several.
    pub(crate) fn one(version: &VersionInfo) -> Self {
        Self {
            writer: Some(version.writer.to_string()),
            hash: version.identity.map(|identity| identity.to_string()),
            ..Self::new(version.kind, &version.attributes, version.size)
        }
    }
}

impl EntryObject {
    /// A path with a version of it.
    pub(crate) fn new(metadata: &Metadata, version: VersionObject) -> Self {
        let name = metadata.path.split().map(|(_, name)| Spelled::new(name.as_bytes()));
        let name = name.unwrap_or_else(|| Spelled::new(b"/"));
        let path = Spelled::new(&[b"/", metadata.path.as_bytes()].concat());
        Self {
            name: name.text,
            name_bytes: name.bytes,
            path: path.text,
            path_bytes: path.bytes,
            version,
            conflict: metadata.conflict,
            versions: metadata.versions.len(),
        }
    }
}

/// Rows of a long listing, columns under each other: what each path is, and its name.
pub(crate) fn long_rows(entries: &[(VersionInfo, String)]) -> Vec<String> {
    let width = |of: fn(&VersionInfo) -> String| {
        entries.iter().map(|(version, _)| of(version).len()).max().unwrap_or(0)
    };
    let size = |version: &VersionInfo| version.size.to_string();
    let uid = |version: &VersionInfo| version.attributes.uid.to_string();
    let gid = |version: &VersionInfo| version.attributes.gid.to_string();
    let (sizes, uids, gids) = (width(size), width(uid), width(gid));
    let row = |(version, name): &(VersionInfo, String)| {
        let time: String = rfc3339(version.attributes.mtime).chars().take(19).collect();
        format!(
            "{} {:>uids$} {:>gids$} {:>sizes$} {} {name}",
            letters(version.kind, version.attributes.mode),
            uid(version),
            gid(version),
            size(version),
            time.replace('T', " "),
        )
    };
    entries.iter().map(row).collect()
}
