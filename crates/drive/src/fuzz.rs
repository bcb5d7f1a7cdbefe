//! Changed entries, commits, records, tickets, settings.

mod commits;
mod members;
mod rows;
