//! What a command has around it: the node, the caller, and the standard streams.

use std::io::{self, Read};
use std::sync::Arc;

use ply_drive::Drive;
use ply_store::Store;
use ply_types::{DriveId, LogKey, Timestamp};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio_util::sync::CancellationToken;

use crate::control::Caller;
use crate::error::CommandError;
use crate::network::{Sink, Source};
use crate::node::Node;
use crate::output::{Unfetched, escape_lines};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::target::{Moment, Target};

/// Output that is collected before it leaves.
const OUTPUT_BYTES: usize = 64 * 1024;

/// Standard streams, wherever the user is.
pub(crate) struct Streams {
    /// What the user gives.
    pub(crate) input: Source,
    /// What the user gets.
    pub(crate) output: Sink,
    /// What the user should know.
    pub(crate) errors: Sink,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// See the module's page.
pub(crate) struct Context {
    /// The node.
    pub(crate) node: Arc<Node>,
    /// Who runs the command.
    pub(crate) caller: Caller,
    /// How data is printed.
    pub(crate) style: Style,
    /// Whether notes are left out.
    pub(crate) quiet: bool,
    /// How far it is.
    pub(crate) progress: Progress,
    /// Cancelled when the command should end: its user went, or the node stops.
    pub(crate) stop: CancellationToken,
    input: Option<Source>,
    output: BufWriter<Sink>,
    errors: Sink,
}

impl Context {
    /// Puts together what a command needs.
    pub(crate) fn new(
        node: Arc<Node>,
        caller: Caller,
        streams: Streams,
        style: Style,
        quiet: bool,
        stop: CancellationToken,
    ) -> Self {
        let Streams { input, output, errors, progress } = streams;
        let output = BufWriter::with_capacity(OUTPUT_BYTES, output);
        Self { node, caller, style, quiet, progress, stop, input: Some(input), output, errors }
    }

    /// A drive by name, key or prefix.
    pub(crate) fn drive(&self, name: &str) -> Result<Drive<Store>, CommandError> {
        self.node.drive(name)
    }

    /// The drive of a target that is only read, at the moment that the target names.
    pub(crate) async fn reading(&self, target: &Target) -> Result<Reading, CommandError> {
        let drive = self.drive(&target.drive)?;
        match &target.version {
            None => Ok(Reading::Now(drive)),
            Some(Moment::Revision(revision)) => {
                drive.replica().may_read()?;
                Ok(Reading::Then(drive.at(revision).await?))
            }
            Some(Moment::Root { .. }) => Err(CommandError::Unsupported("naming a version by root")),
        }
    }

    /// An error once the command should end. For work that nothing else interrupts.
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        if self.stop.is_cancelled() { Err(CommandError::Stopped) } else { Ok(()) }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.node.host().now()
    }

    /// Takes the standard input.
    pub(crate) fn take_input(&mut self) -> Source {
        self.progress.clear();
        self.input.take().unwrap_or_else(|| Box::new(tokio::io::empty()))
    }

    /// Takes the standard output, for what speaks a protocol over it.
    pub(crate) fn take_output(&mut self) -> Sink {
        self.progress.clear();
        let empty = BufWriter::new(Box::new(tokio::io::sink()) as Sink);
        std::mem::replace(&mut self.output, empty).into_inner()
    }

    /// Prints bytes.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.progress.give_way();
        self.output.write_all(bytes).await.map_err(CommandError::output)
    }

    /// Prints a line.
    pub(crate) async fn line(&mut self, line: impl AsRef<str>) -> Result<(), CommandError> {
        self.bytes(line.as_ref().as_bytes()).await?;
        self.bytes(b"\n").await
    }

    /// Prints an object on a line of its own.
    pub(crate) async fn object(&mut self, object: &impl Serialize) -> Result<(), CommandError> {
        let line = serde_json::to_string(object)
            .map_err(|error| CommandError::output(io::Error::other(error)))?;
        self.line(line).await
    }

    /// Prints as the user wants it: an object, or lines.
    pub(crate) async fn show(
        &mut self,
        object: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        match self.style {
            Style::Json => self.object(object).await,
            Style::Text => self.line(text()).await,
        }
    }

    /// Sends off what was printed.
    pub(crate) async fn flush(&mut self) -> Result<(), CommandError> {
        self.output.flush().await.map_err(CommandError::output)
    }

    /// Tells the user something that is good to know.
    pub(crate) async fn note(&mut self, text: &str) -> Result<(), CommandError> {
        if self.quiet { Ok(()) } else { self.warn(text).await }
    }

    /// Tells the user something that they must know.
    pub(crate) async fn warn(&mut self, text: &str) -> Result<(), CommandError> {
        self.flush().await?;
        self.progress.clear();
        let text = format!("ply: {}\n", escape_lines(text));
        self.errors.write_all(text.as_bytes()).await.map_err(CommandError::output)?;
        self.errors.flush().await.map_err(CommandError::output)
    }

    /// Prints what the command printed so far, then why it failed.
    pub(crate) async fn fail(&mut self, report: &str) {
        self.progress.clear();
        // Whoever closed the streams sees the exit code.
        drop(self.output.flush().await);
        drop(self.errors.write_all(report.as_bytes()).await);
        drop(self.errors.flush().await);
    }

    /// Says which writers' parts are not here.
    pub(crate) async fn unfetched(&mut self, writers: &[LogKey]) -> Result<(), CommandError> {
        for writer in writers {
            self.warn(&self.node.unfetched(writer)).await?;
        }
        match Unfetched::of(writers) {
            Some(object) if self.style == Style::Json => self.object(&object).await,
            _ => Ok(()),
        }
    }

    /// Tells other nodes that a drive has a new commit.
    pub(crate) fn announce(&self, drive: DriveId) {
        if let Some(network) = self.node.network() {
            network.announce(drive);
        }
    }
}

/// Reads an asynchronous source from code that reads in the ordinary way. Commands run on a thread of
/// their own, so waiting here stops nobody else.
pub(crate) struct Blocking<R>(pub(crate) R);

impl<R: AsyncRead + Unpin> Read for Blocking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The runtime's budget is the outer task's: once spent, it would refuse in here for ever.
        futures::executor::block_on(tokio::task::unconstrained(self.0.read(buffer)))
    }
}
