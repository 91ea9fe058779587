//! What was caught: to be listed, cleared, and waited for.

use tokio::sync::watch;

/// How many messages are kept; the oldest go first.
const CAPACITY: usize = 1_000;

/// Caught messages, oldest first.
#[derive(Debug)]
pub(super) struct Inbox<T>(watch::Sender<Vec<T>>);

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl<T: Clone> Inbox<T> {
    pub(super) fn push(&self, message: T) {
        self.0.send_modify(|messages| {
            if messages.len() == CAPACITY {
                messages.remove(0);
            }
            messages.push(message);
        });
    }

    pub(super) fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    pub(super) fn clear(&self) {
        self.0.send_modify(Vec::clear);
    }

    /// All messages, as soon as there are at least `count`.
    pub(super) async fn at_least(&self, count: usize) -> Vec<T> {
        let mut receiver = self.0.subscribe();
        let messages = receiver.wait_for(|messages| messages.len() >= count).await;
        messages.expect("the sender lives in self").clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_messages_are_kept() {
        let inbox = Inbox::default();
        (0..CAPACITY + 3).for_each(|message| inbox.push(message));
        let expected: Vec<_> = (3..CAPACITY + 3).collect();
        assert_eq!(inbox.all(), expected);
    }

    #[tokio::test]
    async fn a_message_is_waited_for() {
        let inbox = Inbox::default();
        let both = async { tokio::join!(inbox.at_least(2), async { inbox.push("second") }) };
        inbox.push("first");
        assert_eq!(both.await.0, ["first", "second"]);
    }
}
