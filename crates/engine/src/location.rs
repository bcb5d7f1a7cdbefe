//! Where an engine keeps a frame.

/// Bytes of an encoded [`Location`].
pub const LOCATION_BYTES: usize = 12;

/// Where an engine keeps a frame. Only the engine that gave it can read it.
///
/// ```text
/// ┌──────────┬────────────┬───────────┐
/// │ pack: u32│ offset: u32│ bytes: u32│   little-endian
/// └──────────┴────────────┴───────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The pack file.
    pub pack: u32,
    /// Where the record begins in it.
    pub offset: u32,
    /// Length of the frame.
    pub bytes: u32,
}

impl Location {
    /// The encoded form, for use inside rows.
    pub fn to_bytes(self) -> [u8; LOCATION_BYTES] {
        let mut bytes = [0; LOCATION_BYTES];
        let (pack, rest) = bytes.split_at_mut(4);
        let (offset, length) = rest.split_at_mut(4);
        pack.copy_from_slice(&self.pack.to_le_bytes());
        offset.copy_from_slice(&self.offset.to_le_bytes());
        length.copy_from_slice(&self.bytes.to_le_bytes());
        bytes
    }

    /// Reads what [`Location::to_bytes`] wrote.
    pub fn from_bytes(bytes: [u8; LOCATION_BYTES]) -> Self {
        let word = |at: usize| {
            let word = bytes.iter().skip(at).take(4).rev();
            word.fold(0, |value: u32, &byte| value << 8 | u32::from(byte))
        };
        Self { pack: word(0), offset: word(4), bytes: word(8) }
    }
}
