//! What a client asks for: its arguments, and who and where it is.
//!
//! The request is a list of fields between NUL bytes, which neither paths nor arguments can hold.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use thiserror::Error;

/// Version of this protocol. Client and node are of one build, or nearly.
const VERSION: &str = "1";
/// Longest request: more than Linux hands to a program.
pub(super) const REQUEST_BYTES_MAX: usize = 4 << 20;
/// Letter for a terminal that shows progress.
const PROGRESS: u8 = b'p';
/// Letter for an output that shows colours.
const COLOUR: u8 = b'c';
/// Letter for an output that is a terminal.
const TERMINAL: u8 = b't';

/// Who runs a command, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// What relative paths are relative to.
    pub(crate) folder: PathBuf,
    /// Permission bits that new files do not get.
    pub(crate) umask: u32,
    /// User.
    pub(crate) uid: u32,
    /// Group.
    pub(crate) gid: u32,
    /// Whether somebody watches the standard error.
    pub(crate) progress: bool,
    /// Whether the standard output may be coloured.
    pub(crate) colour: bool,
    /// Whether the standard output is a terminal.
    pub(crate) terminal: bool,
}

/// A command to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Who asks.
    pub(crate) caller: Caller,
    /// The arguments, the name of the program among them.
    pub(crate) arguments: Vec<OsString>,
}

/// Why a request cannot be understood.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum RequestError {
    /// From a client of another version.
    #[error("the running node is of another version of ply: restart it with 'ply down', 'ply up'")]
    OtherVersion,
    /// Not what any client sends.
    #[error("malformed request")]
    Malformed,
    /// As many commands run as may.
    #[error("{running} commands run on this node already: try again when one has ended")]
    Busy {
        /// How many.
        running: usize,
    },
}

impl Caller {
    /// This process.
    pub(crate) fn own() -> std::io::Result<Self> {
        use std::io::IsTerminal;
        let terminal = std::io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Ok(Self {
            folder: std::env::current_dir()?,
            umask: umask(),
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            progress: std::io::stderr().is_terminal(),
            colour: terminal && !no_colour,
            terminal,
        })
    }

    /// A path as the caller means it.
    pub(crate) fn path(&self, path: &std::path::Path) -> PathBuf {
        self.folder.join(path)
    }
}

/// The process's umask. It can only be read by setting it.
fn umask() -> u32 {
    let umask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    rustix::process::umask(umask);
    umask.as_raw_mode()
}

impl Request {
    /// The bytes that the client sends.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let caller = &self.caller;
        let mut letters = Vec::new();
        letters.extend(caller.progress.then_some(PROGRESS));
        letters.extend(caller.colour.then_some(COLOUR));
        letters.extend(caller.terminal.then_some(TERMINAL));
        let numbers = format!("{} {} {}", caller.umask, caller.uid, caller.gid);
        let mut fields = vec![
            VERSION.as_bytes(),
            caller.folder.as_os_str().as_bytes(),
            numbers.as_bytes(),
            letters.as_slice(),
        ];
        fields.extend(self.arguments.iter().map(|argument| argument.as_bytes()));
        fields.join(&0)
    }

    /// Reads what [`Request::encode`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, RequestError> {
        let mut fields = bytes.split(|&byte| byte == 0);
        if fields.next() != Some(VERSION.as_bytes()) {
            return Err(RequestError::OtherVersion);
        }
        let mut field = || fields.next().ok_or(RequestError::Malformed);
        let folder = PathBuf::from(OsStr::from_bytes(field()?));
        let numbers = std::str::from_utf8(field()?).map_err(|_| RequestError::Malformed)?;
        let numbers: Vec<u32> = numbers.split(' ').filter_map(|text| text.parse().ok()).collect();
        let &[umask, uid, gid] = numbers.as_slice() else { return Err(RequestError::Malformed) };
        let letters = field()?;
        let has = |letter| letters.contains(&letter);
        let (progress, colour, terminal) = (has(PROGRESS), has(COLOUR), has(TERMINAL));
        let caller = Caller { folder, umask, uid, gid, progress, colour, terminal };
        let arguments = fields.map(|field| OsString::from_vec(field.to_vec())).collect();
        Ok(Self { caller, arguments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back() {
        let caller = Caller {
            folder: PathBuf::from(OsStr::from_bytes(b"/home/\xff")),
            umask: 0o22,
            uid: 1000,
            gid: 100,
            progress: true,
            colour: false,
            terminal: true,
        };
        let arguments = ["ply", "put", "", "d:/a b"].map(OsString::from).to_vec();
        let request = Request { caller, arguments };
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(Request::decode(b"2\0/\x000 0 0\0"), Err(RequestError::OtherVersion));
        assert_eq!(Request::decode(b""), Err(RequestError::OtherVersion));
        assert_eq!(Request::decode(b"1\0/\x000 0\0"), Err(RequestError::Malformed));
        assert_eq!(Request::decode(b"1\0/"), Err(RequestError::Malformed));
    }
}
