//! What Slack takes for a message.

use axum::http::HeaderValue;
use serde_json::Value;

/// How many blocks a message may have.
const BLOCKS: usize = 50;
/// How many characters a block's text may have, by the block's type.
const TEXTS: [(&str, usize); 2] = [("section", 3_000), ("header", 150)];

/// The message in the body, or the word that Slack refuses it with.
pub(super) fn parse(
    content_type: Option<&HeaderValue>,
    body: &[u8],
) -> Result<Value, &'static str> {
    let content_type = content_type.and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|value| value.starts_with("application/json")) {
        return Err("invalid_payload");
    }
    let message: Value = serde_json::from_slice(body).map_err(|_| "invalid_payload")?;
    if !message.is_object() {
        return Err("invalid_payload");
    }
    if !has_content(&message) {
        return Err("no_text");
    }
    match &message["blocks"] {
        Value::Null => Ok(message),
        Value::Array(blocks) if are_valid(blocks) => Ok(message),
        _ => Err("invalid_blocks"),
    }
}

fn has_content(message: &Value) -> bool {
    let text = message["text"].as_str().unwrap_or_default();
    let filled = |field: &str| message[field].as_array().is_some_and(|it| !it.is_empty());
    !text.is_empty() || filled("blocks") || filled("attachments")
}

fn are_valid(blocks: &[Value]) -> bool {
    blocks.len() <= BLOCKS && blocks.iter().all(is_valid)
}

fn is_valid(block: &Value) -> bool {
    let Some(kind) = block["type"].as_str() else {
        return false;
    };
    let text = block["text"]["text"].as_str().unwrap_or_default();
    let limit = TEXTS.iter().find(|(name, _)| *name == kind);
    limit.is_none_or(|(_, limit)| text.chars().count() <= *limit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(message: &Value) -> Result<(), &'static str> {
        let content_type = HeaderValue::from_static("application/json; charset=utf-8");
        parse(Some(&content_type), message.to_string().as_bytes()).map(|_| ())
    }

    #[test]
    fn a_message_needs_text_or_blocks() {
        let block = json!({"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}});
        assert_eq!(verdict(&json!({"text": "Hello"})), Ok(()));
        assert_eq!(verdict(&json!({"blocks": [block]})), Ok(()));
        assert_eq!(verdict(&json!({"text": ""})), Err("no_text"));
        assert_eq!(verdict(&json!({"blocks": []})), Err("no_text"));
        assert_eq!(verdict(&json!("Hello")), Err("invalid_payload"));
    }

    #[test]
    fn blocks_are_few_and_short() {
        let section = |length: usize| json!({"type": "section", "text": {"type": "mrkdwn", "text": "ä".repeat(length)}});
        let header =
            json!({"type": "header", "text": {"type": "plain_text", "text": "x".repeat(151)}});
        let with = |blocks: Vec<Value>| verdict(&json!({"text": "Hello", "blocks": blocks}));
        assert_eq!(with(vec![section(3_000); 50]), Ok(()));
        assert_eq!(with(vec![section(1); 51]), Err("invalid_blocks"));
        assert_eq!(with(vec![section(3_001)]), Err("invalid_blocks"));
        assert_eq!(with(vec![header]), Err("invalid_blocks"));
        assert_eq!(with(vec![json!({"text": "x"})]), Err("invalid_blocks"));
    }

    #[test]
    fn json_says_that_it_is() {
        let form = HeaderValue::from_static("text/plain");
        for content_type in [None, Some(&form)] {
            assert_eq!(
                parse(content_type, b"{\"text\":\"x\"}"),
                Err("invalid_payload")
            );
        }
    }
}
