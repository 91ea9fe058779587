//! What follows the question mark, taken apart and put together again.

use super::refusal::Refusal;

/// The parameters of a request, in the order they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The value of a parameter, the last if there are several; none if it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let values = self.0.iter().rev();
        let value = values.into_iter().find(|(key, _)| key == name);
        value
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that is a number. GitHub takes what is none for not given.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The value of a parameter, made into something; 422 if that fails.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let parsed = self
            .get(name)
            .map(|value| parse(value).ok_or_else(|| Refusal::invalid(name)));
        parsed.transpose()
    }

    /// All of them, as they stand behind a question mark.
    pub(super) fn text(&self) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&self.0).finish()
    }

    /// The same parameters with one of them changed, and others left out.
    pub(super) fn with(&self, name: &str, value: &str, without: &[&str]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(key, _)| key != name && !without.contains(&key.as_str()));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair(name, value)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn other_parameters_stay_as_one_changes() {
        let query = Query::parse("status=failure&page=2&created=%3E%3D2026-01-01");
        assert_eq!(query.get("created"), Some(">=2026-01-01"));
        assert_eq!(
            query.with("page", "3", &[]),
            "status=failure&created=%3E%3D2026-01-01&page=3"
        );
        assert_eq!(query.with("page", "1", &["status", "created"]), "page=1");
    }

    #[test]
    fn what_is_no_number_was_not_given() {
        let query = Query::parse("page=two&per_page=50&status=");
        assert_eq!(query.number("page"), None);
        assert_eq!(query.number("per_page"), Some(50));
        assert_eq!(query.get("status"), None);
    }
}
