//! Tests of the store, on database files: what must hold whatever the database is.

mod backfills;
mod builds;
mod deliveries;
mod ends;
mod filters;
mod fixture;
mod gaps;
mod group_commit;
mod links;
mod migrations;
mod numbers;
mod pages;
mod permutations;
mod purge;
mod recovery;
mod repositories;
mod scenario;
mod snapshot;
mod standings;
