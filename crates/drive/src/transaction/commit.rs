//! The commit: the draft becomes part of this writer's log.

use std::collections::BTreeMap;

use ply_chunk::Kind as FrameKind;
use ply_engine::{Durability, Engine, Table, prefix_end};
use ply_index::{BuildError, Edit, Page, PageRef, Sink, Totals, TreeError, UpdateError, Where};
use ply_log::{Signer, Staging};
use ply_proto::metadata_block::Content;
use ply_types::LogKey;

use super::Transaction;
use crate::cipher::Metadata;
use crate::clock::{Clock, CommitMark};
use crate::commit::{Body, ClockRecord, Commit, Delta, Envelope, LayerRow, ancestors, check};
use crate::draft::DraftClock;
use crate::entry::{Entry, Kept, Stamp};
use crate::error::DriveError;
use crate::key::layer_key;
use crate::now::now;
use crate::replica::{Event, Replica};

/// Delta that every small commit may carry on.
const DELTA_LIVE_BYTES_MAX: usize = 2 * 1024;
/// Delta of a commit with many changes. The next commit makes a checkpoint of it.
const DELTA_LARGE_BYTES_MAX: usize = 64 * 1024;
/// A clock is written whole again when it differs in more than this part of its components.
const CLOCK_CHANGES_PART: usize = 2;

/// A commit that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its name.
    pub mark: CommitMark,
    /// Paths that it changes.
    pub paths: u64,
}

/// What a clock of the draft became.
#[derive(Clone, Copy, Debug, Default)]
struct Became {
    /// Its place among the clocks of the commit.
    number: u32,
    /// Number of the newest commit that this writer had made when paths began to go by it.
    own: Option<u64>,
}

