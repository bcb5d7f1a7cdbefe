//! Whole numbers in as few bytes as they need (LEB128): seven bits a byte, low bits first.
//!
//! Each number has exactly one encoding here: a final byte of zero after others is refused. Formats
//! built on this can therefore promise that what decodes encodes back to the same bytes.

/// Bytes of the longest number: ⌈64 / 7⌉.
pub(crate) const VARINT_BYTES_MAX: usize = 10;

/// Bytes of the longest `u32`: ⌈32 / 7⌉.
pub(crate) const VARINT_U32_BYTES_MAX: usize = 5;

/// Appends a number.
pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes a number off the front of `bytes`; `None` where there is none, or not in its shortest
/// form.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for index in 0..VARINT_BYTES_MAX {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        let shift = u32::try_from(index * 7).ok()?;
        // The tenth byte has room for one bit only.
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || index == 0).then_some(number);
        }
    }
    None
}

/// Folds a difference so that small ones of either sign are small numbers.
pub(crate) fn fold(difference: u64) -> u64 {
    let sign = if difference >> 63 == 0 { 0 } else { u64::MAX };
    (difference << 1) ^ sign
}

/// Undoes [`fold`].
pub(crate) fn unfold(folded: u64) -> u64 {
    let sign = if folded & 1 == 0 { 0 } else { u64::MAX };
    (folded >> 1) ^ sign
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_reads_back(number in any::<u64>(), shift in 0..64_u32) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            prop_assert!(bytes.len() <= VARINT_BYTES_MAX);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take(&mut rest), Some(number));
            prop_assert!(rest.is_empty());
            prop_assert_eq!(unfold(fold(number)), number);
        }

        #[test]
        fn what_is_taken_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let mut rest = bytes.as_slice();
            if let Some(number) = take(&mut rest) {
                let mut again = Vec::new();
                put(&mut again, number);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - rest.len()]);
            }
        }
    }

    #[test]
    fn longer_forms_of_a_number_are_refused() {
        assert_eq!(take(&mut [0x80, 0x00].as_slice()), None);
        assert_eq!(take(&mut [0xff].as_slice()), None);
        assert_eq!(take(&mut [0xff; 10].as_slice()), None);
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(take(&mut most.as_slice()), Some(u64::MAX));
    }

    #[test]
    fn small_steps_back_are_as_short_as_small_steps_forward() {
        assert_eq!([0, 1, u64::MAX].map(fold), [0, 2, 1]);
    }
}
