//! Statements of policies, as IAM, S3 and Lambda write them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The statements of a policy.
pub fn listed(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// What was found, in the words of what is wanted where it means the same.
pub fn worded(
    wanted: &BTreeMap<String, Value>,
    found: impl IntoIterator<Item = (String, Value)>,
) -> BTreeMap<String, Value> {
    let word = |(sid, found)| match wanted.get(&sid) {
        Some(wanted) if canonical(wanted) == canonical(&found) => (sid, wanted.clone()),
        _ => (sid, found),
    };
    found.into_iter().map(word).collect()
}

/// The one of many ways to write the same: a list of one is its element, the order of a list means nothing, and
/// conditions compare text (IAM User Guide, "Grammar of the IAM JSON policy language").
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.len() == 1 => canonical(&items[0]),
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(canonical).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), canonical(value))).collect(),
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::canonical;

    #[test]
    fn the_same_is_the_same_however_it_is_written() {
        let one =
            json!({ "Action": ["s3:GetObject"], "Resource": ["b", "a"], "Condition": { "Bool": { "x": false } } });
        let other =
            json!({ "Resource": ["a", "b"], "Action": "s3:GetObject", "Condition": { "Bool": { "x": ["false"] } } });
        assert_eq!(canonical(&one), canonical(&other));
        let another = json!({ "Resource": ["a"], "Action": "s3:GetObject" });
        assert_ne!(canonical(&one), canonical(&another));
    }
}
