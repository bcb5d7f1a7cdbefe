//! The tables: each a key space of its own.

/// A key space. The name is part of the store's format and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Single facts about the node and its drives.
    Meta,
    /// Log key → signed head, roots and what else is known of a log as a whole.
    Log,
    /// (log, block) → location and leaf hash.
    Block,
    /// (log, tree index) → Merkle tree node.
    Node,
    /// (log, page) → which blocks are held.
    Have,
    /// (drive, …) → membership records, admissions and fork proofs.
    Member,
    /// (drive, path) → change not committed yet.
    Draft,
    /// (drive, page hash) → where a page of an index is held.
    Page,
    /// (drive, …) → the union, kept as an index of its own.
    Union,
    /// (drive, keyed chunk hash) → where an equal chunk is held.
    Dedup,
    /// (drive, source path) → what a file looked like when it was imported last.
    Stat,
}

impl Table {
    /// Every table, in the order of their declaration.
    pub const ALL: [Self; 11] = [
        Self::Meta,
        Self::Log,
        Self::Block,
        Self::Node,
        Self::Have,
        Self::Member,
        Self::Draft,
        Self::Page,
        Self::Union,
        Self::Dedup,
        Self::Stat,
    ];

    /// The name under which an engine keeps the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Log => "log",
            Self::Block => "block",
            Self::Node => "node",
            Self::Have => "have",
            Self::Member => "member",
            Self::Draft => "draft",
            Self::Page => "page",
            Self::Union => "union",
            Self::Dedup => "dedup",
            Self::Stat => "stat",
        }
    }
}
