//! The prolly tree: look up, range, edit, diff.
