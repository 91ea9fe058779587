//! The manifest that GitHub makes an App from: `app-manifest.json`, filled in.

use serde_json::Value;

use super::choices::Choices;

const TEMPLATE: &str = include_str!("../../../app-manifest.json");

/// The template as it stands in the repository.
pub(super) fn template() -> Value {
    serde_json::from_str(TEMPLATE).expect("a test reads the template")
}

/// The manifest of an App for these choices.
pub(super) fn fill(choices: &Choices) -> Value {
    let mut manifest = template();
    replace(&mut manifest, "{BASE}", &choices.base());
    replace(&mut manifest, "{BROWSER}", &choices.browser);
    if choices.place.polling {
        let keys = manifest.as_object_mut().expect("it is an object");
        keys.remove("hook_attributes");
    }
    manifest
}

fn replace(value: &mut Value, placeholder: &str, text: &str) {
    match value {
        Value::String(found) => *found = found.replace(placeholder, text),
        Value::Array(values) => {
            for value in values {
                replace(value, placeholder, text);
            }
        }
        Value::Object(fields) => {
            for value in fields.values_mut() {
                replace(value, placeholder, text);
            }
        }
        _ => {}
    }
}
