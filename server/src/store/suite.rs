//! Tests of the store: what must hold whatever the database is. `make test` runs them on files,
//! and once more on a server of `PostgreSQL`.

mod alerts;
mod backfills;
mod backup;
mod bounds;
mod builds;
mod deliveries;
mod dictionary;
mod ends;
mod filters;
mod fixture;
mod folds;
mod gaps;
mod group_commit;
mod leases;
mod links;
mod migrations;
mod numbers;
mod pages;
mod permutations;
mod postgres;
mod pull_requests;
mod purge;
mod recount;
mod recovery;
mod repositories;
mod retention;
mod rollups;
mod rows;
mod scenario;
mod shapes;
mod snapshot;
mod standings;
