//! What this node says it has.
//!
//! The table publishes a key once, to the peers it knows at that moment: a node that has just started
//! knows none, and its records would be nowhere until the next round. So all keys are published again
//! soon after the table has grown.

use std::collections::BTreeSet;
use std::time::Duration;

use ply_types::DhtKey;
use tokio::time::Instant;

use super::{Behaviour, record_key};
use crate::error::NetError;

/// New peers come in groups: wait for the rest of the group.
const SETTLE: Duration = Duration::from_secs(1);
/// A table that keeps growing does not make a node publish more often than this.
const REPEAT: Duration = Duration::from_mins(1);

/// See the module docs.
#[derive(Default)]
pub(crate) struct Providing {
    keys: BTreeSet<DhtKey>,
    due: Option<Instant>,
    published: Option<Instant>,
}

impl Providing {
    pub(crate) fn start(&mut self, table: &mut Behaviour, key: DhtKey) -> Result<(), NetError> {
        let table = table.as_mut().ok_or(NetError::NoDht)?;
        table.start_providing(record_key(key)).map_err(|_| NetError::DhtFull)?;
        self.keys.insert(key);
        Ok(())
    }

    pub(crate) fn stop(&mut self, table: &mut Behaviour, key: DhtKey) {
        self.keys.remove(&key);
        if let Some(table) = table.as_mut() {
            table.stop_providing(&record_key(key));
        }
    }

    /// The table knows one more peer.
    pub(crate) fn table_grew(&mut self, now: Instant) {
        let earliest = self.published.map_or(now, |published| published + REPEAT);
        self.due.get_or_insert(earliest.max(now + SETTLE));
    }

    /// Publishes everything again when that is due.
    pub(crate) fn tick(&mut self, table: &mut Behaviour, now: Instant) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = None;
        let Some(table) = table.as_mut() else { return };
        for &key in &self.keys {
            self.published = Some(now);
            if let Err(error) = table.start_providing(record_key(key)) {
                tracing::warn!(?key, ?error, "not published");
            }
        }
    }
}
