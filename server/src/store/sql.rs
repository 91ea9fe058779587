//! Statements for many rows at once, in few different texts, so that each is prepared only once.

use super::db::{Query, Value};

/// The most rows that one statement takes.
const MOST_ROWS: usize = 64;

/// Cuts rows into chunks of few different sizes: up to eight, then powers of
/// two. Eleven texts of a statement serve any number of rows.
pub(super) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = match rest.len().min(MOST_ROWS) {
            few @ 0..=8 => few,
            many => (many + 1).next_power_of_two() / 2,
        };
        let (chunk, tail) = rest.split_at_checked(size).filter(|_| size > 0)?;
        rest = tail;
        Some(chunk)
    })
}

/// Cuts keys to look up into lists of few different lengths: the last one is
/// filled up with its own last key, which finds nothing more.
pub(super) fn padded<T: Clone>(keys: &[T]) -> impl Iterator<Item = Vec<T>> {
    keys.chunks(MOST_ROWS).map(|chunk| {
        let mut padded = chunk.to_vec();
        if let Some(last) = chunk.last() {
            padded.resize(chunk.len().next_power_of_two(), last.clone());
        }
        padded
    })
}

/// Starts an insert of many rows.
pub(super) fn insert(table: &'static str, columns: &[&'static str]) -> Query {
    let mut query = Query::new("INSERT INTO ");
    query.push(table);
    query.push(" (");
    query.push(columns.join(", "));
    query.push(") ");
    query
}

/// Ends an insert: where a row with the same key is there, all else of it is
/// overwritten.
pub(super) fn push_overwrite(query: &mut Query, key: &[&'static str], columns: &[&'static str]) {
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
pub(super) fn push_list<'a, T>(query: &mut Query, values: impl IntoIterator<Item = &'a T>)
where
    T: 'a + Clone + Into<Value>,
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
    fn chunks_have_few_sizes_and_lose_nothing() {
        let mut sizes = std::collections::BTreeSet::new();
        for count in 0..300 {
            let rows: Vec<usize> = (0..count).collect();
            let chunks: Vec<&[usize]> = chunks(&rows).collect();
            sizes.extend(chunks.iter().map(|chunk| chunk.len()));
            assert_eq!(chunks.concat(), rows);
        }
        assert_eq!(
            sizes.into_iter().collect::<Vec<_>>(),
            [1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64]
        );
    }

    #[test]
    fn padding_adds_only_what_is_there() {
        assert_eq!(padded::<i64>(&[]).count(), 0);
        assert_eq!(padded(&[1, 2, 3]).collect::<Vec<_>>(), [vec![1, 2, 3, 3]]);
        let keys: Vec<i64> = (0..65).collect();
        assert_eq!(
            padded(&keys).map(|list| list.len()).collect::<Vec<_>>(),
            [64, 1]
        );
    }
}
