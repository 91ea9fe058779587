//! Hands parcels to the mail server, recipient by recipient.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::FutureExt as _;
use lettre::{Address, transport::smtp::client::TlsParameters};
use tokio::time::{Instant, timeout};

use super::{
    config::{MailConfig, MailConfigError},
    mail::Sender,
    smtp::{Session, Trouble},
    unsubscribe::Tokens,
};
use crate::{
    alerts::{
        links::Links,
        provider::{ChannelFault, Handed, Parcel, Recipient, Verdict},
    },
    clock::Clock,
    store::Back,
};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// One message, connecting included.
    pub(super) send: Duration,
    /// When no further message of a parcel is begun. With the last one it stays below the 45
    /// seconds that a worker holds a parcel.
    pub(super) parcel: Duration,
}

const LIMITS: Limits = Limits {
    send: Duration::from_secs(10),
    parcel: Duration::from_secs(30),
};

/// Sends e-mail.
pub(crate) struct Mailer {
    config: MailConfig,
    tls: TlsParameters,
    tokens: Tokens,
    clock: Clock,
    limits: Limits,
}

impl Mailer {
    /// Gets ready to send: reads whom this machine trusts.
    pub(crate) fn new(
        config: MailConfig,
        tokens: Tokens,
        clock: Clock,
    ) -> Result<Self, MailConfigError> {
        Ok(Self {
            tls: config.tls()?,
            config,
            tokens,
            clock,
            limits: LIMITS,
        })
    }

    #[cfg(test)]
    pub(super) fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sends a parcel to each of its recipients, over one connection while that holds. As soon
    /// as `stops` says so, no further one is sent to.
    pub(crate) async fn hand(
        &self,
        parcel: &Parcel,
        addresses: &[String],
        links: &Links,
        stops: &(dyn Fn() -> bool + Sync),
    ) -> Handed {
        let begin = Instant::now();
        let mut session = None;
        let mut outcomes = Vec::with_capacity(addresses.len());
        let mut stopped = None;
        for address in addresses {
            let not_yet = if stops() {
                Some("not tried yet: Lampboard was stopped")
            } else if begin.elapsed() >= self.limits.parcel {
                Some("not tried yet: the mail server is slow")
            } else {
                None
            };
            if let Some(problem) = not_yet {
                stopped.get_or_insert_with(|| Trouble::NotYet(problem.to_owned()));
            }
            let outcome = match &stopped {
                Some(trouble) => Err(trouble.clone()),
                None => self.one(&mut session, parcel, address, links).await,
            };
            match &outcome {
                Err(trouble @ (Trouble::Down(_) | Trouble::Refused(_))) => {
                    stopped.get_or_insert_with(|| trouble.clone());
                }
                Err(Trouble::Unanswered(problem)) => {
                    stopped.get_or_insert_with(|| Trouble::Down(problem.clone()));
                }
                Ok(_)
                | Err(
                    Trouble::Later(_)
                    | Trouble::NotYet(_)
                    | Trouble::Gone(_)
                    | Trouble::Unwanted(_),
                ) => {}
            }
            outcomes.push((address.clone(), outcome));
        }
        if let Some(session) = session {
            // Whether the server answers makes no difference any more.
            drop(timeout(Duration::from_secs(1), session.close()).await);
        }
        handed(outcomes)
    }

    /// Sends to one recipient. Whatever goes wrong in between concerns this one alone.
    async fn one(
        &self,
        session: &mut Option<Session>,
        parcel: &Parcel,
        address: &str,
        links: &Links,
    ) -> Result<String, Trouble> {
        let to: Address = Some(address)
            .filter(|address| address.is_ascii())
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| Trouble::Gone("not an address that mail can be sent to".to_owned()))?;
        let sender = Sender {
            from: self.config.from(),
            tokens: &self.tokens,
            links,
        };
        let message = caught(|| sender.mail(parcel, &to, self.clock.now()))?
            .map_err(|error| Trouble::Later(error.to_string()))?;
        // A connection comes back only from a message that left it in a known state.
        let taken = session.take();
        let handed_over = AtomicBool::new(false);
        let sending = self.send(taken, &to, &message, &handed_over);
        let work = AssertUnwindSafe(sending).catch_unwind();
        match timeout(self.limits.send, work).await {
            Err(_) => {
                let limit = self.limits.send.as_secs();
                let problem = format!("the mail server took longer than {limit} seconds");
                Err(if handed_over.load(Ordering::Relaxed) {
                    Trouble::Unanswered(problem)
                } else {
                    Trouble::Down(problem)
                })
            }
            Ok(Err(panic)) => Err(broken(&*panic)),
            Ok(Ok((kept, outcome))) => {
                *session = kept;
                outcome
            }
        }
    }

    async fn send(
        &self,
        session: Option<Session>,
        to: &Address,
        message: &[u8],
        handed_over: &AtomicBool,
    ) -> (Option<Session>, Result<String, Trouble>) {
        let mut session = match session {
            Some(session) => session,
            None => match Session::open(&self.config, &self.tls).await {
                Ok(session) => session,
                Err(trouble) => return (None, Err(trouble)),
            },
        };
        let outcome = session
            .send(self.config.from().address(), to, message, handed_over)
            .await;
        let is_usable = match &outcome {
            Ok(_) => true,
            Err(
                Trouble::Later(_) | Trouble::NotYet(_) | Trouble::Gone(_) | Trouble::Unwanted(_),
            ) => session.forget().await,
            Err(Trouble::Down(_) | Trouble::Unanswered(_) | Trouble::Refused(_)) => false,
        };
        (is_usable.then_some(session), outcome)
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Makes an outcome of a panic: lettre has panicked over names before.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Trouble> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| broken(&*panic))
}

