//! `ply sync`: fetches now.

use std::time::Duration;

use serde_json::json;

use crate::context::{Context, Style};
use crate::error::CommandError;
use crate::network::SyncRequest;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// The drive, or a path in it
    #[arg(value_name = "DRIVE[:/path]", value_parser = Target::parser())]
    target: Target,

    /// How long to wait for others: 500ms, 60s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    timeout: Duration,

    /// All content too, not only what is known of it
    #[arg(long)]
    full: bool,
}

/// Reads `500ms`, `60s`, `5m`, `1h`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let malformed = || format!("'{text}' is no time: write 500ms, 60s, 5m or 1h");
    let number: u64 = number.parse().map_err(|_| malformed())?;
    let millis = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60 * 1000),
        "h" => number.checked_mul(60 * 60 * 1000),
        _ => None,
    };
    millis.map(Duration::from_millis).ok_or_else(malformed)
}

impl Sync {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let path = self.target.now()?.path_or_root();
        let replica = context.node.replica(&self.target.drive)?;
        let request = SyncRequest { path, full: self.full, timeout: self.timeout };
        let summary = context.node.running()?.sync(&replica, &request).await?;
        if context.style == Style::Json {
            let unfetched: Vec<String> =
                summary.unfetched.iter().map(ToString::to_string).collect();
            let object = json!({
                "peers": summary.peers,
                "blocks": summary.blocks,
                "bytes": summary.bytes,
                "unfetched": unfetched,
            });
            return context.object(&object).await;
        }
        let (blocks, bytes, peers) = (summary.blocks, summary.bytes, summary.peers);
        let text = format!("{blocks} blocks, {bytes} bytes from {peers} peers");
        context.note(&text).await?;
        context.unfetched(&summary.unfetched).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("60s"), Ok(Duration::from_mins(1)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("1h"), Ok(Duration::from_hours(1)));
        for text in ["", "s", "soon", "1d", "-1s", "99999999999999999999s", "9999999999999999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
