//! One hash over all that membership means for the union of writers.

use blake3::Hasher;
use ply_types::TreeHash;

use super::record::{Prefix, Role};
use super::{End, Membership};

/// What the hash is derived under.
const CONTEXT: &str = "plywood 2026-11 membership result";

impl Membership {
    /// Equal where two sets of records come to the same writers, roles, ends and floors.
    ///
    /// Input: the drive; then for each writer by key: key (32), role (1), end, floor. An end or
    /// floor is a tag (1: 0 none, 1 length only, 2 length and root), length (8, little endian) and
    /// root (32).
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = Hasher::new_derive_key(CONTEXT);
        hasher.update(self.drive.as_bytes());
        for (key, status) in self.writers() {
            let role = match status.role {
                Role::Writer => 0,
                Role::Admin => 1,
            };
            hasher.update(key.as_bytes()).update(&[role]);
            let floor = status.floor.map(|Prefix { length, root }| (length, Some(root)));
            add(&mut hasher, status.end.map(|End { length, root }| (length, root)));
            add(&mut hasher, floor);
        }
        *hasher.finalize().as_bytes()
    }
}

fn add(hasher: &mut Hasher, stretch: Option<(u64, Option<TreeHash>)>) {
    match stretch {
        None => hasher.update(&[0]),
        Some((length, None)) => hasher.update(&[1]).update(&length.to_le_bytes()),
        Some((length, Some(root))) => {
            hasher.update(&[2]).update(&length.to_le_bytes()).update(root.as_bytes())
        }
    };
}
