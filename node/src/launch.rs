//! Where a command runs: in the node that has the home, or here.

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use futures::stream::{self, StreamExt};
use ply_engine::EngineError;
use ply_types::Fault;
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use tokio_util::io::{ReaderStream, StreamReader};
use tokio_util::sync::CancellationToken;

use crate::cli::Cli;
use crate::command::{Command, Standing};
use crate::context::{Context, Streams, Style};
use crate::control::{self, Caller, Ended, Request};
use crate::error::CommandError;
use crate::exit::{Exit, exit};
use crate::home::Home;
use crate::node::Node;
use crate::output::escape;
use crate::progress::Progress;

/// How often both ways are tried: a node that starts or stops has the home, and does not answer.
const TRIES: u32 = 20;
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Input that is read at once.
const INPUT_BYTES: usize = 64 * 1024;

/// Runs the command of this process.
pub(crate) async fn launch(cli: Cli, arguments: Vec<OsString>) -> Exit {
    match run(cli, arguments).await {
        Ok(exit) => exit,
        Err(error) => {
            // With the standard error closed, the code has to do.
            drop(io::stderr().write_all(report(&error).as_bytes()));
            exit(error.fault())
        }
    }
}

async fn run(cli: Cli, arguments: Vec<OsString>) -> Result<Exit, CommandError> {
    let standing = cli.command.standing();
    if standing == Standing::Apart {
        return cli.command.run_apart().await.map(|()| Exit::Done);
    }
    let home = Home::locate(cli.globals.home.as_deref())?;
    let caller = Caller::own().map_err(|source| CommandError::File {
        doing: "finding",
        place: "the current folder".to_owned(),
        source,
    })?;
    if let (Standing::Node, Command::Up(up)) = (standing, &cli.command) {
        return up.run(home, &cli.globals).await.map(|()| Exit::Done);
    }
    let until_gone = matches!(cli.command, Command::Down(_));
    for _ in 0..TRIES {
        let connected = control::connect(&home).await;
        if let Some(stream) =
            connected.map_err(CommandError::file("connecting to", &home.socket()))?
        {
            let watched = caller.progress && !cli.globals.quiet;
            let request = Request { caller, arguments };
            return match control::command(stream, &request, until_gone, watched).await {
                Ok(Ended::With(exit)) => Ok(exit),
                Ok(Ended::Unread) => Ok(Exit::Failed),
                Err(error) => Err(CommandError::Node(error.to_string())),
            };
        }
        if standing == Standing::Running {
            return Err(CommandError::NotRunning { home: home.folder().to_owned() });
        }
        match Node::open(home.clone()) {
            Ok(node) => return Ok(run_here(cli, node, caller).await),
            Err(CommandError::Engine(EngineError::InUse { .. })) => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
    Err(CommandError::InUse { home: home.folder().to_owned() })
}

/// Runs a command in this process, which has the home.
async fn run_here(cli: Cli, node: Node, caller: Caller) -> Exit {
    let watched = caller.progress && !cli.globals.quiet;
    let stop = node.stop().clone();
    if let Err(error) = end_on_signals(&stop) {
        tracing::warn!(%error, "signals end this at once");
    }
    let streams = Streams {
        input: Box::new(input(&stop)),
        output: Box::new(tokio::io::stdout()),
        errors: Box::new(tokio::io::stderr()),
        progress: if watched { Progress::screen() } else { Progress::nowhere() },
    };
    if let Err(error) = control::remove(node.home()) {
        tracing::warn!(%error, "removing the socket that a node left behind");
    }
    execute(cli, Arc::new(node), caller, streams, stop).await
}

/// Ends the command when the user wants it, so that nothing half done is left; at the second signal
/// whatever is left.
fn end_on_signals(stop: &CancellationToken) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.is_cancelled() {
                std::process::exit(Exit::Failed.code().into());
            }
            stop.cancel();
        }
    });
    Ok(())
}

/// The standard input. It breaks off, without an end, when the command is to stop.
fn input(stop: &CancellationToken) -> impl AsyncRead + Send + Unpin + use<> {
    let parts = ReaderStream::with_capacity(tokio::io::stdin(), INPUT_BYTES);
    let parts = parts.take_until(stop.clone().cancelled_owned());
    let broken = stream::unfold(Some(stop.clone()), |stop| async {
        let error = || io::Error::from(io::ErrorKind::UnexpectedEof);
        stop?.is_cancelled().then(|| (Err(error()), None))
    });
    StreamReader::new(Box::pin(parts.chain(broken)))
}

/// Whether a client wants the node to stop.
pub(crate) fn stops(request: &Request) -> bool {
    let cli = Cli::try_parse_from(&request.arguments);
    cli.is_ok_and(|cli| matches!(cli.command, Command::Down(_)))
}

/// Runs a command for a client of the node.
pub(crate) async fn serve(
    node: Arc<Node>,
    request: Request,
    mut streams: Streams,
    stop: CancellationToken,
) -> Exit {
    match Cli::try_parse_from(&request.arguments) {
        Ok(cli) => execute(cli, node, request.caller, streams, stop).await,
        Err(error) => {
            // The client took these arguments, so it is another version.
            let text = format!("ply: the running node does not know this: restart it\n{error}");
            drop(streams.errors.write_all(text.as_bytes()).await);
            Exit::Usage
        }
    }
}

/// Runs a command and says how it ended.
async fn execute(
    cli: Cli,
    node: Arc<Node>,
    caller: Caller,
    streams: Streams,
    stop: CancellationToken,
) -> Exit {
    let began = Instant::now();
    let notices = if caller_opened(&node) { node.notices().to_vec() } else { Vec::new() };
    let style = if cli.globals.json { Style::Json } else { Style::Text };
    let mut context = Context::new(node, caller, streams, style, cli.globals.quiet, stop.clone());
    let command = cli.command;
    let ran = async {
        for notice in &notices {
            context.warn(notice).await?;
        }
        command.run(&mut context).await?;
        context.flush().await
    };
    let ran = tokio::select! {
        ran = Box::pin(ran) => ran,
        () = stop.cancelled() => Err(CommandError::Stopped),
    };
    context.progress.clear();
    for news in context.node.take_news() {
        // Whoever closed the streams sees the exit code.
        drop(context.warn(&news).await);
    }
    match ran {
        Ok(()) => Exit::Done,
        Err(mut error) => {
            if error.fault() == Fault::Offline {
                let network = context.node.network();
                if let Some(trouble) = network.and_then(|it| it.trouble_since(began)) {
                    // Others have it, and it was this node that could not take it.
                    error = trouble.into();
                }
                // What nobody in reach has may have been here, and broken.
                for notice in context.node.damage() {
                    // Whoever closed the streams sees the exit code.
                    drop(context.warn(&notice).await);
                }
            }
            context.fail(&report(&error)).await;
            exit(error.fault())
        }
    }
}

/// Whether the node was opened for this command alone; a running node has told its notices.
fn caller_opened(node: &Node) -> bool {
    node.network().is_none()
}

/// An error as the user reads it; nothing for one about output that nobody reads.
fn report(error: &CommandError) -> String {
    if matches!(error, CommandError::Unread) {
        return String::new();
    }
    let text = escape(error.text().as_bytes());
    match error.hint() {
        Some(hint) => format!("ply: {text}\n     {}\n", escape(hint.as_bytes())),
        None => format!("ply: {text}\n"),
    }
}
