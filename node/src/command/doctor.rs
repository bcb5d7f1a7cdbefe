//! `ply doctor`: what is wrong with this node, in one look.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use crate::context::Context;
use crate::error::CommandError;
use crate::node::damage_of;

/// Free space below which a node will soon be in trouble.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// 2025-01-01: a clock before it is wrong.
const CLOCK_SECONDS_MIN: i64 = 1_735_689_600;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {}

/// A thing that was looked at: what is wrong with it, if anything.
struct Finding {
    what: String,
    trouble: Option<String>,
}

impl Doctor {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let mut troubles = 0;
        for Finding { what, trouble } in findings(context)? {
            troubles += u64::from(trouble.is_some());
            let object = json!({ "what": what, "ok": trouble.is_none(), "trouble": trouble });
            let line = || match &trouble {
                None => format!("ok       {what}"),
                Some(trouble) => format!("trouble  {what}: {trouble}"),
            };
            context.show(&object, line).await?;
        }
        if troubles == 0 { Ok(()) } else { Err(CommandError::Troubles { count: troubles }) }
    }
}

fn findings(context: &Context) -> Result<Vec<Finding>, CommandError> {
    let node = &context.node;
    let home = node.home();
    let running = if node.network().is_some() { "it runs" } else { "it does not run" };
    let mut findings = vec![
        Finding { what: format!("the node: {running}"), trouble: None },
        private("the secret of the node", &home.secret()),
        private("the store", &home.store()),
        free_space(node.folder())?,
        Finding {
            what: "the clock".to_owned(),
            trouble: (context.now().seconds < CLOCK_SECONDS_MIN)
                .then(|| "it shows a time before this program was made".to_owned()),
        },
    ];
    for settings in node.drives()? {
        let what = format!("drive '{}'", settings.name);
        let trouble = match node.open_settings(settings) {
            Err(error) => Some(error.text()),
            Ok(replica) => {
                let unfetched = replica.unfetched().len();
                let damaged = damage_of(&replica).into_iter().next();
                let private = || replica.is_not_private().err().map(|error| error.to_string());
                damaged.or_else(private).or_else(|| {
                    (0 < unfetched).then(|| format!("{unfetched} writers not fetched: ply sync"))
                })
            }
        };
        findings.push(Finding { what, trouble });
    }
    Ok(findings)
}

/// Whether nobody else can look into a file or folder.
fn private(what: &str, path: &Path) -> Finding {
    let trouble = match std::fs::metadata(path) {
        Err(error) => Some(error.to_string()),
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            Some(format!("others can read it: chmod go= {}", path.display()))
        }
        Ok(_) => None,
    };
    Finding { what: what.to_owned(), trouble }
}

fn free_space(folder: &Path) -> Result<Finding, CommandError> {
    let system = rustix::fs::statvfs(folder)
        .map_err(|errno| CommandError::file("looking at", folder)(errno.into()))?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let trouble = (free < FREE_BYTES_MIN).then(|| format!("only {} MiB are left", free >> 20));
    Ok(Finding { what: "free space".to_owned(), trouble })
}
