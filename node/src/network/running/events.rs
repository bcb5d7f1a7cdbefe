//! What the network says, and what is done about it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ply_exchange::Side;
use ply_net::{Direction, Event, Events, Gossip};
use ply_sync::gossip::{Heard, announcement, heed};
use ply_types::DriveId;
use tokio::time::sleep;

use super::Running;

/// By when a peer tells in its session what it announced as well.
const TOLD_WITHIN: Duration = Duration::from_millis(300);

/// Takes the network's events until it stops.
pub(super) async fn serve(running: Arc<Running>, mut events: Events) {
    while let Some(event) = events.next().await {
        match event {
            Event::Listening(address) => running.note_address(address, true),
            Event::NotListening(address) => running.note_address(address, false),
            Event::PeerConnected { peer, direction: Direction::Outbound, .. } => {
                // Who dialed opens the sessions, so that a pair has one for each drive.
                for replica in running.exchange.drives() {
                    running.open(peer, replica.id());
                }
            }
            Event::PeerConnected { .. } => {}
            Event::PeerDisconnected { peer } => tracing::debug!(%peer, "disconnected"),
            Event::Stream(stream) => {
                let running = Arc::clone(&running);
                tokio::spawn(async move { running.converse(stream, Side::Answerer).await });
            }
            Event::Gossip(gossip) => {
                let running = Arc::clone(&running);
                tokio::spawn(async move { running.heard(gossip).await });
            }
            Event::Discovered { peer, addresses } => {
                let net = running.net.clone();
                tokio::spawn(async move {
                    if let Err(error) = net.connect(peer, addresses).await {
                        tracing::debug!(%peer, %error, "a discovered node cannot be reached");
                    }
                });
            }
            other => tracing::debug!(?other, "an event that nobody asked for"),
        }
    }
}

impl Running {
    /// Announces this node's head to everybody who follows the drive.
    pub(super) async fn gossip(&self, drive: DriveId) {
        let Some(replica) = self.exchange.drive(&drive) else { return };
        match announcement(&replica) {
            Ok(Some(announcement)) => {
                let published = self.net.publish(drive.topic(), Bytes::from(announcement)).await;
                if let Err(error) = published {
                    tracing::debug!(%drive, %error, "not announced");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%drive, %error, "nothing to announce"),
        }
    }

    /// Judges what was heard, and asks for the news if it is any.
    async fn heard(&self, gossip: Gossip) {
        let drives = self.exchange.drives();
        let replica = drives.into_iter().find(|replica| replica.id().topic() == gossip.topic);
        let Some(replica) = replica else {
            gossip.verdict.ignore();
            return;
        };
        match heed(&replica, &gossip.bytes) {
            Ok(Heard::News) => {
                gossip.verdict.accept();
                // Who has a session with the writer is told there at the same time, with the commit and
                // its content: to ask at once would bring all of that twice.
                sleep(TOLD_WITHIN).await;
                if !matches!(heed(&replica, &gossip.bytes), Ok(Heard::News)) {
                    return;
                }
                let remote = self.exchange.remote(replica.id(), super::PATIENCE);
                drop(remote.fetch(ply_drive::Want::Heads).await);
            }
            Ok(Heard::Nothing) => gossip.verdict.ignore(),
            Err(error) => {
                tracing::debug!(%error, "wrong gossip");
                gossip.verdict.reject();
            }
        }
    }
}
