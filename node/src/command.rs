//! The commands, one module each.

mod attributes;
mod cat;
mod commit;
mod conflicts;
mod copy;
mod doctor;
mod down;
mod drive;
mod duration;
mod each;
mod export;
mod generate;
mod get;
mod import;
mod init;
mod join;
mod link;
mod list;
mod log;
mod make_directory;
mod peer;
mod put;
mod remove;
mod rename;
mod replicate;
mod share;
mod stat;
mod status;
mod sync;
mod up;
mod verify;
mod watch;
mod writers;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

/// What `ply` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the node; the first command that needs one does it too
    Init(init::Init),
    /// Run the node in the foreground
    Up(up::Up),
    /// Stop the running node
    Down(down::Down),
    /// Show the node, its peers, its drives and what is on its way
    Status(status::Status),
    /// Connect to other nodes
    #[command(subcommand)]
    Peer(peer::Peer),
    /// Make, list and forget drives
    #[command(subcommand)]
    Drive(drive::Drive),
    /// Print a ticket that lets others into a drive
    Share(share::Share),
    /// Come into a drive by a ticket, or by the key of a public drive
    Join(join::Join),
    /// Show who writes in a drive
    Writers(writers::Writers),
    /// Write one file into the draft
    Put(put::Put),
    /// Write a file of a drive to a local file
    Get(get::Get),
    /// Print a file
    Cat(cat::Cat),
    /// List a directory
    Ls(list::List),
    /// Show all that is known of a path
    Stat(stat::Stat),
    /// Remove files and directories
    Rm(remove::Remove),
    /// Rename a path, or move it into a directory
    Mv(rename::Rename),
    /// Copy a path; content is not stored again
    Cp(copy::Copy),
    /// Make directories
    Mkdir(make_directory::MakeDirectory),
    /// Make a link
    Ln(link::Link),
    /// Change permissions
    Chmod(attributes::Chmod),
    /// Change owner and group
    Chown(attributes::Chown),
    /// Bring folders into the draft
    Import(import::Import),
    /// Write a directory of a drive to a local folder
    Export(export::Export),
    /// Make the draft permanent
    Commit(commit::Commit),
    /// Drop the draft
    Discard(commit::Discard),
    /// Show the commits of a drive
    Log(log::Log),
    /// List the paths with more than one version
    Conflicts(conflicts::Conflicts),
    /// Settle a conflict
    Resolve(conflicts::Resolve),
    /// Fetch now what others have
    Sync(sync::Sync),
    /// Speak the protocol over standard input and output
    Replicate(replicate::Replicate),
    /// Print what happens in a drive, as it happens
    Watch(watch::Watch),
    /// Read all that is kept and report what is damaged
    Verify(verify::Verify),
    /// Look for what is wrong with this node
    Doctor(doctor::Doctor),
    /// Print completions for a shell
    Completions(generate::Completions),
    /// Write the manual pages to a folder
    Man(generate::Man),
}

/// What a command needs around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A node, opened for it or running.
    Either,
    /// A node that runs.
    Running,
    /// It is itself the node.
    Node,
    /// Nothing.
    Apart,
}

impl Command {
    /// What it needs around it.
    pub(crate) fn standing(&self) -> Standing {
        match self {
            Self::Completions(_) | Self::Man(_) => Standing::Apart,
            Self::Up(_) => Standing::Node,
            Self::Down(_) | Self::Watch(_) => Standing::Running,
            Self::Peer(peer) => peer.standing(),
            _ => Standing::Either,
        }
    }

    /// Runs a command that needs no node.
    pub(crate) async fn run_apart(&self) -> Result<(), CommandError> {
        match self {
            Self::Completions(command) => command.run().await,
            Self::Man(command) => command.run(),
            _ => Err(CommandError::Unsupported("this command without a node")),
        }
    }

    /// Runs a command over a node.
    pub(crate) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        match self {
            Self::Init(command) => command.run(context).await,
            Self::Down(command) => command.run(context).await,
            Self::Status(command) => command.run(context).await,
            Self::Peer(command) => command.run(context).await,
            Self::Drive(command) => command.run(context).await,
            Self::Share(command) => command.run(context).await,
            Self::Join(command) => command.run(context).await,
            Self::Writers(command) => command.run(context).await,
            Self::Put(command) => command.run(context).await,
            Self::Get(command) => command.run(context).await,
            Self::Cat(command) => command.run(context).await,
            Self::Ls(command) => command.run(context).await,
            Self::Stat(command) => command.run(context).await,
            Self::Rm(command) => command.run(context).await,
            Self::Mv(command) => command.run(context).await,
            Self::Cp(command) => command.run(context).await,
            Self::Mkdir(command) => command.run(context).await,
            Self::Ln(command) => command.run(context).await,
            Self::Chmod(command) => command.run(context).await,
            Self::Chown(command) => command.run(context).await,
            Self::Import(command) => command.run(context).await,
            Self::Export(command) => command.run(context).await,
            Self::Commit(command) => command.run(context).await,
            Self::Discard(command) => command.run(context).await,
            Self::Log(command) => command.run(context).await,
            Self::Conflicts(command) => command.run(context).await,
            Self::Resolve(command) => command.run(context).await,
            Self::Sync(command) => command.run(context).await,
            Self::Replicate(command) => command.run(context).await,
            Self::Watch(command) => command.run(context).await,
            Self::Verify(command) => command.run(context).await,
            Self::Doctor(command) => command.run(context).await,
            Self::Up(_) | Self::Completions(_) | Self::Man(_) => {
                Err(CommandError::Unsupported("this command inside a running node"))
            }
        }
    }
}
