//! Paths inside a drive.
//!
//! Names are bytes, as Unix has them: anything but `/`, NUL, `.`, `..` and the empty name. A path is
//! absolute and in normal form, so equal paths are equal bytes.

use std::fmt;

use thiserror::Error;

/// Longest name of a directory entry, as on Linux.
pub const NAME_BYTES_MAX: usize = 255;

/// Longest path, as Linux takes in one call (`PATH_MAX` less the final NUL). It bounds index keys.
pub const PATH_BYTES_MAX: usize = 4095;

/// One name in a directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Vec<u8>);

/// An absolute path in normal form: names joined by `/`, without a leading or trailing one.
///
/// The root of the drive is the empty path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(Vec<u8>);

/// Why bytes are not a path or a name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// A name is longer than file systems take.
    #[error("a name of {name_bytes} bytes is longer than {NAME_BYTES_MAX}: '{}…'", lossy(.start))]
    NameTooLong {
        /// Its length.
        name_bytes: usize,
        /// How it begins.
        start: Vec<u8>,
    },
    /// The whole path is longer than file systems take.
    #[error("a path of {path_bytes} bytes is longer than {PATH_BYTES_MAX}")]
    PathTooLong {
        /// Its length.
        path_bytes: usize,
    },
    /// `.` or `..` stands in the path; a drive has no working directory to be relative to.
    #[error("'{name}' is not a name in a drive: write the path out from its root")]
    Relative {
        /// The name at fault.
        name: String,
    },
    /// A NUL byte, or a `/` where one name was asked for.
    #[error("a name cannot contain byte {byte:#04x}")]
    ForbiddenByte {
        /// The byte at fault.
        byte: u8,
    },
    /// The empty name.
    #[error("a name cannot be empty")]
    EmptyName,
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn check_name(name: &[u8]) -> Result<(), PathError> {
    if NAME_BYTES_MAX < name.len() {
        let start = name.iter().copied().take(16).collect();
        return Err(PathError::NameTooLong { name_bytes: name.len(), start });
    }
    if let Some(&byte) = name.iter().find(|&&byte| byte == b'/' || byte == 0) {
        return Err(PathError::ForbiddenByte { byte });
    }
    match name {
        b"" => Err(PathError::EmptyName),
        b"." | b".." => Err(PathError::Relative { name: lossy(name) }),
        _ => Ok(()),
    }
}

impl Name {
    /// Takes one name.
    ///
    /// # Errors
    ///
    /// When it is empty, too long, `.`, `..`, or contains `/` or NUL.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, PathError> {
        let bytes = bytes.into();
        check_name(&bytes)?;
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Path {
    /// The root of a drive.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Takes a path as a person writes it: a leading `/` may be missing, doubled and trailing ones
    /// are dropped.
    ///
    /// # Errors
    ///
    /// When it is too long, or a name in it is not one a drive can hold (`.` and `..` among them).
    pub fn parse(bytes: &[u8]) -> Result<Self, PathError> {
        let mut path = Vec::with_capacity(bytes.len().min(PATH_BYTES_MAX));
        for name in bytes.split(|&byte| byte == b'/').filter(|name| !name.is_empty()) {
            check_name(name)?;
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        }
        if PATH_BYTES_MAX < path.len() {
            return Err(PathError::PathTooLong { path_bytes: path.len() });
        }
        Ok(Self(path))
    }

    /// The path of `name` inside this directory.
    ///
    /// # Errors
    ///
    /// When the whole becomes too long.
    pub fn join(&self, name: &Name) -> Result<Self, PathError> {
        let mut path = self.0.clone();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        if PATH_BYTES_MAX < path.len() {
            return Err(PathError::PathTooLong { path_bytes: path.len() });
        }
        Ok(Self(path))
    }

    /// The bytes in normal form: no leading `/`, empty for the root.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root of the drive.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The names from the root down.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = Name> + '_ {
        self.0
            .split(|&byte| byte == b'/')
            .filter(|name| !name.is_empty())
            .map(|name| Name(name.to_vec()))
    }

