//! Deleting what jobs have in common once the last of them is gone.
//!
//! Those of jobs that are deleted are looked at with them. What a job had before it changed is
//! found later, by whoever walks through all of them, a little each time.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;

use super::{
    super::{
        Store,
        db::{Connection, Query},
        sql,
    },
    cursor,
};
use crate::Result;

/// How many shapes are looked at together.
const AT_A_TIME: usize = 500;
/// How many times that each round.
const STEPS: usize = 4;

/// A shape: of a repository, and its number.
type Shape = (i64, i32);

/// Has a statement that deletes jobs tell what shapes they had.
pub(super) const RETURNING: &str = " RETURNING repository_id, shape";

/// What `NOT EXISTS` is asked for: whether a job has it.
const JOB: &str = "(SELECT 1 FROM job j
     WHERE j.repository_id = job_shape.repository_id AND j.shape = job_shape.number)";

/// Deletes jobs, and keeps in mind which shapes they had.
pub(super) async fn read(
    query: Query,
    connection: &mut Connection,
    shapes: &mut BTreeSet<Shape>,
) -> Result<()> {
    for row in query.fetch_all(connection).await? {
        let repository = row.try_get("repository_id")?;
        let number: Option<i32> = row.try_get("shape")?;
        shapes.extend(number.map(|number| (repository, number)));
    }
    Ok(())
}

/// Deletes those of some shapes that no job has. Says how many.
pub(super) async fn delete_unused(
    connection: &mut Connection,
    shapes: &BTreeSet<Shape>,
) -> Result<u64> {
    let repositories: BTreeSet<i64> = shapes.iter().map(|(repository, _)| *repository).collect();
    let mut deleted = 0;
    for repository in repositories {
        let of_it = shapes.range((repository, i32::MIN)..=(repository, i32::MAX));
        let numbers: Vec<i32> = of_it.map(|(_, number)| *number).collect();
        for chunk in sql::padded(&numbers) {
            let mut query = Query::new("DELETE FROM job_shape WHERE repository_id = ");
            query.push_bind(repository).push(" AND number IN (");
            sql::push_list(&mut query, &chunk);
            query.push(") AND NOT EXISTS ").push(JOB);
            deleted += query.execute(&mut *connection).await?;
        }
    }
    Ok(deleted)
}

impl Store {
    /// Looks at some shapes, goes on where it stopped the last time, and deletes those that no
    /// job has. Says how many.
    pub(crate) async fn delete_unused_shapes(&self) -> Result<u64> {
        let from = cursor::of(&self.readers, cursor::SHAPE_REPOSITORY).await?;
        let number = cursor::of(&self.readers, cursor::SHAPE_NUMBER).await?;
        let from = (from, i32::try_from(number).unwrap_or_default());
        let mut place = from;
        let mut unused = BTreeSet::new();
        for _ in 0..STEPS {
            let last = self.look(place, &mut unused).await?;
            place = last.unwrap_or((i64::MIN, 0));
            if last.is_none() {
                break;
            }
        }
        if unused.is_empty() && place == from {
            return Ok(0);
        }
        self.purge(move |connection, _| {
            async move {
                let deleted = delete_unused(connection, &unused).await?;
                cursor::set(connection, cursor::SHAPE_REPOSITORY, place.0).await?;
                cursor::set(connection, cursor::SHAPE_NUMBER, place.1.into()).await?;
                Ok(deleted)
            }
            .boxed()
        })
        .await
    }

    /// Finds the unused ones of those behind a place, without keeping anybody from writing.
    /// Gives the last that it looked at, or none at the end.
    async fn look(&self, after: Shape, unused: &mut BTreeSet<Shape>) -> Result<Option<Shape>> {
        let rows = behind(after).fetch_all(&self.readers).await?;
        let mut last = None;
        for row in &rows {
            let shape = (row.try_get("repository_id")?, row.try_get("number")?);
            last = Some(shape);
            if !row.try_get::<bool, _>("used")? {
                unused.insert(shape);
            }
        }
        Ok(last.filter(|_| rows.len() == AT_A_TIME))
    }
}

/// Asks for some shapes behind a place, and whether any job has them.
pub(in crate::store) fn behind(after: Shape) -> Query {
    let mut query = Query::new("SELECT repository_id, number, EXISTS ");
    query.push(JOB);
    query.push(" AS used FROM job_shape WHERE (repository_id, number) > (");
    query.push_bind(after.0).push(", ").push_bind(after.1);
    query.push(") ORDER BY repository_id, number LIMIT ");
    query.push_bind(i64::try_from(AT_A_TIME).unwrap_or(i64::MAX));
    query
}
