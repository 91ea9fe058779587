//! Rows as tuples, for tests that look behind the store.

use super::super::{
    Store,
    db::{Column, Query, Row},
};

/// What a row can be read as.
pub(super) trait FromRow: Sized {
    /// Reads the columns in their order.
    fn from_row(row: &Row) -> Result<Self, sqlx::Error>;
}

macro_rules! tuple {
    ($($type:ident = $place:literal),*) => {
        impl<$($type: for<'r> Column<'r>),*> FromRow for ($($type,)*) {
            fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
                Ok(($(row.try_get::<$type, _>($place)?,)*))
            }
        }
    };
}

tuple!(A = 0);
tuple!(A = 0, B = 1);
tuple!(A = 0, B = 1, C = 2);
tuple!(A = 0, B = 1, C = 2, D = 3);
tuple!(A = 0, B = 1, C = 2, D = 3, E = 4);
tuple!(A = 0, B = 1, C = 2, D = 3, E = 4, F = 5, G = 6);

/// Reads rows.
pub(super) fn read_all<T: FromRow>(rows: &[Row]) -> Result<Vec<T>, sqlx::Error> {
    rows.iter().map(T::from_row).collect()
}

/// Fetches rows.
pub(super) async fn fetch<T: FromRow>(store: &Store, query: Query) -> Vec<T> {
    let rows = query.fetch_all(&store.readers).await.unwrap();
    read_all(&rows).unwrap()
}

/// Fetches one number.
pub(super) async fn number(store: &Store, query: Query) -> i64 {
    fetch::<(i64,)>(store, query).await[0].0
}
