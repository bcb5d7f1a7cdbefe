//! The node's secret: from it follow its peer id and its writer keys.

use std::fs::File;
use std::io::{ErrorKind, Read};

use ply_types::Seed;

use super::{Home, write_private};
use crate::error::CommandError;

/// Bytes of the secret.
const SECRET_BYTES: usize = 32;

/// Reads the secret; `None` when there is none. Call it with the store locked.
pub(crate) fn read_secret(home: &Home) -> Result<Option<Seed>, CommandError> {
    let path = home.secret();
    let reading = |error| CommandError::file("reading", &path)(error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(reading(error)),
    };
    let mut bytes = Vec::with_capacity(SECRET_BYTES + 1);
    file.take(SECRET_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(reading)?;
    match <[u8; SECRET_BYTES]>::try_from(bytes) {
        Ok(secret) => Ok(Some(Seed::new(secret))),
        Err(_) => Err(CommandError::Home {
            place: path,
            what: "it is not a secret of 32 bytes: restore it from a backup",
        }),
    }
}

/// Keeps a new secret made of fresh random bytes.
pub(crate) fn make_secret(home: &Home, fresh: [u8; SECRET_BYTES]) -> Result<Seed, CommandError> {
    let seed = Seed::new(fresh);
    write_private(&home.secret(), seed.expose())?;
    Ok(seed)
}
