//! What a message will take in memory, told before it is decoded.
//!
//! Two bytes on the wire can stand for an empty message inside another one, and that takes as much as
//! any: a megabyte of such bytes would become a hundred. So the fields are gone through first, without
//! taking memory, with the shapes of messages that the build script writes down.

/// Items of a list are counted so many times. A list makes room for four at once and for twice as many
/// when it is full, while the old ones are still there: three times what it needs, at most, and four
/// times one.
const GROWTH: usize = 4;

/// The smallest piece of memory that is taken for bytes.
const PIECE_BYTES: usize = 8;

/// Messages in messages. The decoder follows no deeper either.
const DEPTH_MAX: usize = 100;

/// The fields of a message that take memory.
#[derive(Debug)]
pub struct Shape(&'static [Field]);

/// One of them.
#[derive(Debug)]
struct Field {
    number: u64,
    kind: Kind,
    /// What an item takes in its list; 0 where there is no list.
    item_bytes: usize,
}

#[derive(Debug)]
enum Kind {
    Bytes,
    Message(&'static Shape),
    /// Numbers side by side, each of so many bytes or more.
    Packed(usize),
}

/// A message whose memory can be told beforehand.
pub trait Shaped {
    /// Its fields.
    fn shape() -> &'static Shape;
}

/// Why there is no weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unweighed {
    /// It is more than it may be.
    TooHeavy,
    /// The bytes are no fields, one after another.
    Malformed,
}

/// Goes through an encoded message; an error if decoding it could take more than `max` bytes of memory.
pub(crate) fn weigh(bytes: &[u8], shape: &Shape, max: usize) -> Result<(), Unweighed> {
    let mut left = max;
    walk(bytes, shape, &mut left, DEPTH_MAX)
}

fn walk(mut bytes: &[u8], shape: &Shape, left: &mut usize, depth: usize) -> Result<(), Unweighed> {
    let inner_depth = depth.checked_sub(1).ok_or(Unweighed::Malformed)?;
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let field = shape.0.iter().find(|field| field.number == key >> 3);
        if let Some(field) = field {
            take(left, field.item_bytes.saturating_mul(GROWTH))?;
        }
        match (key & 7, field.map(|field| &field.kind)) {
            (0, _) => drop(varint(&mut bytes)?),
            (1, _) => drop(split(&mut bytes, 8)?),
            (5, _) => drop(split(&mut bytes, 4)?),
            (2, kind) => {
                let length = varint(&mut bytes)?;
                let length = usize::try_from(length).map_err(|_| Unweighed::Malformed)?;
                let inner = split(&mut bytes, length)?;
                match kind {
                    None => {}
                    Some(Kind::Bytes) if inner.is_empty() => {}
                    Some(Kind::Bytes) => take(left, inner.len() + PIECE_BYTES)?,
                    Some(Kind::Message(shape)) => walk(inner, shape, left, inner_depth)?,
                    // Eight bytes hold any number.
                    Some(Kind::Packed(each)) => take(left, inner.len() / each * 8 * GROWTH)?,
                }
            }
            // Groups: nothing here was ever written with them.
            _ => return Err(Unweighed::Malformed),
        }
    }
    Ok(())
}

fn take(left: &mut usize, bytes: usize) -> Result<(), Unweighed> {
    *left = left.checked_sub(bytes).ok_or(Unweighed::TooHeavy)?;
    Ok(())
}

fn split<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Unweighed> {
    let (head, rest) = bytes.split_at_checked(length).ok_or(Unweighed::Malformed)?;
    *bytes = rest;
    Ok(head)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Unweighed> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Unweighed::Malformed)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Unweighed::Malformed)
}

mod shapes {
    use super::{Field, Kind, Shape, Shaped};

    include!(concat!(env!("OUT_DIR"), "/shapes.rs"));
}