    /// Splits into directory and name; `None` for the root.
    #[must_use]
    pub fn split(&self) -> Option<(Self, Name)> {
        if self.is_root() {
            return None;
        }
        let split = match self.0.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => {
                let (parent, name) = self.0.split_at(slash);
                (Self(parent.to_vec()), Name(name.get(1..).unwrap_or_default().to_vec()))
            }
            None => (Self::root(), Name(self.0.clone())),
        };
        Some(split)
    }

    /// The directory that holds this path; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.split().map(|(parent, _)| parent)
    }

    /// The directories above this path, from the root down, without the path itself.
    #[must_use]
    pub fn ancestors(&self) -> Vec<Self> {
        let mut ancestors: Vec<Self> = std::iter::successors(self.parent(), Self::parent).collect();
        ancestors.reverse();
        ancestors
    }

    /// Whether this path is `other` or lies below it.
    #[must_use]
    pub fn starts_with(&self, other: &Self) -> bool {
        match self.0.strip_prefix(other.0.as_slice()) {
            Some(rest) => other.is_root() || rest.is_empty() || rest.starts_with(b"/"),
            None => false,
        }
    }

    /// This path with the directory `from` replaced by `to`; `None` where it is not below `from`.
    ///
    /// # Errors
    ///
    /// When the result is too long.
    pub fn rebase(&self, from: &Self, to: &Self) -> Result<Option<Self>, PathError> {
        if !self.starts_with(from) {
            return Ok(None);
        }
        let rest = self.0.get(from.0.len()..).unwrap_or_default();
        let mut path = to.0.clone();
        path.push(b'/');
        path.extend_from_slice(rest);
        Self::parse(&path).map(Some)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text.as_bytes()).expect("a valid path")
    }

    #[test]
    fn slashes_are_normalised() {
        assert_eq!(path("/a//b/"), path("a/b"));
        assert_eq!(path("/"), Path::root());
        assert_eq!(path("a/b").to_string(), "/a/b");
    }

    #[test]
    fn names_that_file_systems_refuse_are_refused() {
        assert!(matches!(Path::parse(b"a/../b"), Err(PathError::Relative { .. })));
        assert!(matches!(Path::parse(b"./b"), Err(PathError::Relative { .. })));
        assert!(matches!(Path::parse(b"a\0b"), Err(PathError::ForbiddenByte { byte: 0 })));
        assert!(matches!(Path::parse(&[b'n'; 256]), Err(PathError::NameTooLong { .. })));
        assert!(Path::parse(&[b'n'; 255]).is_ok());
        let deep = "d/".repeat(10_000);
        assert!(matches!(Path::parse(deep.as_bytes()), Err(PathError::PathTooLong { .. })));
        assert_eq!(Name::parse("a/b"), Err(PathError::ForbiddenByte { byte: b'/' }));
        assert_eq!(Name::parse(""), Err(PathError::EmptyName));
    }

    #[test]
    fn a_path_splits_and_joins() {
        let (parent, name) = path("a/b/c").split().expect("not the root");
        assert_eq!((parent.clone(), name.to_string()), (path("a/b"), "c".to_owned()));
        assert_eq!(parent.join(&name), Ok(path("a/b/c")));
        assert_eq!(path("a/b/c").ancestors(), [Path::root(), path("a"), path("a/b")]);
        assert_eq!(Path::root().split(), None);
    }

    #[test]
    fn a_prefix_counts_only_at_a_name() {
        assert!(path("a/b").starts_with(&path("a")));
        assert!(path("a").starts_with(&path("a")));
        assert!(!path("ab").starts_with(&path("a")));
        assert!(path("x").starts_with(&Path::root()));
        assert_eq!(path("a/b/c").rebase(&path("a"), &path("z/y")), Ok(Some(path("z/y/b/c"))));
        assert_eq!(path("ab").rebase(&path("a"), &path("z")), Ok(None));
    }
}