fn broken(panic: &(dyn Any + Send)) -> Trouble {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    tracing::error!(
        panic = text,
        "making or sending an e-mail failed; please report this"
    );
    Trouble::Later("an error in Lampboard, which its log has more of".to_owned())
}

/// Judges a parcel by what came of it for each recipient.
fn handed(outcomes: Vec<(String, Result<String, Trouble>)>) -> Handed {
    let verdict = verdict(&outcomes);
    let recipients: Vec<Recipient> = outcomes
        .into_iter()
        .map(|(address, outcome)| recipient(address, outcome))
        .collect();
    let answer = match &verdict {
        Verdict::Sent => recipients.last().map(|last| last.answer.clone()),
        Verdict::Later { error, .. } | Verdict::Refused { error, .. } => Some(error.clone()),
    };
    Handed {
        verdict,
        answer: answer.unwrap_or_default(),
        thread: None,
        recipients,
    }
}

/// A refusal of all outweighs a later try, and that one all else. Who is refused for good is
/// settled, and the channel goes on; but what nobody accepted is not sent.
fn verdict(outcomes: &[(String, Result<String, Trouble>)]) -> Verdict {
    let weight = |outcome: &Result<String, Trouble>| match outcome {
        Err(Trouble::Refused(_)) => 4,
        Err(Trouble::Later(_) | Trouble::NotYet(_) | Trouble::Down(_) | Trouble::Unanswered(_)) => {
            3
        }
        Ok(_) => 2,
        Err(Trouble::Unwanted(_)) => 1,
        Err(Trouble::Gone(_)) => 0,
    };
    let each = outcomes.iter().map(|(_, outcome)| outcome);
    let first_of_most = |most, it| if weight(it) > weight(most) { it } else { most };
    let refused = |error: String, channel| Verdict::Refused { error, channel };
    match each.reduce(first_of_most) {
        None | Some(Ok(_)) => Verdict::Sent,
        Some(Err(
            Trouble::Later(error)
            | Trouble::NotYet(error)
            | Trouble::Down(error)
            | Trouble::Unanswered(error),
        )) => {
            let mut each = outcomes.iter().map(|(_, outcome)| outcome);
            Verdict::Later {
                error: error.clone(),
                after: None,
                back: back(outcomes),
                may_be_there: each.any(|it| matches!(it, Err(Trouble::Unanswered(_)))),
            }
        }
        Some(Err(Trouble::Refused(error) | Trouble::Unwanted(error))) => {
            refused(error.clone(), ChannelFault::Doubtful)
        }
        Some(Err(Trouble::Gone(error))) => refused(
            format!("nobody is left to send to: {error}"),
            ChannelFault::Gone,
        ),
    }
}

/// What waits: the channel only if the server does not work for anybody.
fn back(outcomes: &[(String, Result<String, Trouble>)]) -> Back {
    let any = |is_one: fn(&Result<String, Trouble>) -> bool| {
        outcomes.iter().any(|(_, outcome)| is_one(outcome))
    };
    let is_down = any(|it| matches!(it, Err(Trouble::Down(_) | Trouble::Unanswered(_))));
    let is_broken_off = is_down || any(|it| matches!(it, Err(Trouble::NotYet(_))));
    if is_broken_off && any(Result::is_ok) {
        Back::Rest
    } else if is_down {
        Back::Channel
    } else {
        Back::Message
    }
}

fn recipient(address: String, outcome: Result<String, Trouble>) -> Recipient {
    let refused = |error: &String, channel| Verdict::Refused {
        error: error.clone(),
        channel,
    };
    let (verdict, answer) = match outcome {
        Ok(answer) => (Verdict::Sent, answer),
        Err(Trouble::Gone(error)) => (refused(&error, ChannelFault::Gone), error),
        Err(Trouble::Unwanted(error)) => (refused(&error, ChannelFault::Doubtful), error),
        // It is the channel that was refused: the address is not to be left out.
        Err(trouble) => {
            let may_be_there = matches!(trouble, Trouble::Unanswered(_));
            let error = trouble.into_text();
            let verdict = Verdict::Later {
                error: error.clone(),
                after: None,
                back: Back::Message,
                may_be_there,
            };
            (verdict, error)
        }
    };
    Recipient {
        address,
        verdict,
        answer,
    }
}
