//! One connection: lines in, replies out.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Shared;
use super::session::{Reply, Session, Then};

/// How long a line of SMTP may be with its end; a command may be half of that by the standard, but
/// lines of mails may not be longer either.
const LINE_LIMIT: usize = 1_000;

/// Talks until the client quits, is hung up on, or goes.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // A client that goes in the middle of it is no trouble of ours.
    let _ = converse(stream, shared).await;
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = Lines(BufReader::new(reader));
    let size_limit = shared.size_limit;
    let mut session = Session::new(shared);
    let mut reply = session.greeting();
    loop {
        writer.write_all(reply.text.as_bytes()).await?;
        reply = match reply.then {
            Then::HangUp => return writer.shutdown().await,
            Then::ReadContent => session.content(lines.content(size_limit).await?),
            Then::ReadCommand => match lines.next().await? {
                None => return Ok(()),
                Some(line) => answer(&mut session, line.as_deref()),
            },
        };
    }
}

fn answer(session: &mut Session, line: Option<&[u8]>) -> Reply {
    match line.and_then(|line| str::from_utf8(line).ok()) {
        Some(line) => session.command(line),
        None => Reply::not_a_line(),
    }
}

/// Reads lines, which end in CR and LF; one of them alone ends nothing.
struct Lines<R>(BufReader<R>);

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The next line without its end; inside, `None` if it is too long; outside, at the end.
    async fn next(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let room = LINE_LIMIT - line.len();
            let mut reader = (&mut self.0).take(room as u64);
            match reader.read_until(b'\n', &mut line).await? {
                0 if line.len() == LINE_LIMIT => return Ok(Some(None)),
                0 => return Ok(None),
                _ => {}
            }
        }
        line.truncate(line.len() - 2);
        Ok(Some(Some(line)))
    }

    /// A mail until the dot alone on a line, with stuffed dots taken out; `None` if it is larger
    /// than allowed, which does not keep it from being read to its end.
    async fn content(&mut self, size_limit: usize) -> io::Result<Option<Bytes>> {
        let (mut content, mut fits) = (Vec::new(), true);
        loop {
            let line = self.next().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let line = line.ok_or(io::ErrorKind::InvalidData)?;
            if line == b"." {
                return Ok(fits.then(|| content.into()));
            }
            fits &= content.len() + line.len() + 2 <= size_limit;
            if fits {
                content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                content.extend_from_slice(b"\r\n");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(wire: &[u8]) -> Lines<&[u8]> {
        Lines(BufReader::new(wire))
    }

    #[tokio::test]
    async fn stuffed_dots_are_taken_out() {
        let mut lines = lines(b"..one\r\n.two\r\nthree.\r\n..\r\n.\r\nQUIT\r\n");
        let content = lines.content(100).await.unwrap().unwrap();
        assert_eq!(content, ".one\r\ntwo\r\nthree.\r\n.\r\n");
        assert_eq!(lines.next().await.unwrap(), Some(Some(b"QUIT".to_vec())));
    }

    #[tokio::test]
    async fn a_dot_between_other_line_ends_is_no_end() {
        let mut lines = lines(b"one\n.\ntwo\r\n.\n\r\n.\r\n");
        let content = lines.content(100).await.unwrap().unwrap();
        assert_eq!(content, "one\n.\ntwo\r\n\n\r\n");
    }

    #[tokio::test]
    async fn a_mail_is_read_to_its_end_even_if_too_large() {
        let mut lines = lines(b"12345678\r\n.\r\nNOOP\r\n");
        assert_eq!(lines.content(9).await.unwrap(), None);
        assert_eq!(lines.next().await.unwrap(), Some(Some(b"NOOP".to_vec())));
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_not_read_forever() {
        let wire = vec![b'x'; LINE_LIMIT + 1];
        assert_eq!(lines(&wire).next().await.unwrap(), Some(None));
        assert_eq!(lines(b"NOOP").next().await.unwrap(), None);
    }
}
