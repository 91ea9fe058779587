//! Pages of lists, and the `Link` header that leads from one to the next.

use std::fmt::Write;
use std::ops::Range;

use super::query::Query;

/// How many rows GitHub shows when it is not told, and at most.
const DEFAULT_SIZE: u64 = 30;
const LARGEST_SIZE: u64 = 100;

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    number: u64,
    size: u64,
}

impl Page {
    pub(super) fn of(query: &Query) -> Self {
        Self {
            number: query.number("page").unwrap_or(1).max(1),
            size: Self::size(query),
        }
    }

    /// How many rows are asked for, which is all that matters where pages have no numbers.
    pub(super) fn size(query: &Query) -> u64 {
        let size = query.number("per_page").unwrap_or(DEFAULT_SIZE);
        size.clamp(1, LARGEST_SIZE)
    }

    /// Which of `count` rows are on it.
    pub(super) fn rows(self, count: usize) -> Range<usize> {
        let bound = |page: u64| {
            let rows = page.saturating_mul(self.size);
            usize::try_from(rows).map_or(count, |rows| rows.min(count))
        };
        bound(self.number - 1)..bound(self.number)
    }

    /// The `Link` header of this page of a list of `count` rows at `url`; none if all is on one.
    pub(super) fn link(self, url: &str, query: &Query, count: usize) -> Option<String> {
        let last = (count as u64).div_ceil(self.size).max(1);
        let mut links = Links::new(url, query);
        if self.number > 1 {
            links.add("prev", (self.number - 1).min(last));
        }
        if self.number < last {
            links.add("next", self.number + 1);
            links.add("last", last);
        }
        if self.number > 1 {
            links.add("first", 1);
        }
        links.finish()
    }
}

struct Links<'a> {
    url: &'a str,
    query: &'a Query,
    text: String,
}

impl<'a> Links<'a> {
    fn new(url: &'a str, query: &'a Query) -> Self {
        let text = String::new();
        Self { url, query, text }
    }

    fn add(&mut self, rel: &str, page: u64) {
        let separator = if self.text.is_empty() { "" } else { ", " };
        let query = self.query.with("page", &page.to_string(), &[]);
        let link = write!(
            self.text,
            "{separator}<{}?{query}>; rel=\"{rel}\"",
            self.url
        );
        link.expect("a string takes all");
    }

    fn finish(self) -> Option<String> {
        Some(self.text).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:1/repositories/7/actions/runs";

    #[test]
    fn a_page_in_the_middle_leads_everywhere() {
        let query = Query::parse("per_page=100&page=3&status=failure");
        let link = Page::of(&query).link(URL, &query, 450).unwrap();
        let expected: Vec<_> = [(2, "prev"), (4, "next"), (5, "last"), (1, "first")]
            .iter()
            .map(|(page, rel)| {
                format!("<{URL}?per_page=100&status=failure&page={page}>; rel=\"{rel}\"")
            })
            .collect();
        assert_eq!(link, expected.join(", "));
    }

    #[test]
    fn the_ends_lead_one_way_and_a_single_page_nowhere() {
        let first = Query::parse("");
        let link = Page::of(&first).link(URL, &first, 31).unwrap();
        assert_eq!(
            link,
            format!("<{URL}?page=2>; rel=\"next\", <{URL}?page=2>; rel=\"last\"")
        );
        let last = Query::parse("page=2");
        let link = Page::of(&last).link(URL, &last, 31).unwrap();
        assert_eq!(
            link,
            format!("<{URL}?page=1>; rel=\"prev\", <{URL}?page=1>; rel=\"first\"")
        );
        assert_eq!(Page::of(&first).link(URL, &first, 30), None);
    }

    #[test]
    fn pages_cut_the_list_without_gap_or_overlap() {
        let rows = |text: &str| Page::of(&Query::parse(text)).rows(250);
        assert_eq!(rows(""), 0..30);
        assert_eq!(rows("per_page=100"), 0..100);
        assert_eq!(rows("per_page=100&page=3"), 200..250);
        assert_eq!(rows("per_page=100&page=4"), 250..250);
        assert_eq!(rows("per_page=1000&page=2"), 100..200, "100 is the most");
        assert_eq!(rows("per_page=0&page=0"), 0..1);
        assert_eq!(rows("page=18446744073709551615"), 250..250);
    }
}
