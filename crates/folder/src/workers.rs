//! How many threads work, and how much they may hold.

use std::thread;

/// Threads that read or write beside the caller's. One that appends cannot keep up with more.
const WORKERS_MAX: usize = 16;
/// A file up to this size is handled in one piece, together with others.
pub(crate) const SMALL_BYTES_MAX: u64 = 512 << 10;
/// Files are handed over in batches of about so many bytes.
pub(crate) const BATCH_BYTES: u64 = 512 << 10;
/// Files in a batch, however small they are.
pub(crate) const BATCH_FILES: usize = 64;
/// A large file moves in parts of about so many bytes.
pub(crate) const PART_BYTES: usize = 1 << 20;
/// Parts of one large file that wait; one more is being made and one is being stored.
pub(crate) const PARTS_WAITING: usize = 1;
/// Batches that wait for the one that appends.
pub(crate) const BATCHES_WAITING: usize = 8;

/// What may be in flight, all threads together.
const IN_FLIGHT_BYTES_MAX: u64 = 64 << 20;

const _: () = assert!(
    (WORKERS_MAX * (PARTS_WAITING + 2) * PART_BYTES) as u64
        + BATCHES_WAITING as u64 * (BATCH_BYTES + SMALL_BYTES_MAX)
        <= IN_FLIGHT_BYTES_MAX
);

/// Threads to use for `jobs` things to do.
pub(crate) fn count(jobs: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.clamp(1, WORKERS_MAX).min(jobs)
}
