//! How long a run is.
//!
//! | variable | |
//! |---|---|
//! | `PLY_FUZZ_SECONDS` | run each target for so long, from a seed of the clock, and keep what breaks it |
//! | `PLY_FUZZ_SEED` | this seed instead |
//! | `PLY_FUZZ_WRITE` | write the seeds of the targets into their corpora |

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often the clock is looked at while as many cases run as a bounded run has.
const LOOKS: u64 = 64;

/// The seed of a bounded run.
const SEED: u64 = 2026;

/// What the environment asks for.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) writes: bool,
    until: Option<Instant>,
}

impl Plan {
    pub(crate) fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok()?.parse().ok();
        let seconds: Option<u64> = number("PLY_FUZZ_SECONDS");
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let fresh = seconds.map(|_| since.as_secs() << 20 | u64::from(since.subsec_micros()));
        Self {
            seed: number("PLY_FUZZ_SEED").or(fresh).unwrap_or(SEED),
            writes: std::env::var_os("PLY_FUZZ_WRITE").is_some(),
            until: seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        }
    }

    /// Whether another case comes after so many; `bound` is where a bounded run ends.
    pub(crate) fn goes_on(&self, cases: u64, bound: u64) -> bool {
        match self.until {
            // The clock is dearer than most cases; where a bounded run has few, each takes long.
            Some(until) => !cases.is_multiple_of((bound / LOOKS).max(1)) || Instant::now() < until,
            None => cases < bound,
        }
    }

    /// Whether what breaks a target is written to its corpus.
    pub(crate) fn keeps_findings(&self) -> bool {
        self.until.is_some()
    }
}
