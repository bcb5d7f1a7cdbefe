//! The handle by which the rest of the node speaks to a running session.

use std::sync::Arc;

use ply_drive::Want;
use ply_sync::{Failure, Peer, Traffic};
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// Which session: numbers are never used again in one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Commands that wait for a session. Each is small.
pub(crate) const COMMANDS_MAX: usize = 256;

/// What a session is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Ask the peer, and say how it went.
    Ask { want: Want, reply: oneshot::Sender<Result<(), Failure>> },
    /// Say that nothing more is wanted, and end when the peer says so too.
    Finish,
    /// End.
    Stop,
}

/// A running session as others see it.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: SessionId,
    pub(crate) peer: Peer,
    pub(crate) commands: mpsc::Sender<Command>,
    /// That there is something to tell: once is as good as many times, and no queue is too full for it.
    pub(crate) news: Arc<Notify>,
    /// Whether both sides proved that they know the drive.
    pub(crate) open: watch::Receiver<bool>,
    pub(crate) traffic: watch::Receiver<Traffic>,
}

impl Link {
    /// Asks the peer; a session that has ended has no source.
    pub(crate) async fn ask(&self, want: Want) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Ask { want, reply }).await;
        if sent.is_err() {
            return Err(Failure::NoSource);
        }
        answer.await.unwrap_or(Err(Failure::NoSource))
    }

    /// Tells the session that heads or members changed, which it is to tell its peer.
    pub(crate) fn changed(&self) {
        self.news.notify_one();
    }
}
