//! The engine in memory passes the suite.

#[test]
fn the_memory_engine_keeps_the_contract() {
    ply_engine::suite::run(ply_engine::MemoryEngine::new, |engine| engine);
}
