//! `ply share`: a ticket for somebody else.

use std::time::Duration;

use ply_drive::membership::SLOTS_MAX;
use serde_json::json;

use super::duration::duration;
use crate::context::Context;
use crate::error::CommandError;
use crate::node::Rights;
use crate::output::when;

/// Newcomers that a ticket lets in unless told otherwise.
const USES_DEFAULT: u32 = 64;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("rights")))]
pub(crate) struct Share {
    /// The drive
    drive: String,

    /// Let them write
    #[arg(long, group = "rights")]
    write: bool,

    /// Let them write, and let others in
    #[arg(long, group = "rights")]
    admin: bool,

    /// Let them keep and pass on what they cannot read
    #[arg(long, group = "rights")]
    blind: bool,

    /// How many may become writers by this ticket
    #[arg(long, value_name = "N", default_value_t = USES_DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(SLOTS_MAX)))]
    uses: u32,

    /// After how long nobody can join by this ticket any more: 1h, 7d. Who came in stays, and a key to
    /// read is not taken back
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
}

impl Share {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let rights = match (self.blind, self.write, self.admin) {
            (true, ..) => Rights::Blind,
            (_, true, _) => Rights::Write,
            (_, _, true) => Rights::Admin,
            _ => Rights::Read,
        };
        let ticket = context.node.share(&self.drive, rights, self.uses, self.expires)?;
        let (text, expires) = (ticket.to_string(), ticket.expires().map(when));
        context.show(&json!({ "ticket": text, "expires": expires }), || text.clone()).await
    }
}
