//! What went wrong, seen by whoever has to act.

/// What the caller can do about an error.
///
/// Each crate has its own errors with their context; every one of them maps to one of these. Exit
/// codes, errno values and HTTP statuses are total matches over this list, so a new kind is a design
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing has that name.
    Absent,
    /// Something of that name is there already, or others moved first. Look again and decide.
    Conflict,
    /// The request makes no sense. The caller must change it.
    Invalid,
    /// This node may not do that.
    Denied,
    /// Our own bytes are wrong. Fetch them again.
    Corrupt,
    /// A peer's bytes are wrong. Drop the peer.
    Peer,
    /// The bytes exist, and nobody in reach has them now. Try again later.
    Offline,
    /// No room left on this machine.
    Full,
    /// The machine underneath refused: a disk, a socket, the operating system.
    Machine,
}
