//! Bodies that come slowly, or not to their end.

use std::io;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;

use super::log::UnderWay;
use crate::faults::ApiFaults;

/// How often a slow body brings something.
const BEAT: Duration = Duration::from_millis(50);

/// Sends an answer as its faults have it; it is under way until its body has gone out.
pub(super) async fn send(response: Response, faults: &ApiFaults, under_way: UnderWay) -> Response {
    let (parts, body) = response.into_parts();
    let body = match (faults.reset, faults.bytes_per_second) {
        (true, _) => cut(&whole(body).await),
        (false, Some(rate)) => drip(&whole(body).await, rate),
        (false, None) => body,
    };
    let guarded = body.map_frame(move |frame| {
        // Held for as long as the body is.
        let _ = &under_way;
        frame
    });
    Response::from_parts(parts, Body::new(guarded))
}

async fn whole(body: Body) -> Bytes {
    let bytes = to_bytes(body, usize::MAX).await;
    bytes.expect("the body is in memory already")
}

/// The first half, and then a broken connection.
fn cut(body: &Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    let broken = stream::once(async {
        // While this waits, the first half goes out.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(stream::iter([Ok(half)]).chain(broken))
}

fn drip(body: &Bytes, bytes_per_second: u64) -> Body {
    let beats = 1_000 / 50;
    let size = usize::try_from(bytes_per_second / beats).unwrap_or(usize::MAX);
    let size = size.max(1);
    let drops = body
        .chunks(size)
        .map(Bytes::copy_from_slice)
        .collect::<Vec<_>>();
    let slowly = stream::iter(drops).then(|drop| async {
        tokio::time::sleep(BEAT).await;
        Ok::<_, io::Error>(drop)
    });
    Body::from_stream(slowly)
}
