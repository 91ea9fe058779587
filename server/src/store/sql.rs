//! Statements for many rows at once, in few different texts, so that each is prepared only once.

use sqlx::{Encode, QueryBuilder, Type};

use super::Db;

/// The most rows that one statement takes.
const MOST_ROWS: usize = 64;

/// Cuts rows into chunks whose sizes are powers of two: seven texts of a
/// statement serve any number of rows.
pub(super) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = (rest.len().min(MOST_ROWS) + 1).next_power_of_two() / 2;
        let (chunk, tail) = rest.split_at_checked(size).filter(|_| size > 0)?;
        rest = tail;
        Some(chunk)
    })
}

/// Starts an insert of many rows.
pub(super) fn insert(table: &'static str, columns: &[&'static str]) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::new("INSERT INTO ");
    query.push(table);
    query.push(" (");
    query.push(columns.join(", "));
    query.push(") ");
    query
}

/// Ends an insert: where a row with the same key is there, all else of it is
/// overwritten.
pub(super) fn push_overwrite(
    query: &mut QueryBuilder<Db>,
    key: &[&'static str],
    columns: &[&'static str],
) {
    query.push(" ON CONFLICT (");
    query.push(key.join(", "));
    query.push(") DO UPDATE SET ");
    let mut assignments = query.separated(", ");
    for column in columns.iter().filter(|column| !key.contains(column)) {
        assignments.push(*column);
        assignments.push_unseparated(" = excluded.");
        assignments.push_unseparated(*column);
    }
}

/// Writes values between commas.
pub(super) fn push_list<'a, T>(
    query: &mut QueryBuilder<Db>,
    values: impl IntoIterator<Item = &'a T>,
) where
    T: 'a + Clone + Encode<'a, Db> + Type<Db>,
{
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_powers_of_two_and_lose_nothing() {
        for count in 0..300 {
            let rows: Vec<usize> = (0..count).collect();
            let chunks: Vec<&[usize]> = chunks(&rows).collect();
            assert!(
                chunks
                    .iter()
                    .all(|c| c.len().is_power_of_two() && c.len() <= MOST_ROWS)
            );
            assert_eq!(chunks.concat(), rows);
        }
    }
}
