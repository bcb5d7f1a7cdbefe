//! What is known to be damaged on this node's disk, in words.

use std::sync::Arc;

use ply_drive::{Missing, Replica};
use ply_store::Store;
use ply_types::LogKey;

use super::Node;

/// What the user should know of a drive's commits and pages that are damaged.
pub(crate) fn damage_of(replica: &Replica<Store>) -> Vec<String> {
    let (name, blocks) = (replica.name(), replica.damaged_blocks());
    let notice = |Missing { log, block }: Missing| {
        format!(
            "drive '{name}': block {block} of log {log} is damaged here; it is fetched from the next \
             peer that has it"
        )
    };
    blocks.into_iter().map(notice).collect()
}

impl Node {
    /// What the user should know of all drives that are open.
    pub(crate) fn damage(&self) -> Vec<String> {
        self.open_drives().values().flat_map(|replica| damage_of(replica)).collect()
    }

    /// That a writer's part is not here, and why, if that can be told from the drives that are open.
    pub(crate) fn unfetched(&self, writer: &LogKey) -> String {
        let why = |replica: &Arc<Replica<Store>>| {
            if let Some(block) = replica.logs().damaged(writer).runs().flatten().next() {
                return Some(format!("block {block} of its log is damaged here"));
            }
            let malformed = replica.malformed(writer)?;
            Some(format!("a part of it is malformed, and nobody can read that: {malformed}"))
        };
        match self.open_drives().values().find_map(why) {
            Some(why) => format!("writer {writer} not fetched: {why}"),
            None => format!("writer {writer} not fetched"),
        }
    }
}
