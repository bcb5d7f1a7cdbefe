//! Asking the sessions of a drive for what it misses.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use ply_drive::{BoxFuture, Remote, RemoteError, Want};
use ply_engine::Engine;
use ply_sync::Failure;
use ply_types::DriveId;
use tokio::time::{sleep, timeout};

use crate::event::Event;
use crate::exchange::Exchange;
use crate::link::Link;

/// How long a session that is just being opened is waited for.
const OPENING: Duration = Duration::from_secs(5);

/// How long the first session of a drive is waited for that was just joined: its ticket names
/// addresses, and these are being dialed.
const JOINING: Duration = Duration::from_secs(10);

/// How long one session has to answer before the next one is asked too.
const HEAD_START: Duration = Duration::from_millis(1500);

/// The sessions of one drive.
pub(crate) struct Sessions<E: Engine> {
    pub(crate) exchange: Exchange<E>,
    pub(crate) drive: DriveId,
    pub(crate) patience: Duration,
}

impl<E: Engine> Sessions<E> {
    /// The sessions that can be asked, those that are just opening waited for.
    async fn ready(&self) -> Vec<Link> {
        let links = self.exchange.links(&self.drive);
        let opening = links.into_iter().map(|mut link| async move {
            let open = {
                let open = timeout(OPENING, link.open.wait_for(|open| *open)).await;
                matches!(open, Ok(Ok(_)))
            };
            open.then_some(link)
        });
        join_all(opening).await.into_iter().flatten().collect()
    }

    fn is_unheard(&self) -> bool {
        self.exchange.drive(&self.drive).is_some_and(|replica| replica.is_unheard())
    }

    /// Waits for the first session of a drive that was just joined.
    async fn first(&self) {
        let mut sessions = self.exchange.shared.sessions.subscribe();
        let has_link = |_: &u64| !self.exchange.links(&self.drive).is_empty();
        drop(timeout(JOINING, sessions.wait_for(has_link)).await);
    }

    /// Asks the sessions until one has it.
    pub(crate) async fn ask(&self, want: Want) -> Result<(), RemoteError> {
        let mut links = self.ready().await;
        if links.is_empty() && self.is_unheard() {
            self.first().await;
            links = self.ready().await;
        }
        if links.is_empty() {
            return Err(RemoteError::NoPeer);
        }
        if want == Want::Heads {
            // Everybody may know something that the others do not.
            let answers = join_all(links.iter().map(|link| link.ask(Want::Heads))).await;
            let any = answers.iter().any(Result::is_ok);
            return if any { Ok(()) } else { Err(RemoteError::NoSource) };
        }
        // Everything is fetched from all at once, and each brings a part. A question is put to one after
        // another: to the next when the one before does not have it, or is slow.
        let head_start = if want == Want::Everything { Duration::ZERO } else { HEAD_START };
        let mut others = links.iter();
        let mut asked = FuturesUnordered::new();
        let mut refusal = Failure::NoSource;
        loop {
            match others.next() {
                Some(link) => asked.push(link.ask(want.clone())),
                None if asked.is_empty() => break,
                None => {}
            }
            tokio::select! {
                biased;
                Some(answer) = asked.next() => match answer {
                    Ok(()) => return Ok(()),
                    Err(failure) => refusal = failure,
                },
                () = sleep(head_start), if others.len() != 0 => {}
            }
        }
        Err(match refusal {
            Failure::TimedOut => RemoteError::TimedOut(self.patience),
            Failure::NoSource | Failure::Refused => RemoteError::NoSource,
        })
    }
}

impl<E: Engine> Remote for Sessions<E> {
    fn fetch(&self, want: Want) -> BoxFuture<'_, Result<(), RemoteError>> {
        Box::pin(async move {
            let _listed = self.exchange.shared.fetches.begin(self.drive, want.clone());
            let asked = timeout(self.patience, self.ask(want)).await;
            asked.unwrap_or(Err(RemoteError::TimedOut(self.patience)))
        })
    }
}

impl<E: Engine> Exchange<E> {
    pub(crate) fn fetched(&self, drive: DriveId, bytes: u64) {
        self.shared.fetches.arrived(drive, bytes);
        drop(self.shared.events.send(Event::Fetched { drive, bytes }));
    }
}
