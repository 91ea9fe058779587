//! Which repositories are looked at: names in which stars are allowed.

use wildmatch::WildMatch;

/// Names to take in and names to leave out. Upper and lower case are the same,
/// as they are to GitHub.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    included: Vec<WildMatch>,
    excluded: Vec<WildMatch>,
}

impl Patterns {
    /// Reads names such as `acme/*`; those that start with `!` are left out.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut made = Self::default();
        let patterns = patterns.into_iter().map(str::trim);
        for pattern in patterns.filter(|it| !it.is_empty()) {
            let (list, name) = match pattern.strip_prefix('!') {
                Some(name) => (&mut made.excluded, name.trim()),
                None => (&mut made.included, pattern),
            };
            list.push(WildMatch::new(&name.to_lowercase()));
        }
        made
    }

    /// Whether a repository of this full name is looked at: unless it is left
    /// out, if it is named or no name is.
    pub fn allow(&self, full_name: &str) -> bool {
        let name = full_name.to_lowercase();
        let is_in = |list: &[WildMatch]| list.iter().any(|it| it.matches(&name));
        (self.included.is_empty() || is_in(&self.included)) && !is_in(&self.excluded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_patterns_every_repository_is_looked_at() {
        assert!(Patterns::default().allow("acme/api"));
    }

    #[test]
    fn what_is_left_out_stays_out_even_if_it_is_named() {
        let patterns = Patterns::new(["acme/*", " !acme/secret-*", ""]);
        assert!(patterns.allow("acme/api"));
        assert!(patterns.allow("Acme/API"));
        assert!(!patterns.allow("acme/secret-plans"));
        assert!(!patterns.allow("other/api"));
    }

    #[test]
    fn leaving_some_out_takes_the_others_in() {
        let patterns = Patterns::new(["!*/playground"]);
        assert!(patterns.allow("acme/api"));
        assert!(!patterns.allow("acme/playground"));
    }
}
