//! What Plywood asks of a storage engine, one in memory, and the suite that every one passes.
