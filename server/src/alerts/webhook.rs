//! Signed requests to any receiver, as Standard Webhooks says.
