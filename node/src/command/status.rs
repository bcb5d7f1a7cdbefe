//! `ply status`: the node at a glance.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::drive::{object, state_word};
use super::peer::{self, peer_id};
use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::network::Transfer;
use crate::node::Patience;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {}

impl Status {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let node = std::sync::Arc::clone(&context.node);
        let id = peer_id(&node)?;
        let (mut addresses, mut peers, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(network) = node.network() {
            (addresses, peers) = (network.addresses(), network.peers().await);
            transfers = network.transfers();
        }
        let (mut drives, mut names) = (Vec::new(), BTreeMap::new());
        let patience = Patience::glance(&context.stop);
        for settings in node.drives()? {
            names.insert(settings.id, settings.name.clone());
            let replica = node.open_settings(settings)?;
            let state = node.union_root(&replica, &patience);
            drives.push(object(&replica, state));
        }
        let running = node.network().is_some();
        if context.style == Style::Json {
            let transfers: Vec<Value> = transfers
                .iter()
                .map(|transfer| {
                    json!({
                        "drive": transfer.drive.to_string(),
                        "what": transfer.what,
                        "bytes": transfer.bytes,
                    })
                })
                .collect();
            let object = json!({
                "home": node.folder().display().to_string(),
                "peer": id,
                "running": running,
                "addresses": addresses,
                "peers": peers.iter().map(peer::object).collect::<Vec<Value>>(),
                "drives": drives,
                "transfers": transfers,
            });
            return context.object(&object).await;
        }
        context.line(format!("node    {id}")).await?;
        context.line(format!("home    {}", node.folder().display())).await?;
        context.line(if running { "state   running" } else { "state   not running" }).await?;
        for address in &addresses {
            context.line(format!("listen  {address}")).await?;
        }
        for peer in &peers {
            context.line(format!("peer    {} {}", peer.id, peer.address)).await?;
        }
        for drive in &drives {
            let field = |name: &str| drive.get(name).and_then(Value::as_str).unwrap_or("-");
            let line = format!(
                "drive   {} {} state {} union_root {} {}",
                field("key"),
                state_word(drive),
                field("state"),
                field("union_root"),
                field("name"),
            );
            context.line(line).await?;
        }
        for transfer in &transfers {
            let Transfer { drive, what, bytes } = transfer;
            let name = names.get(drive).map_or_else(|| drive.to_string(), Clone::clone);
            context.line(format!("moving  {name} {what}, {bytes} bytes so far")).await?;
        }
        Ok(())
    }
}
