//! A network without anybody in it.

use std::future::ready;
use std::sync::Arc;

use ply_drive::{Alone, BoxFuture, Remote, Replica};
use ply_store::Store;
use ply_types::DriveId;

use super::{Network, NetworkError, Peer, SyncRequest, SyncSummary, Transfer};

/// See the module's page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offline;

fn refused<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, NetworkError>> {
    Box::pin(ready(Err(NetworkError::Offline)))
}

impl Network for Offline {
    fn addresses(&self) -> Vec<String> {
        Vec::new()
    }

    fn connect<'a>(&'a self, _address: &'a str) -> BoxFuture<'a, Result<String, NetworkError>> {
        refused()
    }

    fn disconnect<'a>(&'a self, peer: &'a str) -> BoxFuture<'a, Result<(), NetworkError>> {
        Box::pin(ready(Err(NetworkError::NoPeer { peer: peer.to_owned() })))
    }

    fn peers(&self) -> BoxFuture<'_, Vec<Peer>> {
        Box::pin(ready(Vec::new()))
    }

    fn transfers(&self) -> Vec<Transfer> {
        Vec::new()
    }

    fn remote(&self, _replica: &Arc<Replica<Store>>) -> Arc<dyn Remote> {
        Arc::new(Alone)
    }

    fn announce(&self, _drive: DriveId) {}

    fn add(&self, _replica: &Arc<Replica<Store>>) {}

    fn remove(&self, _drive: DriveId) {}

    fn sync<'a>(
        &'a self,
        _replica: &'a Arc<Replica<Store>>,
        _request: &'a SyncRequest,
    ) -> BoxFuture<'a, Result<SyncSummary, NetworkError>> {
        refused()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}
