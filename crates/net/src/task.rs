//! The task that owns the swarm. Commands and swarm events meet here, and nowhere else.

mod commands;
mod swarm_events;

use std::time::Duration;

use futures::StreamExt;
use libp2p::{PeerId, Swarm};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::bans::Bans;
use crate::behaviour::Behaviour;
use crate::bootstrap::Bootstrap;
use crate::command::Command;
use crate::config::{Announce, Config};
use crate::dht::{Finds, Providing};
use crate::dials::{Dials, Origin, Target};
use crate::gossip::{self, Judged};
use crate::listeners::Listeners;
use crate::outbox::Outbox;
use crate::peers::Peers;

/// How exactly bans end, dials are repeated and keys published: none of them needs better.
const TICK: Duration = Duration::from_millis(500);

/// How long connections may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// See the module docs.
pub(crate) struct Task {
    local: PeerId,
    announce: Announce,
    topics_max: usize,
    idle_max: Duration,
    swarm: Swarm<Behaviour>,
    commands: mpsc::Receiver<Command>,
    outbox: Outbox,
    judged: mpsc::UnboundedReceiver<Judged>,
    judge: mpsc::UnboundedSender<Judged>,
    listeners: Listeners,
    peers: Peers,
    dials: Dials,
    bootstrap: Bootstrap,
    bans: Bans,
    finds: Finds,
    providing: Providing,
}

/// Whether the task goes on after a command.
enum Next {
    Continue,
    Stop(oneshot::Sender<()>),
}

impl Task {
    pub(crate) fn new(
        config: &Config,
        mut swarm: Swarm<Behaviour>,
        listeners: Listeners,
        commands: mpsc::Receiver<Command>,
        outbox: Outbox,
    ) -> Self {
        for address in &config.external {
            swarm.add_external_address(address.clone());
        }
        let (judge, judged) = mpsc::unbounded_channel();
        Self {
            local: config.identity.peer(),
            announce: config.announce,
            topics_max: config.limits.topics_max,
            idle_max: config.limits.idle_max,
            swarm,
            commands,
            outbox,
            judged,
            judge,
            listeners,
            peers: Peers::default(),
            dials: Dials::default(),
            bootstrap: Bootstrap::new(config.bootstrap.clone(), Instant::now()),
            bans: Bans::default(),
            finds: Finds::default(),
            providing: Providing::default(),
        }
    }

    /// Runs until told to stop, or until nobody is left to tell it anything.
    pub(crate) async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reply = loop {
            tokio::select! {
                command = self.commands.recv() => match command.map(|command| self.command(command)) {
                    Some(Next::Continue) => {}
                    Some(Next::Stop(reply)) => break Some(reply),
                    None => break None,
                },
                event = self.swarm.select_next_some() => self.swarm_event(event),
                Some(judged) = self.judged.recv() => self.verdict(&judged),
                _ = tick.tick() => self.tick(),
                () = self.outbox.flush(), if self.outbox.is_behind() => {}
            }
        };
        self.commands.close();
        self.say_goodbye().await;
        drop(self);
        if let Some(reply) = reply {
            let _ = reply.send(());
        }
    }

    /// Does what has fallen due.
    fn tick(&mut self) {
        let now = Instant::now();
        for peer in self.bans.expired(now) {
            self.swarm.behaviour_mut().banned.unblock_peer(peer);
        }
        for (index, address) in self.bootstrap.due(now) {
            self.dial(Target::at(address), Origin::Bootstrap { index });
        }
        self.providing.tick(&mut self.swarm.behaviour_mut().dht, now);
        self.close_idle(now);
    }

    /// Closes connections nobody wants. The swarm's own timeout never does: gossip opens a stream to
    /// every peer at once and keeps it, and a stream is what the swarm takes for use.
    fn close_idle(&mut self, now: Instant) {
        let mut closing = Vec::new();
        let behaviour = self.swarm.behaviour();
        let streams = &behaviour.streams;
        for (peer, connection) in self.peers.idle(now, self.idle_max, |id| streams.is_used(id)) {
            // Asked only of the few that are due: it looks through all topics of all peers.
            if self.bootstrap.holds(peer) || gossip::shares_topic(&behaviour.gossip, peer) {
                self.peers.keep(peer, connection, now);
            } else {
                closing.push(connection);
            }
        }
        for connection in closing {
            tracing::debug!(%connection, "closing an idle connection");
            self.swarm.close_connection(connection);
        }
    }

    fn verdict(&mut self, judged: &Judged) {
        let Judged { message, from, acceptance } = judged;
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.report_message_validation_result(message, from, *acceptance);
    }

    /// Closes connections in order, so that peers learn of it now and not by a timeout.
    async fn say_goodbye(&mut self) {
        for peer in self.peers.ids().collect::<Vec<PeerId>>() {
            // An error here means it is gone already.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let all_gone = async {
            while self.swarm.network_info().num_peers() != 0 {
                self.swarm.select_next_some().await;
            }
        };
        if timeout(GOODBYE, all_gone).await.is_err() {
            tracing::debug!("some peers did not take leave in time");
        }
    }
}
