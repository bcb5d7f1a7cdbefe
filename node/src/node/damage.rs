//! What is known to be damaged on this node's disk, in words.

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

    /// A damaged block of a writer's log, if there is one in a drive that is open.
    pub(crate) fn damaged_block(&self, writer: &LogKey) -> Option<u64> {
        let open = self.open_drives();
        open.values().find_map(|replica| replica.logs().damaged(writer).runs().flatten().next())
    }
}
