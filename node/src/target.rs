//! What arguments name: `DRIVE`, `DRIVE:/path`, `DRIVE@VERSION:/path`.
//!
//! A name in a drive is any bytes that Unix takes, so arguments are read as bytes. The path begins at
//! the first `:/`; what stands before an `@` is the drive.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::builder::{OsStringValueParser, TypedValueParser};
use ply_drive::{DriveError, Revision};
use ply_types::{Path, PathError};
use thiserror::Error;

use crate::error::CommandError;

/// A drive, maybe at a version, maybe with a path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Local name, key, or prefix of a key.
    pub(crate) drive: String,
    /// Which moment; `None` for now.
    pub(crate) version: Option<Moment>,
    /// Where in it; `None` when only the drive is named.
    pub(crate) path: Option<Path>,
    /// The path ends in a slash: it can only be that of a directory.
    pub(crate) is_directory: bool,
}

/// A moment in the history of a drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A commit, by its id or counted back.
    Revision(Revision),
    /// A named root.
    Root {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
}

/// Why a text names nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum TargetError {
    /// Nothing stands where a drive should.
    #[error("'{text}' names no drive: write DRIVE or DRIVE:/path")]
    NoDrive {
        /// The text.
        text: String,
    },
    /// The path does not begin with a slash.
    #[error("'{text}' has no path: a path begins with a slash, as in DRIVE:/path")]
    NoSlash {
        /// The text.
        text: String,
    },
    /// The name of a drive is not UTF-8.
    #[error("the name of a drive must be UTF-8")]
    NotText,
    /// A version that is none of the three forms.
    #[error(
        "'{text}' is no version: write a commit id, NAME:VERSION of a root, or -N commits back"
    )]
    NoMoment {
        /// The text.
        text: String,
    },
    /// The path is not one.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Target {
    /// Reads an argument.
    pub(crate) fn parse(argument: &OsStr) -> Result<Self, TargetError> {
        let bytes = argument.as_bytes();
        let text = || argument.to_string_lossy().into_owned();
        let colon = bytes.windows(2).position(|pair| pair == b":/");
        let (head, path) = match colon {
            Some(colon) => {
                let (head, path) = bytes.split_at(colon);
                (head, Some(Path::parse(path.get(1..).unwrap_or_default())?))
            }
            // The colon alone: the drive as a whole.
            None => (bytes.strip_suffix(b":").unwrap_or(bytes), None),
        };
        let head = std::str::from_utf8(head).map_err(|_| TargetError::NotText)?;
        let (drive, version) = match head.split_once('@') {
            Some((drive, version)) => (drive, Some(Moment::parse(version)?)),
            None => (head, None),
        };
        if drive.is_empty() {
            return Err(TargetError::NoDrive { text: text() });
        }
        if drive.contains(':') {
            return Err(TargetError::NoSlash { text: text() });
        }
        let is_directory = path.is_some() && bytes.ends_with(b"/");
        Ok(Self { drive: drive.to_owned(), version, path, is_directory })
    }

    /// For arguments of the command line.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(|text: OsString| Self::parse(&text))
    }

    /// The path, where one has to be there.
    pub(crate) fn path(&self) -> Result<&Path, CommandError> {
        self.path.as_ref().ok_or_else(|| {
            CommandError::Usage(format!("'{0}' names a drive: write {0}:/path", self.drive))
        })
    }

    /// The path of something that is no directory, and not named like one.
    pub(crate) fn file_path(&self) -> Result<&Path, CommandError> {
        match self.path()? {
            path if self.is_directory && !path.is_root() => {
                Err(DriveError::NotADirectory { path: path.clone() }.into())
            }
            path => Ok(path),
        }
    }

    /// The path; the root of the drive when none was given.
    pub(crate) fn path_or_root(&self) -> Path {
        self.path.clone().unwrap_or_default()
    }

    /// Refuses versions of the past, for commands that are about the drive as it is.
    pub(crate) fn now(&self) -> Result<&Self, CommandError> {
        match self.version {
            None => Ok(self),
            Some(_) => Err(CommandError::Usage(
                "the past cannot be changed, only read: ply ls, stat, cat, get and export"
                    .to_owned(),
            )),
        }
    }
}

impl Moment {
    fn parse(text: &str) -> Result<Self, TargetError> {
        let no_moment = || TargetError::NoMoment { text: text.to_owned() };
        if let Some((name, version)) = text.split_once(':') {
            // One colon more would be told from the one behind the version by nobody.
            if name.is_empty() || version.is_empty() || version.contains(':') {
                return Err(no_moment());
            }
            return Ok(Self::Root { name: name.to_owned(), version: version.to_owned() });
        }
        text.parse().map(Self::Revision).map_err(|_| no_moment())
    }
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, TargetError> {
        Target::parse(OsStr::new(text))
    }

    fn target(drive: &str, version: Option<Moment>, path: Option<&str>) -> Target {
        let is_directory = path.is_some_and(|path| path.ends_with('/'));
        let path = path.map(|path| Path::parse(path.as_bytes()).expect("a path"));
        Target { drive: drive.to_owned(), version, path, is_directory }
    }

    #[test]
    fn drives_and_paths_are_told_apart() {
        assert_eq!(parse("docs"), Ok(target("docs", None, None)));
        assert_eq!(parse("docs:"), Ok(target("docs", None, None)));
        assert_eq!(parse("docs:/"), Ok(target("docs", None, Some("/"))));
        assert_eq!(parse("docs:/a/"), Ok(target("docs", None, Some("a/"))));
        assert_eq!(parse("docs:/a/b:/c@d"), Ok(target("docs", None, Some("a/b:/c@d"))));
        assert!(matches!(parse("docs:a"), Err(TargetError::NoSlash { .. })));
        assert!(matches!(parse(":/a"), Err(TargetError::NoDrive { .. })));
        assert!(matches!(parse("docs:/a/../b"), Err(TargetError::Path(_))));
    }

    #[test]
    fn a_version_is_one_of_three() {
        let root = Moment::Root { name: "web".to_owned(), version: "1.2".to_owned() };
        let back = Moment::Revision(Revision::Back(3));
        assert_eq!(parse("d@-3:/a"), Ok(target("d", Some(back), Some("a"))));
        assert_eq!(parse("d@web:1.2:/a"), Ok(target("d", Some(root), Some("a"))));
        let commit = || Some(Moment::Revision(Revision::Commit("ab12".to_owned())));
        assert_eq!(parse("d@AB12"), Ok(target("d", commit(), None)));
        assert_eq!(parse("d@ab12:"), Ok(target("d", commit(), None)));
        for text in ["d@", "d@-x", "d@:1", "d@name:", "d@xyz", "d@ab1", "d@a:b::"] {
            assert!(matches!(parse(text), Err(TargetError::NoMoment { .. })), "{text}");
        }
    }

    #[test]
    fn names_need_not_be_text() {
        let target = Target::parse(OsStr::from_bytes(b"d:/\xff\xfe")).expect("a target");
        assert_eq!(target.path.expect("a path").as_bytes(), b"\xff\xfe");
        assert_eq!(Target::parse(OsStr::from_bytes(b"\xff:/a")), Err(TargetError::NotText));
    }
}
