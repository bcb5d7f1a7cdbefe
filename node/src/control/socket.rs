//! Where the control socket is, whatever the length of its path.

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tokio::net::{UnixListener, UnixStream};

use crate::home::Home;

/// Longest path that an address of a socket holds (`sun_path`, with its final NUL).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A path to the socket that fits into an address. The folder stays open as long as this lives.
struct Reach {
    path: PathBuf,
    _folder: Option<rustix::fd::OwnedFd>,
}

impl Reach {
    fn new(home: &Home) -> io::Result<Self> {
        let path = home.socket();
        if path.as_os_str().as_bytes().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(Self { path, _folder: None });
        }
        // Through an open folder the path is short.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(home.folder(), flags, Mode::empty())?;
        let name = path.file_name().unwrap_or_default();
        let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Self { path: short, _folder: Some(folder) })
    }
}

/// Connects to the node that runs on a home; `None` when none does.
pub(crate) async fn connect(home: &Home) -> io::Result<Option<UnixStream>> {
    let connected = match Reach::new(home) {
        Ok(reach) => UnixStream::connect(&reach.path).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if is_nobody(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// No socket, or one that a node left behind.
fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::NotADirectory
    )
}

/// Listens. Whoever calls this has locked the store, so a socket that is there was left behind.
pub(crate) fn bind(home: &Home) -> io::Result<UnixListener> {
    remove(home)?;
    let reach = Reach::new(home)?;
    let listener = UnixListener::bind(&reach.path)?;
    std::fs::set_permissions(home.socket(), std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Removes the socket, if there is one. Whoever calls this has locked the store.
pub(crate) fn remove(home: &Home) -> io::Result<()> {
    match std::fs::remove_file(home.socket()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
