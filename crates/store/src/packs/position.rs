//! Places in the order in which packs are written.

/// Bytes of an encoded [`Position`].
const POSITION_BYTES: usize = 8;

/// A byte of a pack. Later positions were written later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// The number of the pack.
    pub(crate) pack: u32,
    /// Bytes from its beginning.
    pub(crate) offset: u32,
}

impl Position {
    /// Pack and offset, each as a little-endian `u32`.
    pub(crate) fn to_bytes(self) -> [u8; POSITION_BYTES] {
        let mut bytes = [0; POSITION_BYTES];
        let (pack, offset) = bytes.split_at_mut(4);
        pack.copy_from_slice(&self.pack.to_le_bytes());
        offset.copy_from_slice(&self.offset.to_le_bytes());
        bytes
    }

    /// Reads what [`Position::to_bytes`] wrote; `None` when the length differs.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (pack, offset) = bytes.split_first_chunk()?;
        Some(Self {
            pack: u32::from_le_bytes(*pack),
            offset: u32::from_le_bytes(offset.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};

    use super::*;

    #[test]
    fn fuzz_notes_on_synced_packs() {
        Target::new("synced-note", Form::Bytes, RoundTrip::Exact)
            .seed("some", Position { pack: 3, offset: 70_000 }.to_bytes())
            .run(|bytes| Position::parse(bytes).map(|position| position.to_bytes().to_vec()));
    }
}
