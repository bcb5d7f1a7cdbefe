//! The node's side of the control socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::codec::{FramedRead, FramedWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::frame::{Frame, FrameError, Frames, Kind};
use super::request::{REQUEST_BYTES_MAX, Request, RequestError};
use super::streams::{FrameWriter, input};
use crate::context::Streams;
use crate::exit::Exit;
use crate::node::Node;
use crate::progress::Progress;

/// Commands that run at once. More are refused, but for the one that stops the node.
const COMMANDS_MAX: usize = 64;
/// Clients that are connected at once; more wait at the door.
const CLIENTS_MAX: usize = 4 * COMMANDS_MAX;
/// How long a client may take to say what it wants.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// Frames that may wait for a slow client: 1 MiB.
const FRAMES_MAX: usize = 16;
/// How long commands may take to end when the node stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Serves commands until the node is to stop, then waits for those that run to end.
pub(crate) async fn serve(node: &Arc<Node>, listener: UnixListener) {
    let doors = Arc::new(Semaphore::new(CLIENTS_MAX));
    let turns = Arc::new(Semaphore::new(COMMANDS_MAX));
    let running = TaskTracker::new();
    loop {
        let door = tokio::select! {
            () = node.stop().cancelled() => break,
            door = Arc::clone(&doors).acquire_owned() => door,
        };
        let accepted = tokio::select! {
            () = node.stop().cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (node, turns, token) = (Arc::clone(node), Arc::clone(&turns), running.token());
                tokio::spawn(async move {
                    let left = converse(node, stream, &turns).await;
                    drop((door, token));
                    if let Some(stream) = left {
                        // Closed when the process ends: so a client knows that it has ended.
                        std::future::pending::<()>().await;
                        drop(stream);
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting on the control socket");
                // Most likely too many open files: somebody has to close one.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    running.close();
    if tokio::time::timeout(STOP_PATIENCE, running.wait()).await.is_err() {
        tracing::warn!("commands that did not end are given up");
    }
}

/// Serves one client. Gives back what keeps its connection open when the node is stopping.
async fn converse(
    node: Arc<Node>,
    stream: UnixStream,
    turns: &Semaphore,
) -> Option<OwnedWriteHalf> {
    let own = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == own || peer.uid() == 0 => {}
        Ok(peer) => {
            tracing::warn!(uid = peer.uid(), "a stranger at the control socket");
            return None;
        }
        Err(error) => {
            tracing::warn!(%error, "asking who is at the control socket");
            return None;
        }
    }
    let (read, write) = stream.into_split();
    let mut read = FramedRead::new(read, Frames);
    let write = FramedWrite::new(write, Frames);
    let request = match tokio::time::timeout(REQUEST_PATIENCE, request(&mut read)).await {
        Ok(Ok(request)) => request,
        Ok(Err(Some(refused))) => {
            refuse(write, &refused).await;
            return None;
        }
        Ok(Err(None)) | Err(_) => return None,
    };
    let turn = turns.try_acquire().ok();
    if turn.is_none() && !crate::launch::stops(&request) {
        refuse(write, &RequestError::Busy { running: COMMANDS_MAX }).await;
        return None;
    }
    let stopping = node.stop().clone();
    let stop = stopping.child_token();
    let (frames, queue) = mpsc::channel(FRAMES_MAX);
    let (parts, received) = mpsc::channel(1);
    let sent = tokio::spawn(send(queue, write, stop.clone()));
    let listening = tokio::spawn(listen(read, parts, stop.clone()));
    let streams = Streams {
        input: Box::new(input(frames.clone(), received, stop.clone())),
        output: Box::new(FrameWriter::new(Kind::Output, frames.clone())),
        errors: Box::new(FrameWriter::new(Kind::Error, frames.clone())),
        progress: if request.caller.progress {
            Progress::client(frames.clone())
        } else {
            Progress::nowhere()
        },
    };
    let runtime = tokio::runtime::Handle::current();
    // Commands wait for disks: on a thread of their own they stop nobody.
    let command = tokio::task::spawn_blocking(move || {
        runtime.block_on(crate::launch::serve(node, request, streams, stop))
    });
    let exit = command.await.unwrap_or(Exit::Failed);
    let end = Frame { kind: Kind::Exit, body: Bytes::copy_from_slice(&[exit.code()]) };
    let told = frames.send(end).await;
    drop(frames);
    listening.abort();
    let write = sent.await.ok().flatten();
    write.filter(|_| told.is_ok() && stopping.is_cancelled())
}

/// Reads what the client wants. `None` when it went, or is no client.
async fn request(
    read: &mut FramedRead<OwnedReadHalf, Frames>,
) -> Result<Request, Option<RequestError>> {
    let mut bytes = Vec::new();
    loop {
        match read.next().await {
            Some(Ok(Frame { kind: Kind::Request, body }))
                if bytes.len() + body.len() <= REQUEST_BYTES_MAX =>
            {
                bytes.extend_from_slice(&body);
            }
            Some(Ok(Frame { kind: Kind::Start, .. })) => {
                return Request::decode(&bytes).map_err(Some);
            }
            Some(Ok(_)) => return Err(Some(RequestError::Malformed)),
            Some(Err(FrameError::Unknown { .. } | FrameError::TooLong { .. })) => {
                return Err(Some(RequestError::OtherVersion));
            }
            Some(Err(FrameError::Io(_))) | None => return Err(None),
        }
    }
}

async fn refuse(mut write: FramedWrite<OwnedWriteHalf, Frames>, refused: &RequestError) {
    let text = format!("ply: {refused}\n");
    let exit = Frame { kind: Kind::Exit, body: Bytes::copy_from_slice(&[Exit::Failed.code()]) };
    // A client that does not listen misses nothing.
    drop(write.feed(Frame::fill(Kind::Error, text.as_bytes())).await);
    drop(write.send(exit).await);
}

/// Sends frames in their order. When the client is gone, the command ends.
async fn send(
    mut queue: mpsc::Receiver<Frame>,
    mut write: FramedWrite<OwnedWriteHalf, Frames>,
    stop: CancellationToken,
) -> Option<OwnedWriteHalf> {
    while let Some(frame) = queue.recv().await {
        if write.send(frame).await.is_err() {
            stop.cancel();
            return None;
        }
    }
    Some(write.into_inner())
}

/// Takes input that was asked for. When the client is gone, the command ends.
async fn listen(
    mut read: FramedRead<OwnedReadHalf, Frames>,
    parts: mpsc::Sender<Bytes>,
    stop: CancellationToken,
) {
    // Room for one part is enough for one question at a time: more was not asked for.
    while let Some(Ok(Frame { kind: Kind::Input, body })) = read.next().await {
        if parts.try_send(body).is_err() {
            break;
        }
    }
    stop.cancel();
}
