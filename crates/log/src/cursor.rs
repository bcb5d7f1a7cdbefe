//! Takes values of fixed size off the front of bytes from outside.

/// The bytes not yet taken. Every method gives `None`, and takes nothing, when too few are left.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'bytes>(&'bytes [u8]);

impl<'bytes> Cursor<'bytes> {
    pub(crate) const fn new(bytes: &'bytes [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn slice(&mut self, bytes: usize) -> Option<&'bytes [u8]> {
        let (slice, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(slice)
    }
}
