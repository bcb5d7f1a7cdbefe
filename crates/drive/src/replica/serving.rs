//! What a replica tells the sync protocol: heads, trusted trees, and which blocks answer a question.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ply_chunk::{FrameError, Kind};
use ply_engine::{Durability, Engine};
use ply_log::{Head, HeadStep, LogsError, SignedHead};
use ply_types::{LogKey, Path};

use super::Replica;
use crate::error::{BlockFault, DriveError, Missing};
use crate::remote::Want;
use crate::trace;
use crate::view::{View, Walk};

/// Names in one answer to a listing: nearly every directory there is, in one round trip.
const NAMES_MAX: usize = 8192;

impl<E: Engine> Replica<E> {
    /// Says that a peer was asked for this node's own head: from now on it may sign.
    ///
    /// A node that was restored from a backup would otherwise sign a second history.
    pub fn allow_signing(&self) {
        self.may_sign.store(true, Ordering::Release);
    }

    /// The newest signed head of a log. This node's own is signed here, once that is allowed.
    pub fn signed_head(&self, log: &LogKey) -> Result<Option<SignedHead>, DriveError> {
        let may_sign = self.may_sign.load(Ordering::Acquire)
            && !self.is_disowned.load(Ordering::Acquire)
            && !self.is_forked(log);
        if *log != self.writer_key() || !may_sign {
            return Ok(self.logs.head(log)?);
        }
        loop {
            match self.sign_own() {
                // A commit or another session came between: the log is looked at anew.
                Err(DriveError::Log(LogsError::Moved { .. })) => {}
                signed => return signed,
            }
        }
    }

    /// Signs this node's log as it is, whoever was heard of: the last time that it signs under this key,
    /// because its home was copied and each copy goes on under another. Nobody who meets but one copy
    /// could take what is not signed from it.
    ///
    /// The other copies sign the same, or what grew out of it.
    pub fn sign_off(&self) -> Result<(), DriveError> {
        if self.is_used_up() {
            return Ok(());
        }
        self.sign_own().map(drop)
    }

    /// The own head, which grows to the whole log here.
    fn sign_own(&self) -> Result<Option<SignedHead>, DriveError> {
        let log = &self.writer_key();
        let held = self.logs.head(log)?;
        let roots = self.logs.roots(log)?;
        if roots.length() <= held.map_or(0, |signed| signed.head.length) {
            return Ok(held);
        }
        if !self.logs.holds(log, roots.length() - 1)? {
            // Its newest commit is damaged here: nobody could read what such a head stands for.
            return Ok(held);
        }
        let signed = Head::new(*log, &roots).sign(&self.signer).map_err(|error| {
            self.inconsistent(&format!("the own head cannot be signed: {error}"))
        })?;
        // Durable before anybody sees it: what was signed once can never be signed otherwise.
        let mut staging = self.logs.stage();
        if let HeadStep::Forked(_) = staging.set_head(&signed)? {
            return Err(self.inconsistent("the own log does not grow out of its signed head"));
        }
        staging.commit(Durability::Synced)?;
        Ok(Some(*signed.signed()))
    }

    /// The writers whose heads this node passes on, itself among them once it wrote something.
    pub fn published_logs(&self) -> Vec<LogKey> {
        let mut logs: Vec<LogKey> =
            self.membership().writers().map(|(&writer, _)| writer).collect();
        if !logs.contains(&self.writer_key()) {
            logs.push(self.writer_key());
        }
        logs
    }

    /// How much of a log this node knows, signed or its own.
    pub fn known_length(&self, log: &LogKey) -> Result<u64, DriveError> {
        let head = self.logs.head(log)?.map_or(0, |signed| signed.head.length);
        if *log == self.writer_key() {
            return Ok(head.max(self.logs.roots(log)?.length()));
        }
        Ok(head)
    }

