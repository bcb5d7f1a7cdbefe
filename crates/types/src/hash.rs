//! Content addresses: one type for each kind of thing that is named by its hash.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use thiserror::Error;

/// Why a text is not 32 bytes in hexadecimal.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected 64 hexadecimal digits")]
pub struct ParseHexError;

/// Parses 64 hexadecimal digits of either case.
pub(crate) fn parse_hex(text: &str) -> Result<[u8; 32], ParseHexError> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| ParseHexError)?;
    bytes.try_into().map_err(|_| ParseHexError)
}

/// Declares a 32-byte name: long in `Display`, four bytes of it in `Debug`.
macro_rules! name32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Parses 64 hexadecimal digits.
            ///
            /// # Errors
            ///
            /// When the text is anything else.
            pub fn parse(text: &str) -> Result<Self, $crate::hash::ParseHexError> {
                $crate::hash::parse_hex(text).map(Self)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::hash::write_hex(f, &self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "#")?;
                $crate::hash::write_hex(f, self.0.first_chunk::<4>().unwrap_or(&[0; 4]))
            }
        }
    };
}
pub(crate) use name32;

/// Writes bytes as lower-case hexadecimal.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

name32! {
    /// Hash of one block of a log, over its final bytes: what a mirror can check.
    LeafHash
}
name32! {
    /// Hash of a node of a log's Merkle tree.
    NodeHash
}
name32! {
    /// Hash over all roots of a log's Merkle tree: what a head signs.
    TreeHash
}
name32! {
    /// Hash of the canonical plaintext of an index page.
    PageHash
}
name32! {
    /// BLAKE3 of the plaintext of a chunk.
    ChunkHash
}
name32! {
    /// Identity of a file's content: the BLAKE3 of a file of one chunk, else the hash of its chunk list.
    Identity
}
name32! {
    /// Name of a commit: the leaf hash of its block.
    CommitId
}
name32! {
    /// Name of a compression dictionary: the BLAKE3 of its bytes.
    DictionaryId
}
name32! {
    /// What two nodes compare to know that they would show the same drive.
    StateHash
}
name32! {
    /// Name of a membership record: the hash of its signed bytes.
    RecordId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_what_it_prints() {
        let hash = PageHash([0xab; 32]);
        assert_eq!(PageHash::parse(&hash.to_string()), Ok(hash));
        assert_eq!(format!("{hash:?}"), "#abababab");
        assert_eq!(PageHash::parse("abc"), Err(ParseHexError));
        assert_eq!(PageHash::parse(&"g".repeat(64)), Err(ParseHexError));
    }
}
