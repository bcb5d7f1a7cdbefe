//! Short messages to everybody who follows a topic, whether connected to this node or not.
//!
//! Messages carry no author and no signature of gossip's own: what is in them is signed already. They
//! are told apart by their content, so the same words on the same topic travel once a minute at most.
//! Nothing is relayed before the caller has judged it, see [`Verdict`].

use bytes::Bytes;
use libp2p::PeerId;
use libp2p::gossipsub::{
    self, AllowAllSubscriptionFilter, IdentTopic, IdentityTransform, MaxCountSubscriptionFilter,
    MessageAcceptance, MessageAuthenticity, MessageId, TopicHash, ValidationMode,
};
use ply_types::Topic;
use tokio::sync::mpsc;

use crate::error::NetError;

/// Longest message.
pub const GOSSIP_BYTES_MAX: usize = 1024;

/// What one topic takes in a greeting: 64 hexadecimal digits and 8 bytes of framing, rounded up.
const TOPIC_BYTES: usize = 80;

/// Lists of message ids: 20 bytes each and 4 of framing, so at most 24 KB in one go.
const IDS_MAX: usize = 1000;

/// Room for one message and its framing, or one list of ids, beside all topics.
const FRAME_BYTES_SLACK: usize = 32 * 1024;

const _: () = assert!(IDS_MAX * 24 + GOSSIP_BYTES_MAX < FRAME_BYTES_SLACK);

/// Gossip with a bound on the topics that are remembered of each peer.
pub(crate) type Behaviour =
    gossipsub::Behaviour<IdentityTransform, MaxCountSubscriptionFilter<AllowAllSubscriptionFilter>>;

/// A message that waits for a verdict.
#[derive(Debug)]
pub struct Gossip {
    /// What it is about.
    pub topic: Topic,
    /// Who passed it on. Rarely its author.
    pub from: PeerId,
    /// At most [`GOSSIP_BYTES_MAX`] bytes.
    pub bytes: Bytes,
    /// Decides whether it travels on.
    pub verdict: Verdict,
}

/// The say over one message. Dropped without a word, it means [`Verdict::ignore`].
#[derive(Debug)]
pub struct Verdict {
    message: Option<(MessageId, PeerId)>,
    judged: mpsc::UnboundedSender<Judged>,
}

/// A verdict on its way to the swarm. There are never more of them than messages handed out.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) message: MessageId,
    pub(crate) from: PeerId,
    pub(crate) acceptance: MessageAcceptance,
}

impl Verdict {
    pub(crate) fn new(
        message: MessageId,
        from: PeerId,
        judged: mpsc::UnboundedSender<Judged>,
    ) -> Self {
        Self { message: Some((message, from)), judged }
    }

    /// It is good and new: relay it. To be said within seconds, gossip forgets messages after that.
    pub fn accept(mut self) {
        self.say(MessageAcceptance::Accept);
    }

    /// It is old or of no use: keep it from others, blame nobody.
    pub fn ignore(mut self) {
        self.say(MessageAcceptance::Ignore);
    }

    /// It is wrong, and whoever relayed it should have seen that.
    pub fn reject(mut self) {
        self.say(MessageAcceptance::Reject);
    }

    fn say(&mut self, acceptance: MessageAcceptance) {
        if let Some((message, from)) = self.message.take() {
            // Fails once the network has shut down, when nothing is relayed any more.
            drop(self.judged.send(Judged { message, from, acceptance }));
        }
    }
}

impl Drop for Verdict {
    fn drop(&mut self) {
        self.say(MessageAcceptance::Ignore);
    }
}

/// Sets gossip up.
///
/// A greeting lists all topics of a node in one frame, so frames and control messages must have room
/// for `topics_max` of them, however short a message has to be.
pub(crate) fn behaviour(topics_max: usize) -> Result<Behaviour, NetError> {
    let refused =
        |reason: &dyn ToString| NetError::Setup { part: "gossip", reason: reason.to_string() };
    let control_bytes_max =
        topics_max.saturating_mul(TOPIC_BYTES).saturating_add(FRAME_BYTES_SLACK);
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(message_id)
        .max_transmit_size(control_bytes_max)
        .max_control_message_size(control_bytes_max)
        .max_control_messages_sent(IDS_MAX)
        .build()
        .map_err(|error| refused(&error))?;
    let filter = MaxCountSubscriptionFilter {
        filter: AllowAllSubscriptionFilter {},
        max_subscribed_topics: topics_max,
        max_subscriptions_per_request: topics_max,
    };
    gossipsub::Behaviour::new_with_subscription_filter(
        MessageAuthenticity::Anonymous,
        config,
        filter,
    )
    .map_err(|error| refused(&error))
}

/// The topic as gossip names it.
pub(crate) fn ident(topic: Topic) -> IdentTopic {
    IdentTopic::new(topic.to_string())
}

/// Whether a peer follows a topic that this node follows too.
pub(crate) fn shares_topic(gossip: &Behaviour, peer: PeerId) -> bool {
    let topics = gossip.all_peers().find(|(known, _)| **known == peer).map(|(_, topics)| topics);
    topics.is_some_and(|theirs| gossip.topics().any(|own| theirs.contains(&own)))
}

/// Reads back what [`ident`] made. `None` for a topic nobody here can have subscribed to.
pub(crate) fn topic(hash: &TopicHash) -> Option<Topic> {
    Topic::parse(hash.as_str()).ok()
}

/// Names a message by its topic and content. 20 bytes suffice: who finds two messages of the same
/// name keeps only their own message from travelling.
fn message_id(message: &gossipsub::Message) -> MessageId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(blake3::hash(message.topic.as_str().as_bytes()).as_bytes());
    hasher.update(&message.data);
    let hash = hasher.finalize();
    MessageId::new(hash.as_bytes().first_chunk::<20>().unwrap_or(&[0; 20]))
}
