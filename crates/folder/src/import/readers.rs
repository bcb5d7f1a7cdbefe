//! The threads that read and prepare files, and what they hand to the one that appends.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ply_drive::Replica;
use ply_engine::Engine;

use super::ImportError;
use super::plan::PlannedFile;
use super::read::{FileReader, Part, Small};
use super::source::Source;
use crate::workers::{
    self, BATCH_BYTES, BATCH_FILES, BATCHES_WAITING, PARTS_WAITING, SMALL_BYTES_MAX,
};

/// What a thread hands over. Files are named by their index in the plan.
#[derive(Debug)]
pub(super) enum Delivery {
    /// Small files, whole.
    Batch(Vec<(usize, Small)>),
    /// A large file, while it is still being read.
    Large(usize, Receiver<Part>),
    /// Reading cannot go on.
    Failed(ImportError),
}

/// Files that nobody reads yet.
struct Queue<'plan> {
    files: &'plan [PlannedFile],
    next: Mutex<usize>,
}

impl Queue<'_> {
    /// The next files to read: one large one, or a batch of small ones.
    fn take(&self) -> Option<Range<usize>> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = *next;
        let mut bytes = 0;
        for file in self.files.get(start..)?.iter().take(BATCH_FILES) {
            let is_large = SMALL_BYTES_MAX < file.bytes;
            if start < *next && (is_large || BATCH_BYTES < bytes + file.bytes) {
                break;
            }
            bytes += file.bytes;
            *next += 1;
            if is_large {
                break;
            }
        }
        (start < *next).then_some(start..*next)
    }
}

/// Reads all files, and gives them to `take` as they come, nearly in order.
pub(super) fn read_all<E: Engine>(
    source: &Source,
    replica: &Replica<E>,
    files: &[PlannedFile],
    mut take: impl FnMut(Delivery) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let queue = Queue { files, next: Mutex::new(0) };
    let queue = &queue;
    thread::scope(|scope| {
        let (send, deliveries) = sync_channel(BATCHES_WAITING);
        for _ in 0..workers::count(files.len()) {
            let send = send.clone();
            scope.spawn(move || read(FileReader::new(source, replica), queue, &send));
        }
        drop(send);
        // When this ends early, nobody receives any more, and the threads stop.
        deliveries.into_iter().try_for_each(&mut take)
    })
}

/// What one thread does.
fn read<E: Engine>(mut reader: FileReader<'_, E>, queue: &Queue<'_>, send: &SyncSender<Delivery>) {
    while let Some(range) = queue.take() {
        let mut batch = Vec::new();
        for (index, file) in range.clone().zip(queue.files.get(range).unwrap_or_default()) {
            let small = if SMALL_BYTES_MAX < file.bytes {
                Ok(Small::Large)
            } else {
                reader.small(&file.path)
            };
            match small {
                Ok(Small::Large) => {
                    let (parts, receiver) = sync_channel(PARTS_WAITING);
                    if send.send(Delivery::Large(index, receiver)).is_err() {
                        return;
                    }
                    reader.large(&file.path, |part| parts.send(part).is_ok());
                }
                Ok(small) => batch.push((index, small)),
                Err(error) => {
                    // If nobody receives it, there was another error.
                    let _ = send.send(Delivery::Failed(error));
                    return;
                }
            }
        }
        if !batch.is_empty() && send.send(Delivery::Batch(batch)).is_err() {
            return;
        }
    }
}
