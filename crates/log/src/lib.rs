//! Signed append-only logs: append, prove, accept, detect forks.
