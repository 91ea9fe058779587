//! Collects what is wrong with a request, so that the caller learns it all at once.

use crate::{Error, Result, error::Violation};

/// More than this says nothing new.
const MOST_VIOLATIONS: usize = 20;

/// What is wrong so far, and where in the request we are.
#[derive(Default)]
pub(in crate::api) struct Check {
    path: Vec<String>,
    violations: Vec<Violation>,
}

impl Check {
    /// Runs a conversion; fails with everything that it found wrong.
    pub(in crate::api) fn run<T>(convert: impl FnOnce(&mut Self) -> T) -> Result<T> {
        let mut check = Self::default();
        let value = convert(&mut check);
        if check.violations.is_empty() {
            Ok(value)
        } else {
            Err(Error::Invalid(check.violations))
        }
    }

    /// Looks at a field: violations in it are named by its path.
    pub(in crate::api) fn within<T>(
        &mut self,
        field: impl Into<String>,
        f: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.path.push(field.into());
        let value = f(self);
        self.path.pop();
        value
    }

    /// Looks at the items of a list, of which there may be only so many.
    pub(in crate::api) fn each<I, T>(
        &mut self,
        field: &str,
        items: Vec<I>,
        most: usize,
        mut f: impl FnMut(&mut Self, I) -> T,
    ) -> Vec<T> {
        if items.len() > most {
            self.refuse(field, format!("must have at most {most} values"));
            return Vec::new();
        }
        let items = items.into_iter().enumerate();
        items
            .map(|(i, item)| self.within(format!("{field}[{i}]"), |check| f(check, item)))
            .collect()
    }

    /// Notes that a field is wrong; an empty name means the one we are in.
    pub(super) fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        if self.violations.len() < MOST_VIOLATIONS {
            let mut path = self.path.clone();
            if !field.is_empty() {
                path.push(field.to_owned());
            }
            self.violations.push(Violation {
                field: path.join("."),
                problem: problem.into(),
            });
        }
    }

    /// A text without NUL, which `PostgreSQL` can not store, and not too long.
    pub(super) fn text(&mut self, field: &str, text: String, most: usize) -> String {
        if text.len() > most && text.chars().count() > most {
            self.refuse(field, format!("must have at most {most} characters"));
        }
        if text.contains('\0') {
            self.refuse(field, "must not contain NUL");
        }
        text
    }

    /// An id or a counter.
    pub(super) fn positive<N: Copy + Default + PartialOrd>(&mut self, field: &str, number: N) -> N {
        if number <= N::default() {
            self.refuse(field, "must be positive");
        }
        number
    }
}
