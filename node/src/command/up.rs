//! `ply up`: runs the node until it is told to stop.

use std::sync::Arc;

use ply_types::Fault;
use serde_json::json;
use tokio::io::{AsyncWriteExt, stderr, stdout};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Globals;
use crate::control;
use crate::error::CommandError;
use crate::home::{Home, Listen};
use crate::network::{self, NetworkOptions};
use crate::node::{Node, damage_of};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// Where to listen; may be given more than once. Port 0 stands for the port of this home, which
    /// is chosen once
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,

    /// A node to be connected to always; may be given more than once
    #[arg(long, value_name = "ADDR")]
    bootstrap: Vec<String>,

    /// Do not look for nodes on the local network
    #[arg(long)]
    no_mdns: bool,

    /// Do not look for nodes in the distributed hash table
    #[arg(long)]
    no_dht: bool,
}

impl Up {
    /// Runs the node in this process.
    pub(crate) async fn run(&self, home: Home, globals: &Globals) -> Result<(), CommandError> {
        let connected = control::connect(&home).await;
        if connected.map_err(CommandError::file("connecting to", &home.socket()))?.is_some() {
            return Err(CommandError::InUse { home: home.folder().to_owned() });
        }
        // Signals first: one that comes while the node starts must not be lost.
        let waiting = CommandError::file("waiting for", home.folder());
        let mut signals = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
            (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
            (Err(error), _) | (_, Err(error)) => return Err(waiting(error)),
        };
        let node = Arc::new(Node::open_patiently(&home).await?);
        node.is_writable()?;
        for notice in node.notices() {
            warn(notice).await?;
        }
        let listener =
            control::bind(&home).map_err(CommandError::file("listening on", &home.socket()))?;
        let listen = Listen::plan(&home, &self.listen, node.host().random())?;
        if let Some(port) = listen.taken {
            let notice = "something else has it; tickets with it lead here again when it is free";
            warn(&format!("not listening on port {port}: {notice}")).await?;
        }
        let options = NetworkOptions {
            listen: listen.addresses,
            bootstrap: self.bootstrap.clone(),
            mdns: !self.no_mdns,
            dht: !self.no_dht,
        };
        let network = network::start(&node, &options).await?;
        node.attach(Arc::clone(&network));
        for settings in node.drives()? {
            if settings.paused {
                continue;
            }
            let name = settings.name.clone();
            match node.open_settings(settings) {
                Ok(replica) => {
                    for notice in damage_of(&replica) {
                        warn(&notice).await?;
                    }
                    network.add(&replica);
                }
                // The others are as good as ever.
                Err(error) if error.fault() == Fault::Corrupt => {
                    warn(&format!("drive '{name}' is left out: {}", error.text())).await?;
                }
                Err(error) => return Err(error),
            }
        }
        // A task of its own: commands are served from here on, so whoever reads `ready` is answered.
        let serving = tokio::spawn({
            let node = Arc::clone(&node);
            async move { control::serve(&node, listener).await }
        });
        let announced = announce(&network.addresses(), globals.json).await;
        if announced.is_ok() {
            tokio::select! {
                _ = signals.0.recv() => {}
                _ = signals.1.recv() => {}
                () = node.stop().cancelled() => {}
            }
        }
        node.stop().cancel();
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving commands ended badly");
        }
        network.close().await;
        control::remove(&home).map_err(CommandError::file("removing", &home.socket()))?;
        announced
    }
}

/// Tells the user something that they must know.
async fn warn(text: &str) -> Result<(), CommandError> {
    let (text, mut errors) = (format!("ply: {text}\n"), stderr());
    errors.write_all(text.as_bytes()).await.map_err(CommandError::output)?;
    errors.flush().await.map_err(CommandError::output)
}

/// Prints where the node listens, and last that it does.
async fn announce(addresses: &[String], json: bool) -> Result<(), CommandError> {
    let mut text = String::new();
    for address in addresses {
        let line = if json {
            json!({ "listening": address }).to_string()
        } else {
            format!("listening {address}")
        };
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(if json { "{\"ready\":true}\n" } else { "ready\n" });
    let mut output = stdout();
    output.write_all(text.as_bytes()).await.map_err(CommandError::output)?;
    output.flush().await.map_err(CommandError::output)
}
