//! Every number that bounds what a peer can make this node do.

use std::time::Duration;

use ply_log::RECENT_BYTES_MAX;

/// Longest message: the longest frame of a log, with its proof and headers.
pub const MESSAGE_BYTES_MAX: usize = (1 << 20) + (64 << 10);

/// Memory that one message takes once it is decoded. A message of blocks takes little more than its
/// bytes, a summary of all heads four times as much.
pub(crate) const MESSAGE_MEMORY_MAX: usize = 4 * MESSAGE_BYTES_MAX;

/// Memory that a session holds for its peer at most, whatever that sends and however it reads: blocks
/// that are not stored yet and one message more, a message that is looked at, one that is made, what is
/// to be sent, and what was looked up for it. What the drive itself holds is not the peer's to choose.
pub const SESSION_MEMORY_MAX: usize = INBOX_BYTES
    + 3 * MESSAGE_MEMORY_MAX
    + 2 * RUNS_MAX * RUN_PLACE
    + REQUESTS_MAX * RECENT_BYTES_MAX;

/// What one run that waits to be sent takes, with room for a list to grow.
const RUN_PLACE: usize = 64 + 32;

/// Longest question once it is opened: its path, and all marks of what is held.
pub(crate) const QUESTION_BYTES_MAX: usize = 128 << 10;

/// Blocks that are put into one message, by bytes, unless a single one is longer.
pub(crate) const RUN_BYTES: u64 = 256 << 10;

/// Blocks in one message.
pub(crate) const RUN_BLOCKS: u64 = 512;

/// Requests of a peer that wait for their answer. More are refused.
pub const REQUESTS_MAX: usize = 64;

/// Requests of a peer that wait to be answered or refused. More end the session.
pub(crate) const WAITING_MAX: usize = 4 * REQUESTS_MAX;

/// Spans in one request for blocks.
pub(crate) const SPANS_MAX: usize = 4096;

/// Bytes that one request asks for, estimated from the mean block of its log.
pub(crate) const GET_BYTES: u64 = 4 << 20;

/// Requests for blocks that are under way at once: with [`GET_BYTES`] each, enough to keep a link of
/// 1 Gbit/s and 100 ms busy.
pub(crate) const GETS_UNDER_WAY: usize = 4;

/// How long to leave blocks alone that another peer was asked for.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long a session that has fetched all else leaves blocks alone that other peers were asked for,
/// before it asks its own for them too. A link of 16 Mbit/s brings all that is under way in that time.
pub(crate) const TAKE_OVER: Duration = Duration::from_secs(10);

/// Verified blocks that are collected before they are made durable: what a crash costs to send again.
pub(crate) const INBOX_BYTES: usize = 16 << 20;

/// Bytes of answers that come one after another and of which nothing can be stored, for nobody vouches
/// for it: more than all that is under way to an honest peer whose logs moved on.
pub(crate) const UNVOUCHED_BYTES_MAX: usize = 4 * INBOX_BYTES;

/// New logs in one message of news.
pub(crate) const NEWS_LOGS_MAX: usize = 64;

/// Membership records in one message of news: 64 of 4 KiB are well within a message.
pub(crate) const NEWS_RECORDS_MAX: usize = 64;

/// Proofs of forks in one message of news: of about 10 KiB each at most.
pub(crate) const NEWS_FORKS_MAX: usize = 32;

/// Bytes of one message of news, unless a single head's commit is longer. More go into the next one.
pub(crate) const NEWS_BYTES: usize = 256 << 10;

/// A commit travels with its head when it is no longer than this together with what proves it, so that
/// any message of news is well within [`MESSAGE_BYTES_MAX`]. Longer ones are asked for.
pub(crate) const COMMIT_BYTES_MAX: usize = 768 << 10;

/// Trees that a session remembers to be vouched for. When there are more it looks them up again.
pub(crate) const TRUSTED_MAX: usize = 4096;

/// Runs of blocks that wait to be sent to a peer, of all its requests: of some 64 bytes each.
pub(crate) const RUNS_MAX: usize = 1 << 16;

/// Logs of which a peer's other history is looked into at once.
pub(crate) const RIVALS_MAX: usize = 16;

/// Heads in a summary.
pub(crate) const SUMMARY_HEADS_MAX: usize = 4096;

/// Commit blocks and small content travel with the news when they are no longer than this together.
pub(crate) const PUSH_BYTES: usize = 16 << 10;

/// Marks of known blocks in one question.
pub(crate) const KNOWN_MAX: usize = 4096;

/// Trees that an asker says it holds, in one question.
pub(crate) const TREES_MAX: usize = 256;

/// A request whose answer does not move for this long is given up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Times that one question is asked because news came while its answer was under way.
pub(crate) const ASKED_MAX: u32 = 8;

/// Times that everything is gone through because news came meanwhile. Each time moves what is new only.
pub(crate) const ROUNDS_MAX: u32 = 64;

/// Times that blocks are asked for by position after an answer that did not bring them: the height of
/// any tree, a few times over.
pub(crate) const STEPS_MAX: u32 = 32;
