//! Running futures that never wait.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The result of a future whose every step completes at once.
///
/// The index reads pages through an asynchronous door; a drive reads them from its own logs, where
/// a page is either held or an error, so nothing ever waits. `None` would be a future that does.
pub(crate) fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
