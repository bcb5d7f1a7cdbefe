//! Changed arguments.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use ply_fuzz::{Form, RoundTrip, Target as Fuzz};

use super::{Moment, Target};

/// An argument that names the same.
fn written(target: &Target) -> Vec<u8> {
    let version = match &target.version {
        None => String::new(),
        Some(Moment::Revision(revision)) => format!("@{revision}"),
        Some(Moment::Root { name, version }) => format!("@{name}:{version}"),
    };
    let mut bytes = format!("{}{version}", target.drive).into_bytes();
    if let Some(path) = &target.path {
        bytes.extend(b":/");
        bytes.extend(path.as_bytes());
    }
    bytes
}

#[test]
fn fuzz_targets_of_commands() {
    Fuzz::new("target", Form::Text, RoundTrip::Settled)
        .seed("drive", "docs")
        .seed("root", "docs:/")
        .seed("path", b"docs:/a/b:/c@d\xff".as_slice())
        .seed("commit", "docs@ab12cd:/a")
        .seed("named", "docs@web:1.2:/a")
        .seed("back", "docs@-3")
        .run(|bytes| Target::parse(OsStr::from_bytes(bytes)).ok().map(|it| written(&it)));
}
