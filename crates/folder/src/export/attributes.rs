//! Giving something made its owner, mode, extended attributes and time, in the order in which none
//! undoes another.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use ply_drive::{Attributes, Kind};
use ply_types::{Path, Timestamp};
use rustix::fs::{
    AtFlags, CWD, Gid, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, Uid, chmodat, chownat,
    fchmod, fchown, futimens, openat, utimensat,
};
use rustix::process::{getegid, geteuid};

use super::Dest;
use crate::warning::{Warning, Warnings};
use crate::xattr::Subject;

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;

/// Attributes for something that is open: a file or a directory.
pub(super) fn set_open(
    dest: &Dest,
    path: &Path,
    fd: impl AsFd,
    attributes: &Attributes,
    warnings: &mut Warnings,
) -> io::Result<()> {
    let owned = dest.is_root && fchown(&fd, uid(attributes), gid(attributes)).is_ok();
    set_xattrs(dest, path, &Subject::open(&fd), attributes, warnings);
    fchmod(&fd, mode(dest, path, owned, attributes, warnings))?;
    Ok(futimens(&fd, &times(attributes.mtime))?)
}

/// Attributes for something that cannot be opened, by its name.
pub(super) fn set_named(
    dest: &Dest,
    path: &Path,
    directory: BorrowedFd<'_>,
    name: &[u8],
    kind: Kind,
    attributes: &Attributes,
    warnings: &mut Warnings,
) -> io::Result<()> {
    let nofollow = AtFlags::SYMLINK_NOFOLLOW;
    let owned = dest.is_root
        && chownat(directory, name, uid(attributes), gid(attributes), nofollow).is_ok();
    set_xattrs(dest, path, &Subject::named(directory, name)?, attributes, warnings);
    let mode = mode(dest, path, owned, attributes, warnings);
    // Links have no mode of their own.
    if kind != Kind::Symlink {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        set_mode(&openat(directory, name, flags, Mode::empty())?, mode)?;
    }
    Ok(utimensat(directory, name, &times(attributes.mtime), nofollow)?)
}

/// Sets the mode of what is only named by a descriptor (`O_PATH`).
pub(super) fn set_mode(node: &OwnedFd, mode: Mode) -> io::Result<()> {
    // The only call that takes such a descriptor is one by path.
    let path = format!("/proc/self/fd/{}", node.as_raw_fd());
    Ok(chmodat(CWD, path, mode, AtFlags::empty())?)
}

fn uid(attributes: &Attributes) -> Option<Uid> {
    // All ones would mean "leave it".
    (attributes.uid != u32::MAX).then(|| Uid::from_raw(attributes.uid))
}

fn gid(attributes: &Attributes) -> Option<Gid> {
    (attributes.gid != u32::MAX).then(|| Gid::from_raw(attributes.gid))
}

/// The mode, without the bits that let it run as an owner that it was not meant for.
fn mode(
    dest: &Dest,
    path: &Path,
    owned: bool,
    attributes: &Attributes,
    warnings: &mut Warnings,
) -> Mode {
    let mut mode = attributes.mode;
    if !owned {
        let same_owner = geteuid().as_raw() == attributes.uid;
        let same_group = getegid().as_raw() == attributes.gid;
        if dest.is_root && !(same_owner && same_group) {
            warnings.push(Warning::NoOwner { path: dest.display(path) });
        }
        if !same_owner {
            mode &= !SETUID;
        }
        if !same_group {
            mode &= !SETGID;
        }
    }
    Mode::from_raw_mode(mode)
}

fn set_xattrs(
    dest: &Dest,
    path: &Path,
    subject: &Subject<'_>,
    attributes: &Attributes,
    warnings: &mut Warnings,
) {
    for (name, value) in &attributes.xattrs {
        if subject.set(name, value).is_err() {
            warnings.push(Warning::NoXattr { path: dest.display(path), name: name.clone() });
        }
    }
}

fn times(mtime: Timestamp) -> Timestamps {
    let untouched = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let mtime = Timespec { tv_sec: mtime.seconds, tv_nsec: mtime.nanos.into() };
    Timestamps { last_access: untouched, last_modification: mtime }
}
