//! Keeping all of a drive, as mirrors do.

use std::time::Duration;

use ply_drive::Want;
use ply_engine::Engine;
use ply_types::DriveId;
use tokio::sync::broadcast::error::RecvError;

use crate::event::Event;
use crate::exchange::Exchange;
use crate::remote::Sessions;

impl<E: Engine> Exchange<E> {
    /// Fetches everything of a drive, and again whenever a session opens or brings news. Ends with the
    /// exchange; a caller that wants it to end before drops it.
    pub async fn keep_all(&self, drive: DriveId) {
        let mut events = self.watch();
        // Sessions give up on answers that do not move, so the whole may take as long as it takes.
        let sessions = Sessions { exchange: self.clone(), drive, patience: Duration::MAX };
        loop {
            if let Err(error) = sessions.ask(Want::Everything).await {
                tracing::debug!(%drive, %error, "not everything came");
            }
            loop {
                match events.recv().await {
                    Ok(Event::Opened { drive: of, .. } | Event::Changed { drive: of })
                        if of == drive =>
                    {
                        break;
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }
}
