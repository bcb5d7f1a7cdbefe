//! Changes to protobuf messages, field by field: lengths around a change stay right, so that a decoder
//! gets past them.

use crate::dice::Dice;
use crate::mutate::change;

/// How deep a field may be wrapped in itself: beyond what decoders follow.
const DEPTH_MAX: usize = 130;
/// How often a field may be doubled at once.
const COPIES_MAX: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    number: u64,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Varint(u64),
    Eight([u8; 8]),
    Bytes(Vec<u8>),
    Four([u8; 4]),
}

/// A number as base-128 varint, shortest form.
pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// `None` where the bytes are no message.
fn parse(mut bytes: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = take_varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Value::Varint(take_varint(&mut bytes)?),
            1 => {
                let (&eight, rest) = bytes.split_first_chunk()?;
                bytes = rest;
                Value::Eight(eight)
            }
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                let (body, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Value::Bytes(body.to_vec())
            }
            5 => {
                let (&four, rest) = bytes.split_first_chunk()?;
                bytes = rest;
                Value::Four(four)
            }
            _ => return None,
        };
        fields.push(Field { number: tag >> 3, value });
    }
    Some(fields)
}

fn write(fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Field { number, value } in fields {
        let (wire, body) = match value {
            Value::Varint(number) => (0, varint(*number)),
            Value::Eight(eight) => (1, eight.to_vec()),
            Value::Bytes(body) => (2, [varint(body.len() as u64).as_slice(), body].concat()),
            Value::Four(four) => (5, four.to_vec()),
        };
        bytes.extend(varint(number << 3 | wire));
        bytes.extend(body);
    }
    bytes
}

/// A message made from another; `None` where the bytes are none.
pub(crate) fn mutate(bytes: &[u8], other: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut fields = parse(bytes)?;
    let at = dice.below(fields.len());
    let Some(field) = fields.get(at).cloned() else {
        return Some(write(&parse(other)?));
    };
    match dice.below(9) {
        0..=3 => {
            let changed = Field { value: changed(&field.value, other, dice), ..field };
            fields.splice(at..=at, [changed]);
        }
        4 => drop(fields.remove(at)),
        5 => {
            let most = if dice.below(8) == 0 { COPIES_MAX } else { 3 };
            let copies = 1 + dice.below(most);
            fields.splice(at..at, std::iter::repeat_n(field, copies));
        }
        6 => {
            let to = dice.below(fields.len());
            fields.swap(at, to);
        }
        7 => {
            let foreign = parse(other).unwrap_or_default();
            let guest = dice.pick(&foreign).cloned().unwrap_or(field);
            fields.insert(at, guest);
        }
        _ => {
            let number = 1 + dice.word() % 32;
            fields.splice(at..=at, [Field { number, ..field }]);
        }
    }
    Some(write(&fields))
}

fn changed(value: &Value, other: &[u8], dice: &mut Dice) -> Value {
    match value {
        Value::Varint(_) => Value::Varint(dice.extreme()),
        Value::Eight(_) => Value::Eight(dice.extreme().to_le_bytes()),
        Value::Four(four) => Value::Four(four.map(|byte| byte ^ dice.byte())),
        Value::Bytes(body) => Value::Bytes(match dice.below(8) {
            0 => Vec::new(),
            1 => wrapped(body, dice),
            2..=5 => match mutate(body, other, dice) {
                Some(inner) if !body.is_empty() => inner,
                _ => change(body.clone(), other, dice),
            },
            _ => change(body.clone(), other, dice),
        }),
    }
}

/// A field inside fields of one number, over and over.
fn wrapped(body: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (number, depth) = (1 + dice.word() % 24, 1 + dice.below(DEPTH_MAX));
    (0..depth)
        .fold(body.to_vec(), |inner, _| write(&[Field { number, value: Value::Bytes(inner) }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_apart_and_put_together() {
        // Fields 1: 150, 2: "testing", 3: eight bytes, 4: four bytes.
        let bytes = [
            b"\x08\x96\x01\x12\x07testing".as_slice(),
            b"\x19\x01\x02\x03\x04\x05\x06\x07\x08\x25\x01\x02\x03\x04",
        ]
        .concat();
        let fields = parse(&bytes).unwrap();
        assert_eq!(fields.len(), 4);
        assert_eq!(fields[0], Field { number: 1, value: Value::Varint(150) });
        assert_eq!(write(&fields), bytes);
        assert_eq!(parse(b"\x12\x07test"), None);
        assert_eq!(varint(u64::MAX).len(), 10);
        assert_eq!(take_varint(&mut varint(u64::MAX).as_slice()), Some(u64::MAX));
    }

    #[test]
    fn a_changed_message_is_a_message_and_mostly_another() {
        let mut dice = Dice::new(3);
        let bytes = b"\x08\x96\x01\x12\x07testing";
        let changed: Vec<_> =
            (0..200).map(|_| mutate(bytes, b"\x1a\x01x", &mut dice).unwrap()).collect();
        assert!(changed.iter().all(|bytes| parse(bytes).is_some()));
        assert!(150 < changed.iter().filter(|changed| changed.as_slice() != bytes).count());
    }
}
