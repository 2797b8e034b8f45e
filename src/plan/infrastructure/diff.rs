//! What differs between two settings, field by field.

use serde::Serialize;
use serde_json::Value;

use crate::model::infrastructure::Settings;

/// Maps that are ours alone: what was found in them and is not wanted goes. In others, what we do not name is
/// somebody else's.
const OURS: [&str; 5] = ["headers", "error_pages", "statements", "trust", "environment"];

/// One field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The field: `behaviors./api/*.cache_policy`.
    pub path: String,
    /// What it is; none when it is not set.
    pub old: Option<Value>,
    /// What it should be; none when it should not be set.
    pub new: Option<Value>,
    /// What the new value costs, at list price, where it costs anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<&'static str>,
}

/// What has to change for `found` to be as `wanted`.
pub fn changes(wanted: &Settings, found: Option<&Settings>) -> Vec<Change> {
    let json = |settings: &Settings| serde_json::to_value(settings).expect("settings are plain data");
    let mut changes = Vec::new();
    compare("", &json(wanted), found.map(json).as_ref(), &mut changes);
    changes
}

fn compare(path: &str, wanted: &Value, found: Option<&Value>, changes: &mut Vec<Change>) {
    // Statements are compared whole: half a statement says nothing.
    let whole = path.starts_with("statements.") || path.starts_with("trust.");
    match (wanted, found) {
        (Value::Object(wanted), _) if !whole && !matches!(found, Some(Value::Null)) => {
            let found = found.and_then(Value::as_object);
            for (key, value) in wanted {
                compare(&join(path, key), value, found.and_then(|found| found.get(key)), changes);
            }
            if OURS.contains(&path) {
                let extra = found.into_iter().flatten().filter(|(key, _)| !wanted.contains_key(*key));
                changes.extend(extra.map(|(key, value)| change(&join(path, key), Some(value), None)));
            }
        }
        // Sets: each element that came or went.
        (Value::Array(wanted), Some(Value::Array(found))) if !whole && !is_another_order(wanted, found) => {
            let only = |these: &[Value], those: &[Value]| -> Vec<Value> {
                these.iter().filter(|it| !those.contains(it)).cloned().collect()
            };
            changes.extend(only(found, wanted).iter().map(|gone| change(path, Some(gone), None)));
            changes.extend(only(wanted, found).iter().map(|new| change(path, None, Some(new))));
        }
        (wanted, found) if found.is_none_or(is_nothing) && is_nothing(wanted) => {}
        (wanted, Some(found)) if wanted == found => {}
        (wanted, found) => {
            let value = |value: &Value| (!is_nothing(value)).then(|| value.clone());
            let (old, new) = (found.and_then(value), value(wanted));
            changes.push(change(path, old.as_ref(), new.as_ref()));
        }
    }
}

/// Whether two lists have the same elements in another order.
fn is_another_order(wanted: &[Value], found: &[Value]) -> bool {
    wanted != found && wanted.len() == found.len() && wanted.iter().all(|it| found.contains(it))
}

/// Whether a value says that something is not set.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Number(_) => false,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn change(path: &str, old: Option<&Value>, new: Option<&Value>) -> Change {
    let cost = new.and_then(|_| cost(path));
    Change { path: path.to_owned(), old: old.cloned(), new: new.cloned(), cost }
}

/// What a setting costs at list price (the services' pricing pages, United States; not verified on a bill).
fn cost(path: &str) -> Option<&'static str> {
    Some(match path {
        "waf_acl" => "AWS WAF: $5 a month for the ACL, $1 for each rule, $0.60 for a million requests",
        "origins.treebeard-bucket.shield" => "Origin Shield: from $0.0075 for 10,000 requests that pass it",
        "logging.bucket" => "S3 storage of the logs",
        "memory" => "Lambda: $0.0000167 for a second with 1 GB, $0.20 for a million requests",
        "versioning" => "S3 storage of superseded versions, for 30 days",
        "behaviors.*.viewer_request" => "functions: $0.10 for a million requests, beyond 2 million a month",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differ(wanted: &Value, found: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let mut changes = Vec::new();
        compare("", wanted, Some(found), &mut changes);
        changes.into_iter().map(|it| (it.path, it.old, it.new)).collect()
    }

    #[test]
    fn what_is_not_spoken_of_is_left_alone() {
        let wanted = json!({ "a": 1, "origins": { "x": { "domain": "d" } } });
        let found = json!({ "a": 1, "b": 2, "origins": { "x": { "domain": "d", "shield": "s" }, "y": {} } });
        assert_eq!(differ(&wanted, &found), []);
    }

    #[test]
    fn fields_elements_and_entries_come_go_and_change() {
        let wanted = json!({ "a": 1, "set": ["x", "y"], "headers": { "A": "1" }, "off": false, "page": null });
        let found = json!({ "a": 2, "set": ["y", "z"], "headers": { "A": "1", "B": "2" }, "off": true, "page": "p" });
        let expected = [
            ("a", Some(json!(2)), Some(json!(1))),
            ("headers.B", Some(json!("2")), None),
            ("off", Some(json!(true)), None),
            ("page", Some(json!("p")), None),
            ("set", Some(json!("z")), None),
            ("set", None, Some(json!("x"))),
        ];
        assert_eq!(differ(&wanted, &found), expected.map(|(path, old, new)| (path.to_owned(), old, new)));
    }

    #[test]
    fn nothing_is_nothing_however_it_is_written() {
        let wanted = json!({ "a": "", "b": false, "c": null, "d": [], "e": {} });
        assert_eq!(differ(&wanted, &json!({})), []);
        assert_eq!(differ(&wanted, &json!({ "a": null, "d": null, "e": null })), []);
    }
}
