//! `ply drive`: the drives of this node.

use ply_chunk::{CutParams, Level};
use ply_drive::{Access, Cutting, Replica};
use ply_store::Store;
use ply_types::{PageHash, StateHash};
use serde_json::{Value, json};

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::node::{NewDrive, Patience};

/// Arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Drive {
    /// Make a drive and print its key
    Create(Create),
    /// List the drives of this node
    List,
    /// Show all that is known of a drive
    Show {
        /// The drive
        drive: String,
    },
    /// Forget a drive on this node; what others have stays
    Remove {
        /// The drive
        drive: String,
    },
    /// Neither fetch nor serve a drive for now
    Pause {
        /// The drive
        drive: String,
    },
    /// Fetch and serve a drive again
    Resume {
        /// The drive
        drive: String,
    },
}

/// Arguments of `create`.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Its name on this node
    name: String,

    /// Let everybody who knows the key read it
    #[arg(long)]
    public: bool,

    /// Sizes of chunks in KiB: least, wished, greatest
    #[arg(long, value_name = "MIN/AVG/MAX", value_parser = CutParams::parse)]
    #[arg(default_value_t = CutParams::DEFAULT)]
    chunk_kib: CutParams,

    /// How hard to compress, from 1 (fast) to 19 (small)
    #[arg(long, value_name = "N", value_parser = level, default_value = "3")]
    level: Level,
}

fn level(text: &str) -> Result<Level, String> {
    let number = text.parse().map_err(|_| "not a number".to_owned())?;
    Level::new(number).map_err(|error| error.to_string())
}

/// A drive as an object, its state with the root of the union in that state.
pub(super) fn object(
    replica: &Replica<Store>,
    (state, union_root): (StateHash, Option<PageHash>),
) -> Value {
    let settings = replica.settings();
    let access = match settings.access {
        Access::Public if replica.is_private() => "none",
        Access::Public => "public",
        Access::Keys(_) => "sealed",
        Access::Blind => "blind",
    };
    let unfetched: Vec<String> = replica.unfetched().iter().map(ToString::to_string).collect();
    json!({
        "name": settings.name,
        "key": settings.id.to_string(),
        "access": access,
        "owner": settings.drive_secret.is_some(),
        "writable": replica.is_writable(),
        "paused": settings.paused,
        "writer": replica.writer_key().to_string(),
        "state": state.to_string(),
        "union_root": union_root.map_or_else(|| "-".to_owned(), |root| root.to_string()),
        "writers": replica.effective().len(),
        "unfetched": unfetched,
        "chunk_kib": settings.cutting.chunk.to_string(),
        "level": settings.cutting.level.number(),
        "addresses": settings.addresses,
    })
}

/// What a node may do with a drive, in two words at most.
pub(super) fn state_word(drive: &Value) -> &'static str {
    let is = |name: &str| drive.get(name).and_then(Value::as_bool).unwrap_or(false);
    match (is("paused"), is("writable")) {
        (true, _) => "paused",
        (false, true) => "read-write",
        (false, false) => "read-only",
    }
}

impl Drive {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        match self {
            Self::Create(create) => create.run(context).await,
            Self::List => {
                let patience = Patience::glance(&context.stop);
                for settings in context.node.drives()? {
                    let replica = context.node.open_settings(settings)?;
                    let state = match context.style {
                        Style::Json => context.node.union_root(&replica, &patience),
                        Style::Text => (replica.state_hash(), None),
                    };
                    let object = object(&replica, state);
                    let line =
                        format!("{} {} {}", replica.id(), state_word(&object), replica.name());
                    context.show(&object, || line).await?;
                }
                Ok(())
            }
            Self::Show { drive } => {
                let replica = context.node.replica(drive)?;
                let state = context.node.union_root(&replica, &Patience::whole(&context.stop));
                let object = object(&replica, state);
                if context.style == Style::Json {
                    return context.object(&object).await;
                }
                for (name, value) in object.as_object().into_iter().flatten() {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    context.line(format!("{name:<10} {value}")).await?;
                }
                Ok(())
            }
            Self::Remove { drive } => {
                let removed = context.node.remove_drive(drive)?;
                context.note(&format!("drive '{}' is forgotten here", removed.name)).await
            }
            Self::Pause { drive } => context.node.pause(drive, true),
            Self::Resume { drive } => context.node.pause(drive, false),
        }
    }
}

impl Create {
    async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let key = context.node.create_drive(&NewDrive {
            name: self.name.clone(),
            public: self.public,
            cutting: Cutting { chunk: self.chunk_kib, level: self.level },
        })?;
        let object = json!({ "name": self.name, "key": key.to_string() });
        context.show(&object, || key.to_string()).await
    }
}
