//! Envelopes and bodies as messages.

use ply_index::{PageRef, Totals, Where};
use ply_proto as proto;
use ply_types::{CommitId, LogKey, PageHash, Timestamp, TreeHash};
use thiserror::Error;

use super::{Body, ClockRecord, Delta, Envelope, LayerRow};
use crate::clock::{Clock, CommitMark};

/// Longest metadata block: a page or a commit, sealed.
pub(crate) const METADATA_BLOCK_BYTES_MAX: usize = 1 << 20;

/// Why the plaintext of a commit block is not a commit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct CommitFault(pub(crate) &'static str);

type Decoded<T> = Result<T, CommitFault>;

const WRITER: CommitFault = CommitFault("a key is not 32 bytes");
const HASH: CommitFault = CommitFault("a hash is not 32 bytes");

impl Envelope {
    pub(crate) fn encode(&self) -> Vec<u8> {
        proto::encode(&proto::Envelope {
            number: self.number,
            count: self.count,
            ancestors: self.ancestors.iter().map(ancestor_to_proto).collect(),
            clocks: self
                .clocks
                .iter()
                .map(|clock| proto::Clock {
                    since: clock.since.map_or(0, |block| block + 1),
                    components: clock.components.to_proto(),
                })
                .collect(),
            layers: self.layers.iter().map(LayerRow::to_proto).collect(),
            records: self.records.clone(),
            dead: Vec::new(),
        })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Decoded<Self> {
        let message: proto::Envelope =
            proto::decode("commit envelope", METADATA_BLOCK_BYTES_MAX, bytes)
                .map_err(|_| CommitFault("the envelope is malformed"))?;
        let clocks = message
            .clocks
            .iter()
            .map(|clock| {
                Ok(ClockRecord {
                    since: clock.since.checked_sub(1),
                    components: Clock::from_proto(&clock.components)
                        .ok_or(CommitFault("a clock is malformed"))?,
                })
            })
            .collect::<Decoded<Vec<_>>>()?;
        if clocks.is_empty() {
            return Err(CommitFault("a commit has no clock"));
        }
        Ok(Self {
            number: message.number,
            count: message.count,
            ancestors: message.ancestors.iter().map(ancestor_from_proto).collect::<Decoded<_>>()?,
            clocks,
            layers: message.layers.iter().map(LayerRow::from_proto).collect::<Decoded<_>>()?,
            records: message.records,
        })
    }
}

impl LayerRow {
    /// The layer as its log's tree has it.
    pub(crate) fn head(&self) -> ply_log::Head {
        let Self { key: log, length, bytes, root, .. } = *self;
        ply_log::Head { log, length, bytes, root }
    }

    pub(crate) fn to_proto(&self) -> proto::Layer {
        proto::Layer {
            key: self.key.0.to_vec(),
            length: self.length,
            bytes: self.bytes,
            root: self.root.0.to_vec(),
            sealed: self.sealed,
            fresh: self.fresh.map(|fresh| fresh.to_vec()).unwrap_or_default(),
            signature: self.signature.clone(),
        }
    }

    pub(crate) fn from_proto(layer: &proto::Layer) -> Decoded<Self> {
        Ok(Self {
            key: LogKey::try_from(layer.key.as_slice()).map_err(|_| WRITER)?,
            length: layer.length,
            bytes: layer.bytes,
            root: TreeHash::try_from(layer.root.as_slice()).map_err(|_| HASH)?,
            sealed: layer.sealed,
            fresh: match layer.fresh.as_slice() {
                [] => None,
                fresh => Some(fresh.try_into().map_err(|_| HASH)?),
            },
            signature: layer.signature.clone(),
        })
    }

    /// The row of the layer table.
    pub(crate) fn encode(&self) -> Vec<u8> {
        proto::encode(&self.to_proto())
    }

    /// Reads a row of the layer table.
    pub(crate) fn decode(bytes: &[u8]) -> Decoded<Self> {
        let layer: proto::Layer = proto::decode("layer", ply_index::VALUE_BYTES_MAX, bytes)
            .map_err(|_| CommitFault("a row of the layer table is malformed"))?;
        Self::from_proto(&layer)
    }
}

impl Body {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let delta = self.delta.iter();
        proto::encode(&proto::Body {
            index: self.index.as_ref().map(|page| proto::PagePlace {
                hash: page.hash.0.to_vec(),
                log: page.place.log.0.to_vec(),
                block: page.place.block,
            }),
            delta: delta
                .map(|(key, value)| proto::DeltaRow { key: key.clone(), value: value.clone() })
                .collect(),
            totals: Some(proto::Sums { count: self.totals.count, bytes: self.totals.bytes }),
            message: self.message.clone(),
            seconds: self.time.seconds,
            nanos: self.time.nanos,
            program: self.program.clone(),
            ..proto::Body::default()
        })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Decoded<Self> {
        let message: proto::Body = proto::decode("commit body", METADATA_BLOCK_BYTES_MAX, bytes)
            .map_err(|_| CommitFault("the body is malformed"))?;
        let index = match &message.index {
            None => None,
            Some(page) => Some(PageRef {
                hash: PageHash::try_from(page.hash.as_slice()).map_err(|_| HASH)?,
                place: Where {
                    log: LogKey::try_from(page.log.as_slice()).map_err(|_| WRITER)?,
                    block: page.block,
                },
            }),
        };
        let mut delta = Delta::new();
        for row in message.delta {
            let fits = !row.key.is_empty()
                && row.key.len() <= ply_index::KEY_BYTES_MAX
                && row.value.as_ref().is_none_or(|value| value.len() <= ply_index::VALUE_BYTES_MAX);
            if !fits || delta.insert(row.key, row.value).is_some() {
                return Err(CommitFault("a row of the delta is malformed or there twice"));
            }
        }
        let totals = message.totals.unwrap_or_default();
        Ok(Self {
            index,
            delta,
            totals: Totals { count: totals.count, bytes: totals.bytes },
            message: message.message,
            time: Timestamp { seconds: message.seconds, nanos: message.nanos },
            program: message.program,
        })
    }
}

fn ancestor_to_proto(mark: &CommitMark) -> proto::Ancestor {
    proto::Ancestor { number: mark.number, block: mark.block, id: mark.id.0.to_vec() }
}

fn ancestor_from_proto(mark: &proto::Ancestor) -> Decoded<CommitMark> {
    Ok(CommitMark {
        number: mark.number,
        block: mark.block,
        id: CommitId::try_from(mark.id.as_slice()).map_err(|_| HASH)?,
    })
}
