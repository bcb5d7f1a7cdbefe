//! `ply completions`, `ply man`: made from the definition of the command line itself.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;
use tokio::io::AsyncWriteExt;

use crate::cli::Cli;
use crate::error::CommandError;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// Which shell
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The folder for the pages; made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Completions {
    pub(super) async fn run(&self) -> Result<(), CommandError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ply", &mut script);
        let mut output = tokio::io::stdout();
        output.write_all(&script).await.map_err(CommandError::output)?;
        output.flush().await.map_err(CommandError::output)
    }
}

impl Man {
    pub(super) fn run(&self) -> Result<(), CommandError> {
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), &self.folder))
            .map_err(CommandError::file("writing", &self.folder))
    }
}
