//! Telling whoever watches what happens to a drive.
//!
//! Each watcher has a ring of its own. One that is slow loses the oldest events and is told how
//! many: nothing that happens to a drive ever waits for somebody who watches.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use futures::Stream;
use futures::task::AtomicWaker;
use ply_engine::Engine;
use ply_types::{LogKey, Path};

use super::Replica;
use crate::clock::CommitMark;

/// Events that wait for one watcher. A screen of them a second for half a minute.
const EVENTS_MAX: usize = 1024;

/// Something that happened to a drive on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The draft changed a path.
    Changed {
        /// Which.
        path: Path,
    },
    /// The draft became a commit.
    Committed {
        /// Its name.
        mark: CommitMark,
    },
    /// The draft was dropped.
    Discarded {
        /// Paths that it changed.
        paths: u64,
    },
    /// Commits of other writers count from now on.
    Arrived {
        /// The newest of each, where it is another than before.
        heads: Vec<(LogKey, CommitMark)>,
    },
    /// Content or pages were brought from elsewhere.
    Fetched {
        /// For which path; `None` for what was not asked for by one.
        path: Option<Path>,
        /// How many bytes.
        bytes: u64,
    },
    /// This watcher was too slow.
    Lagged {
        /// Events that it missed.
        events: u64,
    },
}

/// What happens to a drive from now on. Ends when the drive is closed.
#[derive(Debug)]
pub struct Watch {
    ring: Arc<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    state: Mutex<Waiting>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    missed: u64,
    closed: bool,
}

/// All who watch a drive.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    rings: Mutex<Vec<Weak<Ring>>>,
}

impl Ring {
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.waker.wake();
    }
}

impl Watchers {
    fn watch(&self) -> Watch {
        let ring = Arc::new(Ring::default());
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings.retain(|ring| 0 < ring.strong_count());
        rings.push(Arc::downgrade(&ring));
        Watch { ring }
    }

    fn each(&self, mut tell: impl FnMut(&Ring)) {
        let rings: Vec<Arc<Ring>> = {
            let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
            rings.iter().filter_map(Weak::upgrade).collect()
        };
        for ring in &rings {
            tell(ring);
        }
    }

    fn is_empty(&self) -> bool {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings.iter().all(|ring| ring.strong_count() == 0)
    }
}

impl<E: Engine> Replica<E> {
    /// Watches the drive from now on.
    pub fn watch(&self) -> Watch {
        self.watchers.watch()
    }

    /// Whether anybody watches.
    pub(crate) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// Tells all who watch that bytes were brought. For whoever brings them.
    pub fn fetched(&self, path: Option<&Path>, bytes: u64) {
        self.tell(|| [Event::Fetched { path: path.cloned(), bytes }]);
    }

    /// Tells all who watch; makes no events where nobody does.
    pub(crate) fn tell<I: IntoIterator<Item = Event>>(&self, events: impl FnOnce() -> I) {
        if !self.is_watched() {
            return;
        }
        for event in events() {
            self.watchers.each(|ring| {
                ring.change(|waiting| {
                    if waiting.events.len() == EVENTS_MAX {
                        waiting.events.pop_front();
                        waiting.missed += 1;
                    }
                    waiting.events.push_back(event.clone());
                });
            });
        }
    }

    /// Ends all watching.
    pub(crate) fn end_watching(&self) {
        self.watchers.each(|ring| ring.change(|waiting| waiting.closed = true));
    }
}

impl Stream for Watch {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        // Before looking: what comes in between wakes again.
        self.ring.waker.register(context.waker());
        let mut waiting = self.ring.state.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = std::mem::take(&mut waiting.missed);
        if 0 < missed {
            return Poll::Ready(Some(Event::Lagged { events: missed }));
        }
        match waiting.events.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None if waiting.closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
