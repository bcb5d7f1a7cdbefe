//! `ply`: a node of the peer-to-peer replicating drive, and the commands that talk to it.
//!
//! ```text
//!  arguments ─▶ launch ─┬─▶ control client ─▶ socket ─▶ control server ─┐
//!                       │         (a node runs on this home)            ├─▶ command
//!                       └─▶ Node::open ─────────────────────────────────┘
//!                                 (none does)
//! ```
//!
//! A command is one function over a [`context::Context`], and knows not in which process it runs.
//!
//! # Where this sits
//!
//! Rank 6: composition. Files, drives, logs and the network are other crates' work; here they meet.
//!
//! # Invariants
//!
//! - One process has a home open at a time: the lock of its store says which.
//! - A command prints and ends the same whether a node runs or not.
//! - Every error ends in the table of [`exit`].
//!
//! # Not here
//!
//! - What a drive is: `drive`. How nodes agree: `sync`. How folders come in and out: `folder`.

mod cli;
mod command;
mod context;
mod control;
mod error;
mod exit;
mod home;
mod launch;
mod network;
mod node;
mod output;
mod progress;
mod reading;
mod target;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;

use cli::Cli;
use exit::Exit;

/// What is written to the standard error about what happens inside: filters of `tracing`.
const LOG_VARIABLE: &str = "PLY_LOG";

/// How long the store may take to close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error).into(),
    };
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("ply: starting: {error}\n"));
            return Exit::Failed.into();
        }
    };
    let exit = runtime.block_on(launch::launch(cli, arguments));
    // Tasks may hold the store, which has to be closed before the process takes itself apart. A thread
    // that waits for the terminal never ends, so this does not wait for ever.
    runtime.shutdown_timeout(CLOSE_PATIENCE);
    exit.into()
}

/// Says what is wrong with the arguments; or prints the help that was asked for.
fn refuse(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever closed the output has seen enough of the help.
            drop(error.print());
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            drop(error.print());
            Exit::Usage
        }
        _ => {
            let text = error.render().to_string();
            tell(&format!("ply: {}", text.strip_prefix("error: ").unwrap_or(&text)));
            Exit::Usage
        }
    }
}

fn tell(text: &str) {
    // There is nobody left to tell that telling failed.
    drop(std::io::stderr().write_all(text.as_bytes()));
}
