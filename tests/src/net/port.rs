//! What a node's drive sees of the network.

use std::sync::{Arc, Mutex, PoisonError};

use ply_drive::{BoxFuture, Remote, RemoteError, Want};

use super::Net;

/// Brings what is wanted over the node's connections, one after another.
pub struct Port {
    /// The network.
    pub net: Arc<Mutex<Net>>,
    /// Whose port it is.
    pub node: usize,
}

impl Remote for Port {
    fn fetch(&self, want: Want) -> BoxFuture<'_, Result<(), RemoteError>> {
        let mut net = self.net.lock().unwrap_or_else(PoisonError::into_inner);
        let result = net.fetch(self.node, &want);
        Box::pin(std::future::ready(result))
    }
}

impl Net {
    /// Brings what is wanted to a node over any of its connections.
    pub fn fetch(&mut self, node: usize, want: &Want) -> Result<(), RemoteError> {
        let mut result = Err(RemoteError::NoPeer);
        let mut at = 0;
        while at < self.links.len() {
            match self.fetch_over(at, node, want) {
                Some(true) => return Ok(()),
                Some(false) => result = Err(RemoteError::NoSource),
                None => {}
            }
            at += 1;
        }
        result
    }

    /// Asks over one connection, with everything that is said over it meanwhile. `None` when it is
    /// not one of the node's, or not open.
    fn fetch_over(&mut self, at: usize, node: usize, want: &Want) -> Option<bool> {
        let side = self.links[at].ends.iter().position(|&end| end == node)?;
        let ends = self.links[at].ends;
        let now = self.now;
        let session = self.links[at].session(side).filter(|session| session.is_open())?;
        let request = session.request(want.clone(), now).unwrap();
        loop {
            let is_alive = self.drain(at, 0) && self.drain(at, 1);
            if !is_alive || self.links.get(at).is_none_or(|link| link.ends != ends) {
                return Some(false);
            }
            if let Some(is_whole) = self.links[at].is_over(side, request) {
                return Some(is_whole);
            }
            let side = (0..2).find(|&side| self.links[at].has_message(side))?;
            if !self.deliver(at, side) {
                return Some(false);
            }
        }
    }
}
