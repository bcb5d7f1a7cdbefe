//! The folder of a node: where everything is that it keeps.
//!
//! ```text
//! node.secret    32 bytes, mode 0600: who this node is
//! install        which folder on which machine this is, and the nonce of its writer keys
//! port           the port it listens on, in decimal
//! store/         drives, blocks, drafts
//! control.sock   there while a node runs, mode 0600
//! ```

#[cfg(test)]
mod fuzz;
mod install;
mod port;
mod secret;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub(crate) use install::Install;
pub(crate) use port::{Listen, forget_port};
pub(crate) use secret::{make_secret, read_secret};

use crate::error::CommandError;

/// Where a home is told of, apart from `--home`.
const HOME_VARIABLE: &str = "PLY_HOME";

/// A node's folder. It need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// The home that the user means: `--home`, else `PLY_HOME`, else one in the XDG data folder.
    pub(crate) fn locate(flag: Option<&Path>) -> Result<Self, CommandError> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = match (flag, variable(HOME_VARIABLE), variable("XDG_DATA_HOME")) {
            (Some(flag), _, _) => flag.to_owned(),
            (None, Some(home), _) => PathBuf::from(home),
            (None, None, Some(data)) => Path::new(&data).join("plywood"),
            (None, None, None) => {
                let user = variable("HOME").ok_or_else(|| CommandError::Home {
                    place: PathBuf::from("~"),
                    what: "there is no home folder: choose a place with --home or PLY_HOME",
                })?;
                Path::new(&user).join(".local/share/plywood")
            }
        };
        let folder =
            std::path::absolute(&folder).map_err(CommandError::file("locating", &folder))?;
        Ok(Self { folder })
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The node's secret.
    pub(crate) fn secret(&self) -> PathBuf {
        self.folder.join("node.secret")
    }

    /// What tells a copied home.
    pub(crate) fn install(&self) -> PathBuf {
        self.folder.join("install")
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> PathBuf {
        self.folder.join("port")
    }

    /// The folder of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// The control socket of a running node.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("control.sock")
    }

    /// Makes the folder, readable for its owner alone.
    pub(crate) fn create(&self) -> Result<(), CommandError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(CommandError::file("creating", &self.folder))
    }
}

/// Writes a small private file so that a crash leaves all of it or nothing.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let fresh = path.with_extension("new");
    let written = remove_if_there(&fresh).and_then(|()| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    });
    written.map_err(CommandError::file("writing", path))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