impl<E: Engine> Transaction<'_, E> {
    /// Makes the draft permanent, with all that this transaction changed. `None` when there is
    /// nothing to commit.
    pub fn commit(mut self, message: &str, program: &str) -> Result<Option<Committed>, DriveError> {
        // A commit that fails half way must leave the draft as it is, so the draft comes first.
        self.flush_rows()?;
        let replica = self.replica;
        let changes = replica.draft_entries(&ply_index::KeyRange::all(), usize::MAX)?;
        if changes.is_empty() {
            return Ok(None);
        }
        let paths = changes.len() as u64;
        let own = replica.writer_key();
        let previous = self.view.commit_of(&own).cloned();
        let seen = self.view.others();
        let (clocks, numbers) = self.clocks(&seen, &changes)?;
        // Above all that any of its clocks names, what was in view and is cut off by now included.
        let newest_seen = clocks.iter().map(|clock| clock.components.number()).max().unwrap_or(0);
        let newest_own = previous.as_ref().map_or(0, |commit| commit.mark.number);
        let highest = newest_seen.max(seen.number()).max(newest_own);
        let used_up = "a writer in view claims the highest number that a commit can have";
        let number = highest.checked_add(1).ok_or_else(|| replica.inconsistent(used_up))?;

        let mut edits = BTreeMap::new();
        let mut totals = previous
            .as_ref()
            .and_then(|commit| commit.body.as_ref())
            .map(|body| body.totals)
            .unwrap_or_default();
        for (key, mut entry) in changes {
            let clock = numbers.get(&entry.stamp.clock).copied().unwrap_or_default();
            if let Some(own) = clock.own.filter(|own| *own < newest_own) {
                self.keep_returned(&key, &mut entry, own)?;
            }
            entry.stamp = Stamp { commit: number, clock: clock.number };
            for kept in &mut entry.keeps {
                if let Kept::Own(own) = kept
                    && own.stamp.commit == 0
                {
                    own.stamp = entry.stamp;
                }
            }
            let row = self.row_of(&entry)?;
            let before = match self.view.own_tree() {
                Some(tree) => tree.row(&key)?,
                None => None,
            };
            self.link_edits(&key, before.as_deref(), &entry, &mut edits)?;
            totals = add(totals, weigh(&key, &row));
            if let Some(before) = before {
                totals = subtract(totals, weigh(&key, &before));
            }
            edits.insert(key, Some(row));
        }
        // After the entries: those too long for a row of their own went into a layer.
        self.stage_layers()?;
        let layers = self.changed_layers()?;
        for (number, layer) in &layers {
            edits.insert(layer_key(*number), Some(layer.encode()));
        }

        let old_body = previous.as_ref().and_then(|commit| commit.body.clone()).unwrap_or_default();
        let (index, delta) = self.fold(old_body.index, old_body.delta, edits)?;
        let envelope = Envelope {
            number,
            count: previous.as_ref().map_or(0, |commit| commit.envelope.count + 1),
            ancestors: ancestors(
                previous.as_ref().map(|commit| (commit.mark, commit.envelope.count)),
                |mark| Ok::<_, DriveError>(replica.marked(own, mark)?.envelope.ancestors.clone()),
            )?,
            clocks,
            layers: layers.into_iter().map(|(_, layer)| layer).collect(),
            records: Vec::new(),
        };
        let body = Body {
            index,
            delta,
            totals,
            message: message.to_owned(),
            time: replica.host.now(),
            program: program.to_owned(),
        };
        let mark = self.append_commit(envelope, body)?;
        replica.tell(|| [Event::Committed { mark }]);
        Ok(Some(Committed { mark, paths }))
    }

    /// Keeps beside a change what this writer committed at its path after the change was begun. After a
    /// restore from a backup the own log comes back from peers while a draft of the backup is open.
    fn keep_returned(&self, key: &[u8], entry: &mut Entry, own: u64) -> Result<(), DriveError> {
        let returned = match self.view.without_draft().own_tree() {
            Some(tree) => tree.entry(key)?,
            None => None,
        };
        let Some(mut returned) = returned.filter(|returned| own < returned.stamp.commit) else {
            return Ok(());
        };
        entry.keeps.append(&mut returned.keeps);
        if returned.kind().is_some() && !returned.same_but_for_times(entry) {
            entry.keeps.push(Kept::Own(Box::new(returned)));
        }
        Ok(())
    }

    /// Appends the commit block, drops the draft, and makes both durable as one.
    fn append_commit(&mut self, envelope: Envelope, body: Body) -> Result<CommitMark, DriveError> {
        let replica = self.replica;
        let own = replica.writer_key();
        let broken = |fault: crate::error::BlockFault| replica.inconsistent(&fault.to_string());
        let block = Metadata {
            content: Content::Commit,
            outer: replica
                .cipher
                .seal_outer(FrameKind::Envelope, &envelope.encode())
                .map_err(broken)?,
            inner: replica.cipher.seal(FrameKind::CommitBody, &body.encode()).map_err(broken)?,
        }
        .to_block();
        let id = ply_types::CommitId(ply_merkle::leaf_hash(&block).0);
        let position = self.staging().append(&own, &block)?;
        let mark = CommitMark { number: envelope.number, block: position, id };
        // Nobody would take it otherwise, and the draft would be gone.
        check(&Commit { writer: own, mark, envelope, body: Some(body) }).map_err(|what| {
            replica.inconsistent(&format!("a commit was made that is none: {what}"))
        })?;
        let drive = replica.id();
        self.staging().batch().delete_range(Table::Draft, drive.0, prefix_end(&drive.0));
        if let Some(staging) = self.staging.take() {
            staging.commit(Durability::Synced)?;
        }
        replica.refresh()?;
        Ok(mark)
    }

    /// The clocks of the commit, and what each clock of the draft became.
    fn clocks(
        &self,
        seen: &Clock,
        changes: &[(Vec<u8>, Entry)],
    ) -> Result<(Vec<ClockRecord>, BTreeMap<u32, Became>), DriveError> {
        let mut clocks = vec![self.clock_record(seen)?];
        let mut numbers = BTreeMap::new();
        for (_, entry) in changes {
            let draft = entry.stamp.clock;
            if numbers.contains_key(&draft) {
                continue;
            }
            let DraftClock { clock, own } = self.replica.draft_clock(draft)?;
            let number = if clock == *seen {
                0
            } else {
                clocks.push(ClockRecord { since: None, components: clock });
                u32::try_from(clocks.len() - 1)
                    .map_err(|_| self.replica.inconsistent("the draft has too many clocks"))?
            };
            numbers.insert(draft, Became { number, own });
        }
        Ok((clocks, numbers))
    }

    /// A clock as changes to the last whole one, unless most of it changed.
    fn clock_record(&self, clock: &Clock) -> Result<ClockRecord, DriveError> {
        let whole = ClockRecord { since: None, components: clock.clone() };
        let own = self.replica.writer_key();
        let Some(previous) = self.view.commit_of(&own) else { return Ok(whole) };
        let base = match previous.envelope.clocks.first().and_then(|first| first.since) {
            None => previous.mark.block,
            Some(block) => block,
        };
        let base_clock = self.replica.clock(&*self.replica.commit(own, base)?, 0)?;
        let components = clock.since(&base_clock);
        let is_short = components.len() * CLOCK_CHANGES_PART < clock.len();
        // Components never vanish from a view, so changes can say everything.
        if is_short && clock.includes(&base_clock) {
            Ok(ClockRecord { since: Some(base), components })
        } else {
            Ok(whole)
        }
    }

    /// The bytes of an entry's row, the entry in a frame of its own if it is too long.
    fn row_of(&mut self, entry: &Entry) -> Result<Vec<u8>, DriveError> {
        let row = entry.encode();
        if row.len() <= ply_index::VALUE_BYTES_MAX {
            return Ok(row);
        }
        let frame = self.replica.seal_content(&row)?;
        let place = self.append(&frame)?;
        Ok(entry.stub(place))
    }

    /// The rows of layers that are new or grew since the last commit, signed.
    fn changed_layers(&self) -> Result<Vec<(u32, LayerRow)>, DriveError> {
        let mut changed = Vec::new();
        for (&number, layer) in &self.grown {
            let committed = match self.view.own_tree() {
                Some(tree) => tree.committed_layer(number)?,
                None => None,
            };
            let mut layer = layer.clone();
            if let Some(fresh) = &layer.fresh {
                let signer = Signer::new(&self.replica.writer_seed.layer(fresh));
                let head = ply_log::Head {
                    log: layer.key,
                    length: layer.length,
                    bytes: layer.bytes,
                    root: layer.root,
                };
                let signed = head.sign(&signer).map_err(|error| {
                    self.replica.inconsistent(&format!("a layer cannot be signed: {error}"))
                })?;
                layer.signature = signed.signed().signature.0.to_vec();
            }
            if 0 < layer.length && committed.as_ref() != Some(&layer) {
                changed.push((number, layer));
            }
        }
        Ok(changed)
    }

    /// Lays the edits over delta and checkpoint: into the delta while it stays small, otherwise into
    /// a new checkpoint whose pages are appended to the log.
    fn fold(
        &mut self,
        checkpoint: Option<PageRef>,
        mut delta: Delta,
        edits: Delta,
    ) -> Result<(Option<PageRef>, Delta), DriveError> {
        let edits_bytes = delta_bytes(&edits);
        delta.extend(edits);
        let total_bytes = delta_bytes(&delta);
        let is_large = DELTA_LIVE_BYTES_MAX < edits_bytes;
        let max = if is_large { DELTA_LARGE_BYTES_MAX } else { DELTA_LIVE_BYTES_MAX };
        if total_bytes <= max {
            return Ok((checkpoint, delta));
        }
        let replica = self.replica;
        let edits: Vec<Edit> = delta.into_iter().collect();
        let mut sink = PageSink { replica, log: replica.writer_key(), staging: self.staging() };
        let update = ply_index::update(&**replica, checkpoint, &edits, &weigh, &mut sink);
        let root = match now(update) {
            Some(Ok(root)) => root,
            Some(Err(
                UpdateError::Tree(TreeError::Pages(error))
                | UpdateError::Build(BuildError::Sink(error)),
            )) => return Err(error),
            Some(Err(error)) => return Err(replica.inconsistent(&error.to_string())),
            None => return Err(replica.inconsistent("writing the index had to wait")),
        };
        Ok((root, Delta::new()))
    }
}

