//! Reads messages as mail programs do, as far as tests ask.

/// The headers of a message, unfolded, in order.
pub(super) fn headers(mail: &str) -> Vec<(String, String)> {
    let (head, _) = mail.split_once("\r\n\r\n").expect("a head and a body");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let split = |line: &str| {
        let (name, value) = line.split_once(':').expect("a name and a value");
        (name.to_owned(), value.trim().to_owned())
    };
    unfolded.split("\r\n").map(split).collect()
}

/// The one header of a name.
pub(super) fn header(mail: &str, name: &str) -> Option<String> {
    let mut found = headers(mail).into_iter().filter(|(found, _)| found == name);
    let value = found.next().map(|(_, value)| value);
    assert_eq!(found.next(), None, "{name} is there twice");
    value
}
