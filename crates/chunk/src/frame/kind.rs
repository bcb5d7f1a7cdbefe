//! What a frame holds.

use std::fmt;

/// What a frame holds. Sealed into it, so that a frame of one kind cannot be passed off as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A chunk of a file.
    Content = 0,
    /// A node of the list of a file's chunks.
    List = 1,
    /// A page of an index.
    Page = 2,
    /// The places of a page's children.
    PageWhere = 3,
    /// The part of a commit that only readers read.
    CommitBody = 4,
    /// The part of a commit that blind mirrors read.
    Envelope = 5,
    /// A compression dictionary.
    Dictionary = 6,
    /// A question to a peer, or its answer.
    Request = 7,
    /// An announcement to whoever knows the drive.
    Gossip = 8,
}

impl Kind {
    /// The byte that stands for it in the associated data. Never given to another kind.
    pub const fn tag(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "content",
            Self::List => "list",
            Self::Page => "page",
            Self::PageWhere => "page-where",
            Self::CommitBody => "commit body",
            Self::Envelope => "envelope",
            Self::Dictionary => "dictionary",
            Self::Request => "request",
            Self::Gossip => "gossip",
        })
    }
}
