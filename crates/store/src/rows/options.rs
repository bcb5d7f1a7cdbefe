//! How `RocksDB` is set up: small rows, little memory, nothing durable lost.
//!
//! The whole node is meant to stay below 400 MB, so the budget here is a cache of 32 MiB and write
//! buffers of 24 MiB, each shared by all tables.

use ply_engine::Table;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode, LogLevel,
    Options, WriteBufferManager,
};

const MIB: usize = 1 << 20;

/// Blocks, indexes and filters of all tables.
const CACHE_BYTES: usize = 32 * MIB;
/// Rows of all tables that are only in memory and in the write-ahead log.
const WRITE_BUFFERS_BYTES: usize = 24 * MIB;
/// Rows of one table before they become a file.
const WRITE_BUFFER_BYTES: usize = 8 * MIB;
/// Memory is taken from the system in such pieces. Twelve tables with a few rows each should not take
/// 1 MiB each, as they do by default.
const ARENA_BLOCK_BYTES: usize = 128 << 10;
/// Beyond this the oldest rows become files, so that reopening reads little.
const WAL_BYTES_MAX: u64 = 64 * MIB as u64;
/// Files open at once, out of the 1024 that many systems allow a process.
const OPEN_FILES_MAX: i32 = 256;
/// Rows are read alone or in short ranges; smaller blocks make a miss cheaper.
const BLOCK_BYTES: usize = 8 << 10;
/// One wrong answer in a hundred.
const FILTER_BITS_PER_KEY: f64 = 10.0;
/// The filter over rows that are only in memory, as a part of the write buffer: about as many bits for
/// each of its rows, which are of a hundred bytes or so.
const BUFFER_FILTER_RATIO: f64 = 0.02;

/// The options of the database, and the column families to open: all tables, and the default one, which
/// holds what the store notes for itself.
pub(crate) fn options() -> (Options, Vec<ColumnFamilyDescriptor>) {
    let cache = Cache::new_lru_cache(CACHE_BYTES);
    let plain = family(&cache, Lookup::Ranges);
    let notes = ColumnFamilyDescriptor::new(rocksdb::DEFAULT_COLUMN_FAMILY_NAME, plain);
    let tables = Table::ALL
        .map(|table| ColumnFamilyDescriptor::new(table.name(), family(&cache, lookup(table))));
    (database(), std::iter::once(notes).chain(tables).collect())
}

/// How rows of a table are mostly looked for.
#[derive(Clone, Copy)]
enum Lookup {
    /// By key, often in vain: a filter saves reading a block.
    Points,
    /// By key, and in vain for whatever is new: a filter also saves the search among rows in memory.
    Vain,
    /// Range after range: a filter would only take memory.
    Ranges,
}

fn lookup(table: Table) -> Lookup {
    match table {
        Table::Meta
        | Table::Log
        | Table::Block
        | Table::Node
        | Table::Have
        | Table::Page
        | Table::Stat => Lookup::Points,
        Table::Dedup => Lookup::Vain,
        Table::Member | Table::Draft | Table::Union => Lookup::Ranges,
    }
}

fn database() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);

    // After a loss of power the log's end, which was not synced, may hold anything. This mode keeps all
    // batches before the first bad record, and the synced ones are among them: a synced write syncs every
    // log that is open. `TolerateCorruptedTailRecords` would refuse to open when the torn record is there
    // in full length with wrong bytes. The next line lets a log that is missing or shorter than what
    // was synced be noticed, instead of being read as if it had ended there.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size(WAL_BYTES_MAX);

    let buffers = WriteBufferManager::new_write_buffer_manager(WRITE_BUFFERS_BYTES, false);
    options.set_write_buffer_manager(&buffers);
    options.set_max_background_jobs(2);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_file_opening_threads(2);
    options.set_bytes_per_sync(MIB as u64);
    options.set_max_manifest_file_size(4 * MIB);

    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(MIB);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

fn family(cache: &Cache, lookup: Lookup) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(BLOCK_BYTES);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    match lookup {
        Lookup::Points | Lookup::Vain => blocks.set_bloom_filter(FILTER_BITS_PER_KEY, false),
        Lookup::Ranges => {}
    }
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_arena_block_size(ARENA_BLOCK_BYTES);
    if let Lookup::Vain = lookup {
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(BUFFER_FILTER_RATIO);
    }
    options
}
