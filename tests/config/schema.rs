//! The JSON Schema and the reader accept the same files.

use serde_json::{Value, json};
use treebeard_cdn::config::schema;

use super::{SHIPPED, VARIABLES, check, problems};
use crate::support::Project;

/// The rules that the schema stands behind.
const STRUCTURAL: &[&str] = &[
    "unknown-key",
    "wrong-type",
    "missing-key",
    "not-allowed",
    "wrong-format",
    "out-of-range",
    "wrong-value",
    "reserved-key",
    "cloudfront-key",
];

#[test]
fn the_schema_is_valid_and_printed() {
    let document = schema::document();
    assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::draft202012::meta::validate(document).unwrap();
    assert_eq!(&Project::new().run(&["schema"]).json(), document);
    assert_eq!(&Project::new().run(&["schema", "--json"]).json(), document);
}

#[test]
fn mappings_are_closed_and_keys_are_described() {
    fn walk(schema: &Value, path: &str) {
        if let Some(properties) = schema["properties"].as_object() {
            assert_eq!(schema["additionalProperties"], false, "{path}");
            for (key, inner) in properties {
                assert!(inner["description"].is_string(), "{path}.{key}");
                walk(inner, &format!("{path}.{key}"));
            }
        }
        for inner in [&schema["items"], &schema["additionalProperties"]] {
            if inner.is_object() {
                walk(inner, path);
            }
        }
        assert!(schema.get("anyOf").is_none() && schema.get("oneOf").is_none(), "{path}");
    }
    walk(schema::document(), "");
}

/// Puts every default and every example of the schema into a configuration, one by one.
#[test]
fn defaults_and_examples_are_accepted() {
    fn collect(schema: &Value, path: &[String], found: &mut Vec<(Vec<String>, Value)>) {
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let path = [path, std::slice::from_ref(key)].concat();
            let examples = inner["examples"].as_array().into_iter().flatten();
            found.extend(examples.chain(inner.get("default")).map(|value| (path.clone(), value.clone())));
            collect(inner, &path, found);
        }
    }
    let mut values = Vec::new();
    collect(schema::document(), &[], &mut values);
    assert!(values.len() > 30);
    for (path, value) in values {
        let mut document = json!({ "version": 1, "site": {}, "environments": { "local": { "target": "local" } } });
        let pointer = path.iter().fold(String::new(), |pointer, key| {
            if let Some(parent) = document.pointer_mut(&pointer).filter(|parent| parent.get(key).is_none()) {
                parent[key] = json!({});
            }
            format!("{pointer}/{key}")
        });
        *document.pointer_mut(&pointer).unwrap() = value;
        let found = problems(&document.to_string());
        let structural: Vec<_> =
            found.iter().filter(|p| STRUCTURAL.contains(&p.rule) && p.rule != "missing-key").collect();
        assert!(structural.is_empty(), "{document}: {structural:?}");
    }
}

/// What the schema accepts can be read, and what it refuses cannot: on the shipped configuration with each of its
/// values replaced in turn by one of every type.
#[test]
fn the_schema_and_the_reader_agree() {
    fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for (key, inner) in value.as_object().into_iter().flatten() {
            paths(inner, &format!("{path}/{key}"), found);
        }
        for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
            paths(inner, &format!("{path}/{index}"), found);
        }
    }
    let shipped = json_of(SHIPPED);
    let validator = jsonschema::draft202012::new(schema::document()).unwrap();
    assert!(validator.is_valid(&shipped));
    let mut all = Vec::new();
    paths(&shipped, "", &mut all);
    let (mut accepted, mut refused) = (0, 0);
    for path in all.iter().filter(|path| !path.is_empty()) {
        for value in [
            json!(null),
            json!(true),
            json!(7),
            json!(-7.5),
            json!("text"),
            json!([]),
            json!(["x"]),
            json!({}),
            json!({ "x": 1 }),
        ] {
            let mut document = shipped.clone();
            *document.pointer_mut(path).unwrap() = value;
            let checked = check(document.to_string(), "local", VARIABLES);
            let structural: Vec<_> = checked.problems.iter().filter(|p| STRUCTURAL.contains(&p.rule)).collect();
            if validator.is_valid(&document) {
                accepted += 1;
                let only_lints = structural.iter().all(|p| matches!(p.rule, "missing-key" | "wrong-format"));
                assert!(only_lints, "{path} {document}: {structural:#?}");
                assert_eq!(checked.config.is_none(), checked.problems.any_error(), "{path}");
            } else {
                refused += 1;
                assert!(!structural.is_empty() && checked.config.is_none(), "{path} {document}");
            }
        }
    }
    assert!(accepted > 50 && refused > 200, "{accepted} {refused}");
}

/// `text` as JSON, by a YAML reader.
fn json_of(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}
