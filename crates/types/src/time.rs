//! Two kinds of time that must not meet: what a file says, and when a machine must act.

use std::ops::Add;
use std::time::Duration;

/// A file's time as the file system gives it. Data, never an argument about what is newer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970, negative before.
    pub seconds: i64,
    /// Nanoseconds after that second, below 1,000,000,000.
    pub nanos: u32,
}

/// A moment on some clock, counted from when that clock started.
///
/// `std::time::Instant` can only be read from the machine; this one can also be written in a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, rest: Duration) -> Self {
        Self(self.0.saturating_add(rest))
    }
}
