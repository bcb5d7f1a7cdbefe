//! Bytes to frames and back: cut, hash, compress with dictionaries, seal.
