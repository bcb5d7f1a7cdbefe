//! The gear table: one random-looking number for each value of a byte.
//!
//! Public drives share one table, so that the same file is cut alike in all of them. A sealed drive
//! has a table of its own, out of a key.
//!
//! ```text
//! public   BLAKE3 derive_key("plywood 2026-11 gear table") over nothing
//! keyed    BLAKE3 keyed_hash(key) over "plywood 2026-11 gear table"
//!
//! entry i = bytes 8i .. 8i + 8 of the extended output, little-endian
//! ```

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Seed of the public table, and message of the keyed ones. Never changed: it places every cut.
const CONTEXT: &str = "plywood 2026-11 gear table";

/// Bytes of a table before they are read as numbers.
const TABLE_BYTES: usize = 256 * 8;

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Table([u64; 256]);

impl Table {
    /// The table of public drives.
    pub(super) fn public() -> Self {
        Self::read(&blake3::Hasher::new_derive_key(CONTEXT))
    }

    /// The table of a sealed drive.
    pub(super) fn keyed(key: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(CONTEXT.as_bytes());
        Self::read(&hasher)
    }

    /// The first 2 KiB of a hash's output, as little-endian numbers.
    fn read(hasher: &blake3::Hasher) -> Self {
        let mut bytes = [0; TABLE_BYTES];
        hasher.finalize_xof().fill(&mut bytes);
        let mut table = [0; 256];
        let (numbers, _) = bytes.as_chunks::<8>();
        for (entry, number) in table.iter_mut().zip(numbers) {
            *entry = u64::from_le_bytes(*number);
        }
        bytes.zeroize();
        Self(table)
    }

    /// The number of a byte. A byte is always inside the table, and the compiler sees it.
    #[inline]
    pub(super) fn step(&self, byte: u8) -> u64 {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// The hash after one more byte.
    #[inline]
    pub(super) fn roll(&self, hash: u64, byte: u8) -> u64 {
        (hash << 1).wrapping_add(self.step(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_table_of_its_own() {
        let tables = [Table::public(), Table::keyed(&[0; 32]), Table::keyed(&[1; 32])];
        let distinct: std::collections::BTreeSet<u64> =
            tables.iter().flat_map(|table| table.0).collect();
        assert_eq!(distinct.len(), 3 * 256);
    }
}
