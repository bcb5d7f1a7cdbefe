//! The client's side of the control socket.

use std::io;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::frame::{BODY_BYTES_MAX, Frame, FrameError, Frames, Kind};
use super::request::Request;
use crate::exit::Exit;
use crate::progress::{Report, Screen};

/// How a command in the node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With this code.
    With(Exit),
    /// The user's output was closed, so nobody is there to see the rest.
    Unread,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum ClientError {
    /// The node went before the command ended.
    #[error("the node stopped before the command was done")]
    Gone,
    /// The node says what no node says.
    #[error("the running node is of another version of ply: restart it")]
    OtherVersion,
    /// The socket failed.
    #[error("the control socket: {0}")]
    Socket(#[from] FrameError),
    /// The terminal failed.
    #[error("writing the output: {0}")]
    Output(io::Error),
}

/// Runs a command in the node and connects it to the standard streams of this process.
///
/// With `until_gone` it waits until the process of the node has ended. With `watched`, somebody looks at
/// the standard error and wants to know how far the command is.
pub(crate) async fn command(
    stream: UnixStream,
    request: &Request,
    until_gone: bool,
    watched: bool,
) -> Result<Ended, ClientError> {
    let (read, write) = stream.into_split();
    let mut read = FramedRead::new(read, Frames);
    let mut write = FramedWrite::new(write, Frames);
    for part in request.encode().chunks(BODY_BYTES_MAX) {
        write.feed(Frame::fill(Kind::Request, part)).await?;
    }
    write.send(Frame::bare(Kind::Start)).await?;
    let (wants, wanted) = mpsc::channel(1);
    let mut write = Some((write, wanted));
    let mut screen = watched.then(Screen::new);
    let (mut output, mut errors) = (tokio::io::stdout(), tokio::io::stderr());
    loop {
        let Frame { kind, body } = match read.next().await {
            Some(frame) => frame?,
            None => return Err(ClientError::Gone),
        };
        match kind {
            Kind::Want => {
                screen.iter_mut().for_each(Screen::clear);
                // The task that reads is made when something is to be read.
                if let Some((write, wanted)) = write.take() {
                    tokio::spawn(give_input(write, wanted));
                }
                if wants.try_send(()).is_err() {
                    return Err(ClientError::OtherVersion);
                }
            }
            Kind::Output => {
                screen.iter_mut().for_each(Screen::give_way);
                match print(&mut output, &body).await {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                        return Ok(Ended::Unread);
                    }
                    printed => printed.map_err(ClientError::Output)?,
                }
            }
            Kind::Error => {
                screen.iter_mut().for_each(Screen::clear);
                print(&mut errors, &body).await.map_err(ClientError::Output)?;
            }
            Kind::Progress => {
                if let (Some(screen), Some(report)) = (&mut screen, Report::decode(body)) {
                    screen.show(&report);
                }
            }
            Kind::Exit => {
                screen.iter_mut().for_each(Screen::clear);
                while until_gone && read.next().await.is_some() {}
                let code = body.first().copied().unwrap_or(Exit::Failed.code());
                return Ok(Ended::With(Exit::of_code(code)));
            }
            Kind::Request | Kind::Start | Kind::Input => return Err(ClientError::OtherVersion),
        }
    }
}

async fn print(stream: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Reads a part of the input each time the command wants one.
async fn give_input(
    mut write: FramedWrite<OwnedWriteHalf, Frames>,
    mut wanted: mpsc::Receiver<()>,
) {
    let mut input = tokio::io::stdin();
    let mut buffer = vec![0; BODY_BYTES_MAX];
    while wanted.recv().await.is_some() {
        // An input that cannot be read gives no end either: the command must not take it for whole.
        let Ok(taken) = input.read(&mut buffer).await else { return };
        let body = Bytes::copy_from_slice(buffer.get(..taken).unwrap_or_default());
        if write.send(Frame { kind: Kind::Input, body }).await.is_err() || taken == 0 {
            // The connection stays open: closing it would end the command.
            std::future::pending::<()>().await;
        }
    }
}
