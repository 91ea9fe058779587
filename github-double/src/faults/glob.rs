//! Patterns of paths: `*` stands for anything but slashes, `**` for anything.

/// Whether the whole path is of the pattern.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    matches_bytes(pattern.as_bytes(), path.as_bytes())
}

fn matches_bytes(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => ends(path, |_| true).any(|end| matches_bytes(rest, end)),
        [b'*', rest @ ..] => ends(path, |byte| byte != b'/').any(|end| matches_bytes(rest, end)),
        [byte, rest @ ..] => path
            .split_first()
            .is_some_and(|(first, end)| first == byte && matches_bytes(rest, end)),
    }
}

/// What may be left of the path after a wildcard took as much as it may.
fn ends(path: &[u8], may_take: impl Fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    let taken = path.iter().take_while(|byte| may_take(**byte)).count();
    (0..=taken).map(|start| &path[start..])
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stay_within_a_segment_and_double_stars_do_not() {
        let table = [
            ("/app", "/app", true),
            ("/app", "/apps", false),
            (
                "/repos/*/*/actions/runs",
                "/repos/acme/api/actions/runs",
                true,
            ),
            (
                "/repos/*/actions/runs",
                "/repos/acme/api/actions/runs",
                false,
            ),
            ("**/actions/runs", "/repositories/7/actions/runs", true),
            ("**/actions/runs", "/repositories/7/actions/runs/9", false),
            ("/repos/**", "/repos/acme/api/actions/runs/9", true),
            ("/repos/acme/*-web", "/repos/acme/shop-web", true),
            ("**", "/", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
