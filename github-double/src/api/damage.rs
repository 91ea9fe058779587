//! Bodies that were right, and are spoilt on purpose.

use serde_json::{Value, json};

use crate::faults::FaultKind;

/// Spoils a body in every way that was asked for.
pub(super) fn damage(body: Vec<u8>, damages: &[FaultKind]) -> Vec<u8> {
    damages.iter().fold(body, damage_once)
}

fn damage_once(mut body: Vec<u8>, damage: &FaultKind) -> Vec<u8> {
    match damage {
        FaultKind::Truncate => {
            body.truncate(body.len() / 2);
            body
        }
        FaultKind::BadJson => [b"{,", &body[..]].concat(),
        FaultKind::ExtraFields => rewrite(body, add_fields),
        FaultKind::WrongType { pointer } => replace(body, pointer, |value| match value {
            Value::String(_) => json!(42),
            _ => json!("forty-two"),
        }),
        FaultKind::NullField { pointer } => replace(body, pointer, |_| Value::Null),
        FaultKind::UnknownEnum { pointer } => {
            replace(body, pointer, |_| json!("a_word_of_tomorrow"))
        }
        _ => body,
    }
}

fn replace(body: Vec<u8>, pointer: &str, with: impl Fn(&Value) -> Value) -> Vec<u8> {
    rewrite(body, |json| {
        if let Some(value) = json.pointer_mut(pointer) {
            *value = with(value);
        }
    })
}

/// Leaves alone what is no JSON, such as nothing.
fn rewrite(body: Vec<u8>, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let Ok(mut json) = serde_json::from_slice(&body) else {
        return body;
    };
    change(&mut json);
    serde_json::to_vec(&json).expect("JSON that was read can be written")
}

fn add_fields(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_fields);
            fields.insert("field_of_tomorrow".to_owned(), json!({"nested": [1, null]}));
        }
        Value::Array(values) => values.iter_mut().for_each(add_fields),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_damage_does_its_own() {
        let at = |pointer: &str| pointer.to_owned();
        let table = [
            (FaultKind::Truncate, r#"{"a":{"id":"#),
            (FaultKind::BadJson, r#"{,{"a":{"id":7,"b":"c"}}"#),
            (
                FaultKind::WrongType {
                    pointer: at("/a/id"),
                },
                r#"{"a":{"b":"c","id":"forty-two"}}"#,
            ),
            (
                FaultKind::WrongType {
                    pointer: at("/a/b"),
                },
                r#"{"a":{"b":42,"id":7}}"#,
            ),
            (
                FaultKind::NullField {
                    pointer: at("/a/id"),
                },
                r#"{"a":{"b":"c","id":null}}"#,
            ),
            (
                FaultKind::UnknownEnum {
                    pointer: at("/a/b"),
                },
                r#"{"a":{"b":"a_word_of_tomorrow","id":7}}"#,
            ),
        ];
        for (kind, expected) in table {
            let body = damage(
                br#"{"a":{"id":7,"b":"c"}}"#.to_vec(),
                std::slice::from_ref(&kind),
            );
            assert_eq!(String::from_utf8(body).unwrap(), expected, "{kind:?}");
        }
    }

    #[test]
    fn new_fields_are_in_every_object() {
        let body = damage(br#"[{"a":{}}]"#.to_vec(), &[FaultKind::ExtraFields]);
        let json: Value = serde_json::from_slice(&body).unwrap();
        let tomorrow = json!({"nested": [1, null]});
        assert_eq!(
            json,
            json!([{"a": {"field_of_tomorrow": tomorrow}, "field_of_tomorrow": tomorrow}])
        );
    }
}
