//! What the file system says of a path, in the words of the drive.

use ply_drive::{Attributes, Kind, Xattr};
use ply_types::Timestamp;
use rustix::fs::{FileType, Stat};

/// Permission bits, with setuid, setgid and sticky.
const MODE_BITS: u32 = 0o7777;

/// What `stat` says of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) kind: Kind,
    /// Device and inode: equal for names of one file.
    pub(crate) file: (u64, u64),
    /// How many names the file has.
    pub(crate) names: u64,
    pub(crate) bytes: u64,
    pub(crate) mtime: Timestamp,
    pub(crate) ctime: Timestamp,
    mode: u32,
    uid: u32,
    gid: u32,
    /// Major and minor number, of devices.
    pub(crate) device: (u32, u32),
}

/// A file as the file system tells it apart from any other and from itself before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print(pub(crate) [u8; 16]);

impl Meta {
    /// `None` for kinds that no drive has.
    pub(crate) fn of(stat: &Stat) -> Option<Self> {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice => Kind::CharacterDevice,
            FileType::BlockDevice => Kind::BlockDevice,
            FileType::Unknown => return None,
        };
        let nanos = |nanos| u32::try_from(nanos).unwrap_or(0);
        Some(Self {
            kind,
            file: (stat.st_dev, stat.st_ino),
            names: stat.st_nlink,
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            mtime: Timestamp { seconds: stat.st_mtime, nanos: nanos(stat.st_mtime_nsec) },
            ctime: Timestamp { seconds: stat.st_ctime, nanos: nanos(stat.st_ctime_nsec) },
            mode: stat.st_mode & MODE_BITS,
            uid: stat.st_uid,
            gid: stat.st_gid,
            device: (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)),
        })
    }

    pub(crate) fn attributes(&self, xattrs: Vec<Xattr>) -> Attributes {
        Attributes { mode: self.mode, uid: self.uid, gid: self.gid, mtime: self.mtime, xattrs }
    }

    /// Whether the attributes are these, extended ones left out.
    pub(crate) fn has(&self, attributes: &Attributes) -> bool {
        (self.mode, self.uid, self.gid, self.mtime)
            == (attributes.mode, attributes.uid, attributes.gid, attributes.mtime)
    }

    /// Whether content that was read between the two is whole.
    pub(crate) fn same_content(&self, later: &Self) -> bool {
        (self.bytes, self.mtime) == (later.bytes, later.mtime)
    }

    /// The last moment at which anything about the file changed.
    pub(crate) fn changed(&self) -> Timestamp {
        self.mtime.max(self.ctime)
    }

    /// Hash of device, inode, size, mtime and ctime.
    pub(crate) fn print(&self) -> Print {
        let fields = [
            self.file.0.to_le_bytes(),
            self.file.1.to_le_bytes(),
            self.bytes.to_le_bytes(),
            self.mtime.seconds.to_le_bytes(),
            u64::from(self.mtime.nanos).to_le_bytes(),
            self.ctime.seconds.to_le_bytes(),
            u64::from(self.ctime.nanos).to_le_bytes(),
        ];
        Print(short_hash(fields.as_flattened()))
    }
}

/// Half a BLAKE3: enough where nobody gains by finding two equal ones.
pub(crate) fn short_hash(bytes: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.iter_mut().zip(ply_chunk::hash(bytes).0).for_each(|(short, byte)| *short = byte);
    short
}
