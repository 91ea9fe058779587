//! What many rows of a repository have in common, kept once: a row names it by its number.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::{
    db::{Connection, Query},
    sql,
};
use crate::Result;

/// Nobody finds two contents that have the same so many bytes of their SHA-256.
const HASH: usize = 16;

type Hash = [u8; HASH];
/// A repository, and what is kept once in it.
type Key = (i64, Hash);

/// Gives the numbers of contents, each of a repository, in the order of these. What is
/// not there yet is added.
pub(super) async fn numbers(
    connection: &mut Connection,
    table: &'static str,
    contents: &[(i64, &[u8])],
) -> Result<Vec<i32>> {
    let keys: Vec<Key> = contents
        .iter()
        .map(|(repository, content)| (*repository, hash(content)))
        .collect();
    let contents: BTreeMap<Key, &[u8]> = keys
        .iter()
        .copied()
        .zip(contents.iter().map(|(_, content)| *content))
        .collect();
    let wanted: Vec<Key> = contents.keys().copied().collect();
    let mut known = find(connection, table, &wanted).await?;
    let new: Vec<Key> = wanted
        .into_iter()
        .filter(|key| !known.contains_key(key))
        .collect();
    if !new.is_empty() {
        let mut last = last(connection, table, new.iter().map(|key| key.0)).await?;
        for key in &new {
            let number = last.entry(key.0).or_default();
            *number += 1;
            known.insert(*key, *number);
        }
        for chunk in sql::chunks(&new) {
            let columns = ["repository_id", "number", "hash", "content"];
            let mut query = sql::insert(table, &columns);
            query.push_values(chunk, |mut row, key| {
                row.push_bind(key.0)
                    .push_bind(known[key])
                    .push_bind(&key.1[..])
                    .push_bind(contents[key]);
            });
            query.execute(&mut *connection).await?;
        }
    }
    Ok(keys.iter().map(|key| known[key]).collect())
}

fn hash(content: &[u8]) -> Hash {
    let whole: [u8; 32] = Sha256::digest(content).into();
    let mut half = [0; HASH];
    half.copy_from_slice(&whole[..HASH]);
    half
}

async fn find(
    connection: &mut Connection,
    table: &'static str,
    keys: &[Key],
) -> Result<BTreeMap<Key, i32>> {
    let mut found = BTreeMap::new();
    for chunk in sql::padded(keys) {
        let mut query = Query::new("SELECT repository_id, hash, number FROM ");
        // Not as pairs, for which SQLite would read the whole table. What is found
        // of other pairs is right as well.
        query.push(table).push(" WHERE repository_id IN (");
        sql::push_list(&mut query, chunk.iter().map(|(repository, _)| repository));
        query.push(") AND hash IN (");
        let mut hashes = query.separated(", ");
        for (_, hash) in &chunk {
            hashes.push_bind(&hash[..]);
        }
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            let hash: &[u8] = row.try_get("hash")?;
            let repository: i64 = row.try_get("repository_id")?;
            if let Ok(hash) = hash.try_into() {
                found.insert((repository, hash), row.try_get("number")?);
            }
        }
    }
    Ok(found)
}

/// The last numbers of some repositories.
async fn last(
    connection: &mut Connection,
    table: &'static str,
    repositories: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, i32>> {
    let repositories: BTreeSet<i64> = repositories.collect();
    let repositories: Vec<i64> = repositories.into_iter().collect();
    let mut last = BTreeMap::new();
    for chunk in sql::padded(&repositories) {
        for row in last_of(table, &chunk).fetch_all(&mut *connection).await? {
            let number: Option<i32> = row.try_get("number")?;
            last.insert(row.try_get("id")?, number.unwrap_or_default());
        }
    }
    Ok(last)
}

/// A query for the last number of each of some repositories: by the end of its part of the
/// index, and not by all its numbers, which there may be a million of.
pub(super) fn last_of(table: &'static str, repositories: &[i64]) -> Query {
    let mut query = Query::new("SELECT r.id, (SELECT s.number FROM ");
    query.push(table);
    query.push(
        " s WHERE s.repository_id = r.id ORDER BY s.number DESC LIMIT 1) AS number \
         FROM repository r WHERE r.id IN (",
    );
    sql::push_list(&mut query, repositories);
    query.push(")");
    query
}
