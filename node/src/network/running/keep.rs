//! Keeping a drive in touch: the addresses of its ticket, peers that are there, the DHT.

use std::sync::Arc;
use std::time::Duration;

use ply_drive::Replica;
use ply_net::Multiaddr;
use ply_store::Store;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Running;

/// First pause between two rounds of dialing; each later one is twice as long.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Time between two looks for invites that are due.
const INVITES_EVERY: Duration = Duration::from_secs(5);
/// Time between two searches in the DHT.
const SEARCH_EVERY: Duration = Duration::from_mins(5);

/// Follows a drive until it is cancelled.
pub(super) async fn keep(
    running: Arc<Running>,
    replica: Arc<Replica<Store>>,
    cancelled: CancellationToken,
) {
    let id = replica.id();
    let following = async {
        if let Err(error) = running.net.subscribe(id.topic()).await {
            tracing::debug!(drive = %id, %error, "no gossip");
        }
        // Those who were connected before the drive came.
        for info in running.net.peers().await {
            running.open(info.peer, id);
        }
        let mirror = async {
            // Who cannot read has no question of its own: it keeps all for those who do.
            if !replica.is_readable() {
                running.exchange.keep_all(id).await;
            }
        };
        let (dialing, searching) = (dial(&running, &replica), search(&running, &replica));
        tokio::join!(dialing, searching, mirror, end_invites(&running, &replica));
    };
    tokio::select! {
        () = following => {}
        () = cancelled.cancelled() => {
            running.net.unsubscribe(id.topic()).await;
            running.net.stop_providing(id.dht_key()).await;
        }
    }
}

/// Dials the addresses of the ticket whenever nobody who has the drive is connected.
async fn dial(running: &Arc<Running>, replica: &Arc<Replica<Store>>) {
    let mut pause = PAUSE_MIN;
    loop {
        let settings = replica.settings();
        let is_alone = running.exchange.sessions(&settings.id).is_empty();
        if is_alone {
            for text in &settings.addresses {
                let Ok(address) = text.parse::<Multiaddr>() else { continue };
                match running.net.dial(address).await {
                    Ok(peer) => {
                        tracing::debug!(%peer, drive = %settings.id, "reached by the ticket");
                        // A connection that was there already opens no session by itself.
                        if running.exchange.sessions(&settings.id).is_empty() {
                            running.open(peer, settings.id);
                        }
                        break;
                    }
                    Err(error) => tracing::debug!(%text, %error, "not reached"),
                }
            }
        } else {
            pause = PAUSE_MIN;
        }
        sleep(pause).await;
        if is_alone {
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// Ends invites when their time has come, and says so.
async fn end_invites(running: &Arc<Running>, replica: &Arc<Replica<Store>>) {
    loop {
        match replica.end_due_invites() {
            Ok(true) => running.exchange.changed(&replica.id()),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "an invite could not be ended"),
        }
        sleep(INVITES_EVERY).await;
    }
}

/// Says in the DHT that this node has the drive, and looks for others who say so.
async fn search(running: &Arc<Running>, replica: &Arc<Replica<Store>>) {
    let key = replica.id().dht_key();
    loop {
        if let Err(error) = running.net.provide(key).await {
            tracing::debug!(%error, "not provided");
        }
        if let Ok(mut providers) = running.net.find(key).await {
            while let Some(provider) = providers.next().await {
                let peer = provider.peer;
                if let Err(error) = running.net.connect(peer, provider.addresses).await {
                    tracing::debug!(%peer, %error, "a provider cannot be reached");
                }
            }
        }
        sleep(SEARCH_EVERY).await;
    }
}
