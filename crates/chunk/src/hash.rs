//! The name of a chunk, and the key under which its owner finds it again.

use ply_types::ChunkHash;

/// The name of a chunk: plain BLAKE3 of its plaintext, equal in every drive.
pub fn hash(bytes: &[u8]) -> ChunkHash {
    ChunkHash(*blake3::hash(bytes).as_bytes())
}

/// The key of a chunk in the table of chunks that need not be stored again.
///
/// Sealed drives pass their dedup key: the table on disk then does not tell which known chunks a
/// drive holds. Public drives pass `None` and share rows with each other.
pub fn dedup_key(key: Option<&[u8; 32]>, chunk: ChunkHash) -> [u8; 32] {
    match key {
        Some(key) => *blake3::keyed_hash(key, chunk.as_bytes()).as_bytes(),
        None => chunk.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sealed_drives_look_up_one_chunk_under_different_keys() {
        let chunk = hash(b"plywood");
        assert_eq!(dedup_key(None, chunk), chunk.0);
        assert_ne!(dedup_key(Some(&[1; 32]), chunk), dedup_key(Some(&[2; 32]), chunk));
        assert_ne!(dedup_key(Some(&[1; 32]), chunk), chunk.0);
    }

    #[test]
    fn a_chunk_is_named_by_its_blake3() {
        // The first test vector of the BLAKE3 paper's reference: the empty input.
        let empty = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        assert_eq!(hash(b"").to_string(), empty);
    }
}
