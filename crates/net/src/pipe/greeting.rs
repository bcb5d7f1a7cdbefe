//! The first bytes on a pipe. Drawn in the [parent module](super).

use std::time::Duration;

use futures::future::try_join;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::PipeError;

const MAGIC: [u8; 8] = *b"plywood\n";
const VERSION: u8 = 1;
const GREETING_BYTES: usize = 25;

/// As much of a stranger's words as helps to see who it is: one line of a shell's complaint.
const SAID_BYTES_MAX: usize = 120;
/// How long to wait for the rest of that line.
const SAID_PATIENCE: Duration = Duration::from_millis(200);

/// Sixteen random bytes in company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Greeting {
    nonce: [u8; 16],
}

impl Greeting {
    pub(super) fn random() -> Result<Self, PipeError> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce)
            .map_err(|error| PipeError::Randomness { reason: error.to_string() })?;
        Ok(Self { nonce })
    }

    pub(super) fn to_bytes(self) -> [u8; GREETING_BYTES] {
        let mut bytes = [0; GREETING_BYTES];
        let parts = MAGIC.iter().chain([&VERSION]).chain(&self.nonce);
        for (byte, part) in bytes.iter_mut().zip(parts) {
            *byte = *part;
        }
        bytes
    }

    fn parse(bytes: [u8; GREETING_BYTES]) -> Result<Self, PipeError> {
        let stranger = || PipeError::Stranger { said: printable(&bytes) };
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or_else(stranger)?;
        let (&theirs, nonce) = rest.split_first().ok_or_else(stranger)?;
        if theirs != VERSION {
            return Err(PipeError::Version { theirs, ours: VERSION });
        }
        Ok(Self { nonce: nonce.try_into().map_err(|_| stranger())? })
    }
}

/// Says our greeting and hears theirs, both at once: a pipe may hold less than one greeting.
pub(super) async fn exchange<T>(io: T, ours: &Greeting) -> Result<(T, Greeting), PipeError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = io.split();
    let hear = hear(&mut reader);
    let say = async {
        // Whoever closed the pipe may have said why before: what is heard counts for more.
        drop(writer.write_all(&ours.to_bytes()).await);
        drop(writer.flush().await);
        Ok(())
    };
    let (theirs, ()) = try_join(hear, say).await?;
    if theirs == *ours {
        return Err(PipeError::Echo);
    }
    let io = reader.reunite(writer).map_err(|_| PipeError::Silent)?;
    Ok((io, theirs))
}

/// Reads a greeting and not a byte more. Stops at the first byte that is out of place.
async fn hear<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Greeting, PipeError> {
    let mut bytes = [0; GREETING_BYTES];
    let mut heard_bytes = 0;
    while let Some(room) = bytes.get_mut(heard_bytes..).filter(|room| !room.is_empty()) {
        let read_bytes = reader.read(room).await?;
        heard_bytes += read_bytes;
        let heard = bytes.get(..heard_bytes).unwrap_or_default();
        if read_bytes == 0 && heard.is_empty() {
            return Err(PipeError::Silent);
        }
        if read_bytes == 0 || heard.iter().zip(&MAGIC).any(|(byte, magic)| byte != magic) {
            return Err(PipeError::Stranger { said: hear_out(reader, heard).await });
        }
    }
    Greeting::parse(bytes)
}

/// Reads on for a moment, for the sake of the error message.
async fn hear_out<R: AsyncRead + Unpin>(reader: &mut R, start: &[u8]) -> String {
    let mut said = start.to_vec();
    let rest = async {
        let mut rest = reader.take(u64::try_from(SAID_BYTES_MAX).unwrap_or_default());
        // What was read before an error or the timeout stays.
        drop(rest.read_to_end(&mut said).await);
    };
    drop(timeout(SAID_PATIENCE, rest).await);
    printable(said.get(..SAID_BYTES_MAX).unwrap_or(&said))
}

fn printable(bytes: &[u8]) -> String {
    bytes.trim_ascii().escape_ascii().to_string()
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_reads_back() {
        let greeting = Greeting { nonce: [7; 16] };
        let bytes = greeting.to_bytes();
        assert_eq!(&bytes[..9], b"plywood\n\x01");
        assert_eq!(Greeting::parse(bytes).unwrap(), greeting);
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = Greeting { nonce: [7; 16] }.to_bytes();
        bytes[8] = 9;
        let error = Greeting::parse(bytes).unwrap_err();
        assert_eq!(error.to_string(), "the other side speaks version 9 on pipes, this one 1");
    }
}
