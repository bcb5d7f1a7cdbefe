//! Logs in an engine: one node appends, others get parts of it, and nobody believes anything
//! unproved.

mod fixture;
mod heads;
mod own;
mod replicas;
