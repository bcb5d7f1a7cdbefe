//! The roots of drives' unions, for commands that show them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ply_drive::Replica;
use ply_store::Store;
use ply_types::{PageHash, StateHash};
use tokio_util::sync::CancellationToken;

use super::Node;

/// How long a look at all drives waits for roots that have to be worked out, for all of them together.
/// That is enough for the first time with some hundred thousand files, and for what changed since
/// whatever the size.
const GLANCE: Duration = Duration::from_secs(1);

/// How long a command waits for the root of a union.
#[derive(Debug)]
pub(crate) struct Patience {
    until: Option<Instant>,
    stop: CancellationToken,
}

impl Patience {
    /// Not for long.
    pub(crate) fn glance(stop: &CancellationToken) -> Self {
        Self { until: Instant::now().checked_add(GLANCE), stop: stop.clone() }
    }

    /// As long as it takes, until the command is told to stop.
    pub(crate) fn whole(stop: &CancellationToken) -> Self {
        Self { until: None, stop: stop.clone() }
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }
}

impl Node {
    /// The state of a drive, and the root of its union in that state if it is known or can be worked out
    /// meanwhile. Where time runs out, a running node goes on by itself, so that the next to ask is told.
    pub(crate) fn union_root(
        &self,
        replica: &Arc<Replica<Store>>,
        patience: &Patience,
    ) -> (StateHash, Option<PageHash>) {
        let state = replica.state_hash();
        let go_on = || !patience.stop.is_cancelled() && !patience.is_over();
        let root = look(replica, &go_on);
        if root.is_none() && patience.is_over() && self.network().is_some() {
            let (replica, stop) = (Arc::clone(replica), self.stop().clone());
            // Where somebody works on it already, this ends at once.
            drop(tokio::task::spawn_blocking(move || look(&replica, &|| !stop.is_cancelled())));
        }
        // Commits that came in meanwhile make it the root of another state.
        (state, root.filter(|_| replica.state_hash() == state))
    }
}

/// What else a command shows of a drive is shown without the root too.
fn look(replica: &Arc<Replica<Store>>, go_on: &dyn Fn() -> bool) -> Option<PageHash> {
    replica.union_root(go_on).unwrap_or_else(|error| {
        tracing::warn!(drive = %replica.id(), %error, "the root of the union");
        None
    })
}
