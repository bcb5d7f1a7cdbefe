//! A drive: layers, drafts, commits, and the union of all who write.
//!
//! ```text
//!            Drive        files and directories, asynchronous, fetches what is missing
//!              │
//!     View ────┼──── Transaction
//!   reading    │      writing: draft and commit
//!              │
//!           Replica       one drive on this node: members, commits that count, keys
//!              │
//!        Logs, index pages, frames
//! ```
//!
//! Every writer has a metadata log of its own with commits and index pages, and layers with content.
//! The drive is the union of all writers' trees, computed when it is read by the rule in
//! [`Versions`]; nobody has to be asked to write, and nothing is ever merged by force. What it comes to
//! is also kept as an index of its own on each node, whose root says whether two nodes show the same:
//! [`Replica::union_root`].
//!
//! # Where this sits
//!
//! Rank 3, pure: storage comes through `engine`, peers through [`Remote`], time and chance through
//! [`Host`]. A program that brings its own can embed a drive: see `examples/embed.rs`.
//!
//! # Invariants
//!
//! - What is read was checked: pages and chunks by hash, blocks by the tree of their log.
//! - The union is a function of the commits that count and the members, in any order of arrival.
//! - The index of the union follows from the commits alone, whenever and in whatever steps it was made.
//! - A row of a writer's tree never lies below anything but rows of directories in the same tree.
//! - A commit is durable, with all its content, before its name is known to anybody.
//!
//! # Not here
//!
//! - How bytes travel: `sync`, `net`. How they are kept: `store`.

mod cache;
mod cipher;
mod clock;
mod commit;
mod draft;
mod drive;
mod entry;
mod error;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod golden;
mod host;
mod key;
pub mod membership;
mod now;
mod others;
mod prepare;
mod remote;
mod replica;
mod settings;
#[cfg(feature = "suite")]
pub mod suite;
pub mod ticket;
mod trace;
mod transaction;
mod union;
mod versions;
mod view;

pub use clock::{Clock, CommitMark};
pub use commit::{Body as CommitBody, Commit, Envelope};
pub use drive::{
    Create, DIRTY_BYTES_MAX, DirEntry, DirStream, Drive, File, HistoryEntry, Keep, Metadata,
    OpenOptions, Past, PastVersion, ReadDir, ReadHandle, TARGET_BYTES_MAX, VersionInfo,
    VersionStream, WriteOptions,
};
pub use entry::{Attributes, Body, Entry, Kept, Kind, LinkMark, Stamp, Stored, Xattr};
pub use error::{DriveError, Incomplete, Missing};
pub use host::Host;
pub use prepare::{Prepared, PreparedPiece, Preparer};
pub use remote::{Alone, BoxFuture, Remote, RemoteError, Want};
pub use replica::{
    Event, Gaps, Replica, Revision, RevisionError, Watch, read_settings, remove_drive,
    write_settings,
};
pub use settings::{
    Access, CreateError, CreateOptions, Cutting, DRIVE_NAME_BYTES_MAX, Invitation, Settings,
    SettingsError, Visibility, check_drive_name,
};
pub use transaction::{Committed, Sight, Transaction};
pub use versions::{Row, Version, Versions};
pub use view::{Listing, Local, Named, PathState, Reader, View, Walk};
