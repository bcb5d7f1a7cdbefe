//! Reading what the recorder wrote down.

use std::path::Path;

/// What a call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Write,
    Truncate,
    Sync,
    Rename,
    Unlink,
    MakeFolder,
}

/// One call on a file. Paths are relative to the home.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) kind: Kind,
    pub(crate) path: String,
    /// Where it is renamed to.
    pub(crate) other: String,
    /// Where it is written, or the length that it is cut to.
    pub(crate) offset: usize,
    pub(crate) data: Vec<u8>,
}

/// Takes some bytes off the front.
fn take<'bytes>(bytes: &mut &'bytes [u8], count: usize) -> &'bytes [u8] {
    let (part, rest) = bytes.split_at(count);
    *bytes = rest;
    part
}

fn length(bytes: &mut &[u8]) -> usize {
    u32::from_le_bytes(take(bytes, 4).try_into().unwrap()) as usize
}

fn relative(path: &[u8], home: &Path) -> String {
    let path = Path::new(std::str::from_utf8(path).unwrap());
    let inner = path.strip_prefix(home).unwrap_or(Path::new(""));
    inner.to_str().unwrap().trim_end_matches('/').to_owned()
}

/// Every call of a trace.
pub(crate) fn read(mut bytes: &[u8], home: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    let bytes = &mut bytes;
    while !bytes.is_empty() {
        let letter = take(bytes, 1)[0];
        let lengths = [length(bytes), length(bytes), length(bytes)];
        let offset = u64::from_le_bytes(take(bytes, 8).try_into().unwrap());
        let path = relative(take(bytes, lengths[0]), home);
        let other = relative(take(bytes, lengths[1]), home);
        let data = take(bytes, lengths[2]).to_vec();
        let kind = match letter {
            b'C' => Kind::Create,
            b'W' => Kind::Write,
            b'T' => Kind::Truncate,
            b'S' => Kind::Sync,
            b'R' => Kind::Rename,
            b'U' => Kind::Unlink,
            b'D' => Kind::MakeFolder,
            other => panic!("{path}: a call that is not modelled: {}", char::from(other)),
        };
        calls.push(Call { kind, path, other, offset: usize::try_from(offset).unwrap(), data });
    }
    calls
}

/// How many syncs of files there are, and how many of folders.
pub(crate) fn syncs(calls: &[Call]) -> (u64, u64) {
    let syncs = calls.iter().filter(|call| call.kind == Kind::Sync);
    let is_folder = |call: &&Call| {
        let made = |it: &Call| it.kind == Kind::MakeFolder && it.path == call.path;
        call.path.is_empty() || calls.iter().any(made)
    };
    let (folders, files): (Vec<_>, Vec<_>) = syncs.partition(is_folder);
    (files.len() as u64, folders.len() as u64)
}
