//! Events on their way to a caller who may be slow.
//!
//! What can be refused is refused when the queue is full: streams are reset, gossip is ignored. What
//! cannot, who is connected and where the node listens, waits in a backlog. A peer that connects and
//! disconnects while nobody reads leaves no trace there, so the backlog never holds more than two
//! entries for each peer and one for each address.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::event::Event;

/// The sending half of [`crate::Events`].
pub(crate) struct Outbox {
    sender: mpsc::Sender<Event>,
    backlog: VecDeque<Event>,
}

impl Outbox {
    pub(crate) fn new(events_max: usize) -> (Self, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(events_max.max(1));
        (Self { sender, backlog: VecDeque::new() }, receiver)
    }

    /// Sends an event that may be turned away. Dropping it is its refusal.
    pub(crate) fn offer(&mut self, event: Event) {
        if !self.backlog.is_empty() {
            tracing::debug!(?event, "turned away: the queue of events is full");
        } else if let Err(refused) = self.sender.try_send(event) {
            tracing::debug!(%refused, "turned away");
        }
    }

    /// Sends an event that must arrive.
    pub(crate) fn tell(&mut self, event: Event) {
        if self.sender.is_closed() {
            self.backlog.clear();
            return;
        }
        if let Event::PeerDisconnected { peer } = &event {
            let connected = |waiting: &Event| match waiting {
                Event::PeerConnected { peer: other, .. } => other == peer,
                _ => false,
            };
            if let Some(index) = self.backlog.iter().rposition(connected) {
                self.backlog.remove(index);
                return;
            }
        }
        if let Event::NotListening(address) = &event {
            let listening =
                |waiting: &Event| matches!(waiting, Event::Listening(other) if other == address);
            if let Some(index) = self.backlog.iter().rposition(listening) {
                self.backlog.remove(index);
                return;
            }
        }
        self.backlog.push_back(event);
        while let Ok(permit) = self.sender.try_reserve() {
            let Some(event) = self.backlog.pop_front() else { return };
            permit.send(event);
        }
    }

    /// Whether [`Self::flush`] has work.
    pub(crate) fn is_behind(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Waits for room and sends one event of the backlog. Safe to cancel.
    pub(crate) async fn flush(&mut self) {
        match self.sender.reserve().await {
            Ok(permit) => {
                if let Some(event) = self.backlog.pop_front() {
                    permit.send(event);
                }
            }
            Err(_) => self.backlog.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use libp2p::{Multiaddr, PeerId};

    use super::*;
    use crate::peers::Direction;

    fn connected(peer: PeerId) -> Event {
        Event::PeerConnected { peer, address: Multiaddr::empty(), direction: Direction::Inbound }
    }

    #[test]
    fn a_peer_that_comes_and_goes_unseen_leaves_no_trace() {
        let (mut outbox, mut receiver) = Outbox::new(1);
        let (seen, unseen) = (PeerId::random(), PeerId::random());
        outbox.tell(connected(seen));
        for _ in 0..100 {
            outbox.tell(connected(unseen));
            outbox.tell(Event::PeerDisconnected { peer: unseen });
        }
        outbox.tell(Event::PeerDisconnected { peer: seen });
        assert_eq!(outbox.backlog.len(), 1);

        assert!(
            matches!(receiver.try_recv(), Ok(Event::PeerConnected { peer, .. }) if peer == seen)
        );
        futures::executor::block_on(outbox.flush());
        assert!(
            matches!(receiver.try_recv(), Ok(Event::PeerDisconnected { peer }) if peer == seen)
        );
        assert!(!outbox.is_behind());
    }

    #[test]
    fn what_may_be_refused_never_overtakes_what_waits() {
        let (mut outbox, mut receiver) = Outbox::new(1);
        outbox.tell(connected(PeerId::random()));
        outbox.tell(connected(PeerId::random()));
        drop(receiver.try_recv());
        outbox.offer(Event::Discovered { peer: PeerId::random(), addresses: Vec::new() });
        assert!(receiver.try_recv().is_err());
        assert!(outbox.is_behind());
    }
}
