//! How much anybody may ask for: calls in a time, and streams that are open.
//!
//! Memory is bounded by itself: calls are counted in a fixed number of places, into which callers
//! are hashed by a secret of this process, and streams for as long as they are open.

mod body;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    http::{
        Request, Response, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware::Next,
    response::IntoResponse as _,
};
use governor::{
    Quota, RateLimiter,
    clock::Clock,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore},
};
use http::HeaderValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::guard;
use crate::{CallLimits, Peer, PortConfig, api};

/// How many calls may come at once before they are held to their pace: some tabs that are opened
/// together, each of which lists, counts and watches.
const BURST: NonZeroU32 = NonZeroU32::new(100).expect("it is not zero");

/// How many places calls are counted in, of 8 bytes each.
const PLACES: usize = 1 << 16;

/// When to ask for another stream. Nobody knows when one of those that are open ends.
const STREAM_PAUSE: Duration = Duration::from_secs(5);

/// Whom a limit is for. With sign-in it may be a session or a token, with a quota of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Caller {
    /// Somebody who has not said who he is.
    Address(IpAddr),
}

impl Caller {
    /// Who made a request; none if he is not limited: who is in this process, on the socket, or
    /// has the write key.
    fn of(request: &Request<Body>, port: &PortConfig) -> Option<Self> {
        let peer = request.extensions().get::<Peer>()?;
        let authorization = request.headers().get(AUTHORIZATION);
        if api::is_write_key(&port.write_keys, authorization) {
            return None;
        }
        Some(Self::Address(of_one(peer.address)))
    }
}

/// What one subscriber has of addresses: of IPv6 at least 2^64 of them.
fn of_one(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(prefix).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Counts what callers ask for. Clones count together.
#[derive(Clone)]
pub(super) struct Limits(Arc<Counts>);

struct Counts {
    port: Arc<PortConfig>,
    calls: Option<RateLimiter<Caller, Places, Monotonic>>,
    streams: Mutex<HashMap<Caller, u32>>,
    most_streams: Option<NonZeroU32>,
}

impl Limits {
    pub(super) fn new(port: &Arc<PortConfig>) -> Self {
        let CallLimits {
            calls_per_second,
            streams,
        } = port.limits;
        let calls = calls_per_second.map(|calls| {
            let quota = Quota::per_second(calls).allow_burst(BURST.max(calls));
            RateLimiter::new(quota, Places::new(), Monotonic)
        });
        Self(Arc::new(Counts {
            port: Arc::clone(port),
            calls,
            streams: Mutex::default(),
            most_streams: streams,
        }))
    }

    /// Counts a call; says how long to wait if it is one too many.
    fn count(&self, caller: Caller) -> Result<(), Duration> {
        let Some(calls) = &self.0.calls else {
            return Ok(());
        };
        calls
            .check_key(&caller)
            .map_err(|not_until| not_until.wait_time_from(Monotonic.now()))
    }

    /// Counts a stream until what is given is dropped. None if it is one too many.
    fn open(&self, caller: Caller) -> Option<OpenStream> {
        let mut streams = self.streams();
        let open = streams.entry(caller).or_default();
        if self.0.most_streams.is_some_and(|most| *open >= most.get()) {
            return None;
        }
        *open += 1;
        drop(streams);
        Some(OpenStream {
            limits: self.clone(),
            caller,
        })
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, HashMap<Caller, u32>> {
        self.0
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that is open until this is dropped.
struct OpenStream {
    limits: Limits,
    caller: Caller,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut streams = self.limits.streams();
        if let Some(open) = streams.get_mut(&self.caller) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.caller);
            }
        }
    }
}

/// Holds whoever calls to what he may ask for.
pub(super) async fn hold(
    State(limits): State<Limits>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let Some(caller) = Caller::of(&request, &limits.0.port) else {
        return next.run(request).await;
    };
    let content_type = request.headers().get(CONTENT_TYPE);
    let is_grpc = guard::is_grpc(content_type.map(HeaderValue::as_bytes));
    if let Err(wait) = limits.count(caller) {
        return refusal(is_grpc, "too many calls", wait);
    }
    if !api::is_stream(request.uri().path()) {
        return next.run(request).await;
    }
    let Some(open) = limits.open(caller) else {
        return refusal(is_grpc, "too many streams are open", STREAM_PAUSE);
    };
    next.run(request).await.map(|body| body::held(body, open))
}

/// Says when to come again, in the caller's own terms.
fn refusal(is_grpc: bool, problem: &str, wait: Duration) -> Response<Body> {
    let message = format!("{problem} from this address: come again later");
    if is_grpc {
        let mut details = ErrorDetails::new();
        details.set_retry_info(Some(wait));
        let code = Code::ResourceExhausted;
        return Status::with_error_details(code, message, details).into_http();
    }
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let headers = [(RETRY_AFTER, seconds.max(1).to_string())];
    (
        StatusCode::TOO_MANY_REQUESTS,
        headers,
        format!("{message}\n"),
    )
        .into_response()
}

/// A fixed number of places to count in.
struct Places {
    places: Vec<InMemoryState>,
    secret: RandomState,
}

impl Places {
    fn new() -> Self {
        Self {
            places: std::iter::repeat_with(InMemoryState::default)
                .take(PLACES)
                .collect(),
            secret: RandomState::new(),
        }
    }
}

impl StateStore for Places {
    type Key = Caller;

    fn measure_and_replace<T, F, E>(&self, caller: &Caller, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let hash = self.secret.hash_one(caller) % self.places.len() as u64;
        let place = usize::try_from(hash).unwrap_or_default();
        match self.places.get(place) {
            Some(place) => place.measure_and_replace(&NotKeyed::NonKey, measure),
            // There is none only if there are no places at all.
            None => measure(None).map(|(allowed, _)| allowed),
        }
    }
}

/// The time that tests can move.
#[derive(Clone, Debug)]
struct Monotonic;

impl Clock for Monotonic {
    type Instant = std::time::Instant;

    fn now(&self) -> std::time::Instant {
        tokio::time::Instant::now().into_std()
    }
}
