//! The command line: what is common to all commands.

use std::path::PathBuf;

use clap::Parser;

use crate::command::Command;

/// What every command shares.
const NOTES: &str = "\
DRIVE is a local name, a key, or a prefix of a key. DRIVE:/path names a path in it, DRIVE@VERSION:/path
one in the past, where VERSION is a commit id, the start of one, or -N for so many commits back.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 corrupt data, 6 no peer has it";

/// Where the home is looked for.
const HOME_HELP: &str =
    "The node's folder [default: $PLY_HOME, else plywood in the XDG data folder]";

/// A peer-to-peer drive: many writers, layers and versions, files on demand.
///
#[derive(Debug, Parser)]
#[command(after_help = NOTES, name = "ply", version, propagate_version = false, max_term_width = 100)]
#[command(
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Globals {
    /// The node's folder
    #[arg(long, global = true, value_name = "DIR", help = HOME_HELP)]
    pub(crate) home: Option<PathBuf>,

    /// Print JSON: one document, or one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Leave out notes; errors and data are still printed
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Whether arguments are taken, and if not with which exit code clap would end.
    fn check(arguments: &str, is_taken: bool) {
        let arguments = ["ply"].into_iter().chain(arguments.split(' '));
        let parsed = Cli::try_parse_from(arguments.clone());
        let arguments: Vec<&str> = arguments.collect();
        assert_eq!(parsed.is_ok(), is_taken, "{arguments:?}");
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_scripts_write_is_taken() {
        for arguments in [
            "init",
            "up --listen /ip4/127.0.0.1/tcp/0 --bootstrap /dns/a/tcp/1 --no-mdns --no-dht",
            "down",
            "status --json",
            "peer connect /ip4/127.0.0.1/tcp/1",
            "peer disconnect x",
            "peer list",
            "peer id",
            "drive create docs --public --chunk-kib 16/64/256 --level 5",
            "drive list --json",
            "drive show docs",
            "drive remove docs",
            "drive pause docs",
            "drive resume docs",
            "share docs",
            "share docs --write --uses 3",
            "share docs --admin",
            "share docs --blind",
            "join ply1abc --name docs",
            "writers docs",
            "writers docs list",
            "put docs:/a",
            "put docs:/a -",
            "put docs:/a file --commit -m text",
            "get docs:/a",
            "get docs:/a -",
            "cat docs:/a --offset 3 --length 4 --writer abcd",
            "ls docs",
            "ls docs:/ -l -R --all --json",
            "ls docs@-1:/",
            "stat docs:/a --json",
            "rm -r docs:/a",
            "mv docs:/a docs:/b",
            "cp docs:/a docs:/b",
            "mkdir -p docs:/a/b",
            "ln -s target docs:/a",
            "ln docs:/a docs:/b",
            "chmod u+x docs:/a",
            "chown 1000:100 docs:/a",
            "import docs folder --exclude *.o --commit -m text",
            "import docs:/a folder",
            "export docs folder",
            "commit docs -m text",
            "discard docs",
            "log docs --json",
            "conflicts docs --json",
            "resolve docs:/a --keep abcd",
            "resolve docs:/a --keep-both",
            "sync docs:/a --timeout 60s --full",
            "replicate docs --stdio",
            "watch docs --json",
            "verify",
            "verify docs",
            "doctor",
            "completions bash",
            "--home /tmp/x ls docs",
        ] {
            check(arguments, true);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arguments in [
            "nonsense",
            "put",
            "put docs:/../a",
            "cat docs:a",
            "share docs --write --blind",
            "share docs --uses 0",
            "resolve docs:/a",
            "resolve docs:/a --keep a --keep-both",
            "drive create docs --chunk-kib 1/2",
            "drive create docs --level 77",
            "sync docs --timeout soon",
        ] {
            check(arguments, false);
        }
    }
}