/// Appends new pages to the metadata log.
struct PageSink<'staging, 'replica, E: Engine> {
    replica: &'replica Replica<E>,
    log: LogKey,
    staging: &'staging mut Staging<'replica, E>,
}

impl<E: Engine> Sink for PageSink<'_, '_, E> {
    type Error = DriveError;

    fn put(&mut self, page: &Page, child_places: &[Where]) -> Result<Where, DriveError> {
        let broken =
            |fault: crate::error::BlockFault| self.replica.inconsistent(&fault.to_string());
        let cipher = &self.replica.cipher;
        let outer = if page.level() == 0 {
            Vec::new()
        } else {
            let places = ply_index::encode_where(child_places, self.log);
            cipher.seal_outer(FrameKind::PageWhere, &places).map_err(broken)?
        };
        let inner = cipher.seal(FrameKind::Page, page.bytes()).map_err(broken)?;
        let block = Metadata { content: Content::Page, outer, inner }.to_block();
        let block = self.staging.append(&self.log, &block)?;
        Ok(Where { log: self.log, block })
    }
}

fn delta_bytes(delta: &Delta) -> usize {
    delta.iter().map(|(key, row)| key.len() + row.as_ref().map_or(0, Vec::len) + 8).sum()
}

/// What a row counts for: living paths, and the bytes of their content.
pub(crate) fn weigh(key: &[u8], row: &[u8]) -> Totals {
    let nothing = Totals { count: 0, bytes: 0 };
    if crate::key::key_path(key).is_none() {
        return nothing;
    }
    match ply_proto::decode::<ply_proto::Entry>("entry", row.len(), row) {
        Ok(entry) if entry.kind() != ply_proto::Kind::Tombstone => {
            Totals { count: 1, bytes: entry.size }
        }
        _ => nothing,
    }
}

fn add(a: Totals, b: Totals) -> Totals {
    Totals { count: a.count.saturating_add(b.count), bytes: a.bytes.saturating_add(b.bytes) }
}

fn subtract(a: Totals, b: Totals) -> Totals {
    Totals { count: a.count.saturating_sub(b.count), bytes: a.bytes.saturating_sub(b.bytes) }
}
