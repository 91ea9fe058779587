//! A statement that is put together: its text, and the values that are bound to it.

use std::fmt::Write as _;

use super::Value;

/// A statement. Placeholders are `$1` and on, in both databases.
pub(in crate::store) struct Query {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

/// Starts a statement, the values of which are bound in the order of its placeholders.
pub(in crate::store) fn query(text: &str) -> Query {
    Query::new(text)
}

impl Query {
    /// Starts a statement with text of our own, never with what somebody sent.
    pub(in crate::store) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Binds the value of the next placeholder.
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds text of our own, never what somebody sent.
    pub(in crate::store) fn push(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.push_str(text.as_ref());
        self
    }

    /// Adds a placeholder and binds its value.
    pub(in crate::store) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        // Writing to a text can not fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// Asks for the plan of it instead.
    #[cfg(test)]
    pub(in crate::store) fn explained(mut self) -> Self {
        self.text.insert_str(0, "EXPLAIN QUERY PLAN ");
        self
    }

    /// Adds a list, part by part.
    pub(in crate::store) fn separated(&mut self, separator: &'static str) -> Separated<'_> {
        Separated {
            query: self,
            separator,
            is_first: true,
        }
    }

    /// Adds rows of values.
    pub(in crate::store) fn push_values<T>(
        &mut self,
        rows: impl IntoIterator<Item = T>,
        mut push: impl FnMut(Separated<'_>, T),
    ) {
        self.push("VALUES ");
        for (place, row) in rows.into_iter().enumerate() {
            self.push(if place == 0 { "(" } else { ", (" });
            push(self.separated(", "), row);
            self.push(")");
        }
    }
}

/// A list in a statement.
pub(in crate::store) struct Separated<'q> {
    query: &'q mut Query,
    separator: &'static str,
    is_first: bool,
}

impl Separated<'_> {
    /// Adds a part.
    pub(in crate::store) fn push(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.separate();
        self.push_unseparated(text)
    }

    /// Adds to the last part.
    pub(in crate::store) fn push_unseparated(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.query.push(text);
        self
    }

    /// Adds a part that is a value.
    pub(in crate::store) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.separate();
        self.query.push_bind(value);
        self
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.query.push(self.separator);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_counted_through() {
        let mut query = Query::new("INSERT INTO t (a, b) ");
        query.push_values([1i64, 2], |mut row, number| {
            row.push_bind(number).push("TRUE");
        });
        query.push(" RETURNING a + ").push_bind(7i32);
        assert_eq!(
            query.text,
            "INSERT INTO t (a, b) VALUES ($1, TRUE), ($2, TRUE) RETURNING a + $3"
        );
        assert_eq!(query.values.len(), 3);
    }
}
