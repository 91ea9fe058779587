//! What somebody filled into a form, and what is wrong with it.

use std::collections::BTreeMap;

use axum::extract::multipart::{Multipart, MultipartError};
use url::form_urlencoded;

/// The fields of a form by name. Some are secrets: they have no `Debug`.
#[derive(Clone, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a form as browsers send it unless told otherwise. What can not be
    /// read is not there.
    pub(super) fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
                .collect(),
        )
    }

    /// Reads a form that has files in it. Of several fields of one name the last
    /// that holds something counts.
    pub(super) async fn read_with_files(mut form: Multipart) -> Result<Self, MultipartError> {
        let mut fields = BTreeMap::new();
        while let Some(field) = form.next_field().await? {
            let Some(name) = field.name().map(str::to_owned) else {
                continue;
            };
            let value = field.bytes().await?;
            let value = String::from_utf8_lossy(&value).trim().to_owned();
            if !value.is_empty() {
                fields.insert(name, value);
            }
        }
        Ok(Self(fields))
    }

    /// The value of a field. Empty if it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value of a field, if there is one.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// The same with one more field.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}

/// What is wrong with a form, by field.
#[derive(Debug, Default)]
pub(super) struct Problems(BTreeMap<&'static str, String>);

impl Problems {
    /// Notes what is wrong with a field; of several things the first.
    pub(super) fn add(&mut self, name: &'static str, problem: impl Into<String>) {
        self.0.entry(name).or_insert_with(|| problem.into());
    }

    /// Gives the value, or notes what is wrong.
    pub(super) fn check<T>(
        &mut self,
        name: &'static str,
        value: Result<T, impl Into<String>>,
    ) -> Option<T> {
        value.map_err(|problem| self.add(name, problem)).ok()
    }

    /// What is wrong with a field.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
