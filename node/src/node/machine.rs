//! Time and chance, from the machine.

use std::time::{SystemTime, UNIX_EPOCH};

use ply_drive::Host;
use ply_types::Timestamp;

use crate::error::CommandError;

/// The machine that the node runs on.
#[derive(Debug)]
pub(super) struct Machine {
    /// The system's randomness was asked once and answered.
    _asked: (),
}

impl Machine {
    /// Makes sure that random bytes can be had.
    pub(super) fn new() -> Result<Self, CommandError> {
        getrandom::fill(&mut [0; 32]).map_err(|error| CommandError::File {
            doing: "asking for",
            place: "random bytes".to_owned(),
            source: std::io::Error::other(error.to_string()),
        })?;
        Ok(Self { _asked: () })
    }
}

impl Host for Machine {
    fn now(&self) -> Timestamp {
        let (seconds, nanos) = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
            // A clock before 1970 is wrong; a time in files is data, so the epoch will do.
            Err(_) => (0, 0),
        };
        Timestamp { seconds, nanos }
    }

    #[expect(clippy::panic, reason = "keys made without randomness would be worse than a crash")]
    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match getrandom::fill(&mut bytes) {
            Ok(()) => bytes,
            Err(error) => panic!("the system gives no random bytes: {error}"),
        }
    }
}
