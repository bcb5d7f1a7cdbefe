//! A store on a real disk: the contract of engines, damage, crashes, and a disk that is full.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod crash;
mod damage;
mod full;
mod fuzz;
mod owner;
mod power;
mod suite;
mod world;
