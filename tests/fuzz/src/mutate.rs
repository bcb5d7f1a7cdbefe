//! Changes to bytes that were valid.

use crate::dice::Dice;
use crate::message;

/// Longest input that is made: beyond the bound of most decoders, so that bounds are met too.
const INPUT_BYTES_MAX: usize = 192 << 10;

/// What a format is made of, and so where changes tell most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Fields at fixed places, varints, columns.
    Bytes,
    /// A protobuf message: fields come and go, are doubled, nested and renumbered.
    Message,
    /// Text: characters that mean something are put in.
    Text,
}

/// Characters that formats of text give a meaning, and some that break them.
const MARKS: &[u8] = b":/@.-~#,;= \t\n\0%\\'\"0123456789abcdefXYZ\x7f\xff\xc3\xa9";

/// One input made from another, with parts of a third.
pub(crate) fn mutate(form: Form, from: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = from.to_vec();
    let rounds = 1 + dice.below(4);
    for _ in 0..rounds {
        bytes = match form {
            Form::Message if dice.below(4) != 0 => match message::mutate(&bytes, other, dice) {
                Some(changed) => changed,
                None => change(bytes, other, dice),
            },
            Form::Text if dice.below(3) != 0 => {
                let mark = dice.pick(MARKS).copied().unwrap_or(0);
                let at = dice.below(bytes.len() + 1);
                insert(bytes, at, &[mark])
            }
            _ => change(bytes, other, dice),
        };
    }
    bytes.truncate(INPUT_BYTES_MAX);
    bytes
}

/// One change that knows nothing of the format.
pub(crate) fn change(mut bytes: Vec<u8>, other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let at = dice.below(bytes.len() + 1);
    match dice.below(10) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
            bytes
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.byte();
            }
            bytes
        }
        3 => overwrite(bytes, at, dice),
        4 => {
            bytes.truncate(at);
            bytes
        }
        5 => {
            let end = (at + 1 + dice.below(16)).min(bytes.len());
            bytes.drain(at.min(end)..end);
            bytes
        }
        6 => {
            let part = part(&bytes, dice).repeat(1 + dice.below(3));
            insert(bytes, at, &part)
        }
        7 => {
            let part = part(other, dice);
            insert(bytes, at, &part)
        }
        8 => {
            let count = dice.below(9);
            let noise: Vec<u8> = (0..count).map(|_| dice.byte()).collect();
            insert(bytes, at, &noise)
        }
        _ => {
            let noise = [0, 0xff, 0x80].map(|byte| vec![byte; 1 + dice.below(64)]);
            let run = dice.pick(&noise).cloned().unwrap_or_default();
            insert(bytes, at, &run)
        }
    }
}

/// Writes a number of note over what is there, in one of the ways in which formats hold numbers.
fn overwrite(mut bytes: Vec<u8>, at: usize, dice: &mut Dice) -> Vec<u8> {
    let number = dice.extreme();
    let mut written = match dice.below(3) {
        0 => message::varint(number),
        1 => number.to_le_bytes().to_vec(),
        _ => number.to_be_bytes().to_vec(),
    };
    written.truncate(*dice.pick(&[1, 2, 4, 8, 10]).unwrap_or(&8));
    for (to, from) in bytes.iter_mut().skip(at).zip(written) {
        *to = from;
    }
    bytes
}

fn insert(mut bytes: Vec<u8>, at: usize, part: &[u8]) -> Vec<u8> {
    let at = at.min(bytes.len());
    bytes.splice(at..at, part.iter().copied());
    bytes
}

fn part(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let start = dice.below(bytes.len() + 1);
    bytes.iter().skip(start).take(1 + dice.below(64)).copied().collect()
}
