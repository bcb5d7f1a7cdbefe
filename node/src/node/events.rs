//! What happens in drives, told to those who watch.

use ply_types::{DriveId, Path};
use tokio::sync::broadcast;

/// Events that a slow watcher may be behind before it misses some.
const BEHIND_MAX: usize = 1024;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// In which drive.
    pub(crate) drive: DriveId,
    /// What.
    pub(crate) change: Change,
    /// Where; `None` when it is about the whole drive.
    pub(crate) path: Option<Path>,
    /// More about it: a commit id, a writer.
    pub(crate) detail: Option<String>,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A path of the draft was written.
    Written,
    /// A path of the draft was removed.
    Removed,
    /// The draft became a commit.
    Committed,
    /// The draft was dropped.
    Discarded,
    /// Something arrived from a peer.
    Arrived,
}

impl Change {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Written => "write",
            Self::Removed => "remove",
            Self::Committed => "commit",
            Self::Discarded => "discard",
            Self::Arrived => "arrival",
        }
    }
}

/// Where events are told.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    sender: broadcast::Sender<Event>,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND_MAX) }
    }

    /// Tells an event. Nobody needs to listen.
    pub(crate) fn tell(&self, event: Event) {
        // An error says only that nobody watches.
        drop(self.sender.send(event));
    }

    /// Listens from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}
