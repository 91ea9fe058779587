//! The fields of a form or of a query.

/// Names with their values, in the order they came; names may repeat.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(super) fn of_query(query: Option<&str>) -> Self {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    pub(super) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// These, then others.
    #[must_use]
    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The first value of the name that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// The same as a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// All values of the name.
    pub(super) fn all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let same = self.0.iter().filter(move |(field, _)| field == name);
        same.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn names_may_repeat_and_values_may_be_empty() {
        let fields = Fields::parse(b"repository=1&state=&repository=2&state=a%26b");
        assert_eq!(fields.all("repository").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("state"), Some("a&b"));
        assert_eq!(fields.number("repository"), Some(1));
        assert_eq!(fields.get("code"), None);
    }
}