    /// The tree of a log at a length, if somebody who counts vouches for it: the signed head of a
    /// writer, or a commit that names a layer.
    pub fn trusted(
        self: &Arc<Self>,
        log: &LogKey,
        length: u64,
    ) -> Result<Option<Head>, DriveError> {
        if let Some(signed) = self.logs.head(log)?
            && signed.head.length == length
        {
            return Ok(Some(signed.head));
        }
        for commit in self.effective().values() {
            let layer = commit.envelope.layers.iter().find(|layer| layer.key == *log);
            if let Some(layer) = layer.filter(|layer| layer.length == length) {
                return Ok(Some(layer.head()));
            }
        }
        let (layers, _) = self.layers()?;
        Ok(layers.into_iter().find(|head| head.log == *log && head.length == length))
    }

    /// The tree of a log at a length, from what is held here.
    pub fn tree_at(&self, log: &LogKey, length: u64) -> Result<Option<Head>, DriveError> {
        let roots = self.logs.roots_at(log, length)?;
        Ok(roots.map(|roots| Head::new(*log, &roots)))
    }

    /// Seals what only readers of the drive may read.
    pub fn seal(&self, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, DriveError> {
        let sealed = self.cipher.seal(kind, bytes);
        sealed.map_err(|fault| self.inconsistent(&fault.to_string()))
    }

    /// Opens what only readers of the drive can read. `None` when it comes from somebody who reads the
    /// drive otherwise than this node, with another key or with none: no lie, and of no use.
    pub fn open_sealed(&self, kind: Kind, bytes: &[u8]) -> Result<Option<Vec<u8>>, DriveError> {
        match self.cipher.open(kind, bytes) {
            Ok(opened) => Ok(Some(opened)),
            Err(BlockFault::Frame(
                FrameError::NotSealed { .. }
                | FrameError::NotPlain { .. }
                | FrameError::UnknownEpoch { .. },
            )) => Ok(None),
            Err(fault) => Err(self.inconsistent(&fault.to_string())),
        }
    }

    /// The blocks that a reader needs in order to answer a question as this node would, in the order
    /// in which they are used, whether they are held here or not.
    pub fn blocks_for(self: &Arc<Self>, want: &Want) -> Result<Vec<Missing>, DriveError> {
        let view = self.view();
        let (result, blocks) = trace::record(|| ask(&view, want));
        match result {
            Ok(()) | Err(DriveError::Missing(_)) => Ok(blocks),
            Err(error) => Err(error),
        }
    }
}

/// Does what the asker will do.
fn ask<E: Engine>(view: &View<E>, want: &Want) -> Result<(), DriveError> {
    match want {
        Want::Stat(path) => {
            above(view, path)?;
            view.path(path).map(drop)
        }
        Want::List { path, after } => {
            view.path(path)?;
            view.list(path, after.as_ref(), NAMES_MAX).map(drop)
        }
        Want::Tree(path) => {
            view.path(path)?;
            let mut walk = Walk::new(view, path.clone());
            while walk.next()?.is_some() {}
            Ok(())
        }
        Want::Open { path, bytes } | Want::Data { path, bytes } => {
            above(view, path)?;
            data(view, path, bytes.clone())
        }
        Want::Heads | Want::Blocks { .. } | Want::Everything => Ok(()),
    }
}

/// Looks at the directories above a path: who edits it later, with nobody in reach, will need them.
fn above<E: Engine>(view: &View<E>, path: &Path) -> Result<(), DriveError> {
    path.ancestors().iter().try_for_each(|directory| view.path(directory).map(drop))
}

fn data<E: Engine>(view: &View<E>, path: &Path, bytes: Range<u64>) -> Result<(), DriveError> {
    let state = view.path(path)?;
    for version in state.versions.all() {
        if version.entry.stored().is_none() {
            continue;
        }
        let mut reader = view.open(path, version)?;
        let mut places = Vec::new();
        reader.frames(bytes.clone(), |place| places.push(place))?;
        for place in places {
            let layer = reader.layer(place.layer)?;
            trace::note(layer.key, place.block);
        }
    }
    Ok(())
}
