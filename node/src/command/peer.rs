//! `ply peer`: other nodes.

use serde_json::{Value, json};

use super::Standing;
use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::network::NetworkError;
use crate::node::Node;

/// Arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Peer {
    /// Connect to a node and stay connected
    Connect {
        /// Its address, as `ply up` prints it
        address: String,
    },
    /// Close the connection to a node
    Disconnect {
        /// Its peer id
        peer: String,
    },
    /// List the nodes that are connected
    List,
    /// Print the peer id of this node
    Id,
}

/// The name other nodes know a node by.
pub(super) fn peer_id(node: &Node) -> Result<String, NetworkError> {
    let identity = ply_net::Identity::new(node.seed()).map_err(|error| NetworkError::Machine {
        doing: "making the peer id".to_owned(),
        what: error.to_string(),
    })?;
    Ok(identity.peer().to_string())
}

/// A peer as an object.
pub(super) fn object(peer: &crate::network::Peer) -> Value {
    let drives: Vec<String> = peer.drives.iter().map(ToString::to_string).collect();
    json!({ "peer": peer.id, "address": peer.address, "drives": drives })
}

impl Peer {
    /// Only the peer id is known without a running node.
    pub(super) fn standing(&self) -> Standing {
        match self {
            Self::Id => Standing::Either,
            _ => Standing::Running,
        }
    }

    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        match self {
            Self::Connect { address } => {
                let peer = context.node.running()?.connect(address).await?;
                context.show(&json!({ "peer": peer }), || peer.clone()).await
            }
            Self::Disconnect { peer } => Ok(context.node.running()?.disconnect(peer).await?),
            Self::List => {
                for peer in context.node.running()?.peers().await {
                    let line = || format!("{} {}", peer.id, peer.address);
                    context.show(&object(&peer), line).await?;
                }
                Ok(())
            }
            Self::Id => {
                let peer = peer_id(&context.node)?;
                match context.style {
                    Style::Json => context.object(&json!({ "peer": peer })).await,
                    Style::Text => context.line(peer).await,
                }
            }
        }
    }
}
