//! Whether keys and types are right: the schema's verdicts in plain words, all of them.

use std::collections::BTreeSet;

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

use super::{
    cloudfront,
    effective::{self, Effective},
    path::{KeyPath, Segment},
    private::{HIDDEN, is_private},
    problem::Problem,
    schema::{Compiled, ENVIRONMENT, FILE},
    source::Source,
    variables,
    words::{alternatives, described, did_you_mean},
};

/// Keys that later versions will have.
const RESERVED: &[&str] = &["prefix", "budgets", "compression.dictionary"];

/// Checks the document as it was written. What a variable stands for is checked once it is resolved.
pub fn check(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, error) in refusals(&FILE, &source.value) {
        if !error.instance().as_str().is_some_and(variables::has_variable) {
            translate(&error, &path, source, &mut problems);
        }
    }
    check_variables(&source.value, &KeyPath::root(), source, &mut problems);
    problems
}

/// Checks what variables brought into an environment. The rest was checked as it was written.
pub fn check_resolved(effective: &Effective<'_>, source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, error) in refusals(&ENVIRONMENT, &effective.value) {
        let is_resolved = !error.instance().as_str().is_some_and(variables::has_variable);
        if is_resolved && effective.is_variable(&path) {
            translate(&error, &effective.origin(&path), source, &mut problems);
        }
    }
    problems
}

/// What a schema refuses, and where. A value of the wrong type is not told twice.
fn refusals<'a>(schema: &'a Compiled, document: &'a Value) -> Vec<(KeyPath, ValidationError<'a>)> {
    let path = |error: &ValidationError<'_>| KeyPath::from_pointer(error.instance_path().iter(), document);
    let refusals: Vec<_> = schema.validator.iter_errors(document).map(|error| (path(&error), error)).collect();
    let is_type = |error: &ValidationError<'_>| matches!(error.kind(), Kind::Type { .. });
    let wrong: BTreeSet<_> =
        refusals.iter().filter(|(_, error)| is_type(error)).map(|(path, _)| path.clone()).collect();
    refusals.into_iter().filter(|(path, error)| is_type(error) || !wrong.contains(path)).collect()
}

/// The texts in `environment` that the schema wants to be something else.
pub fn wrong_types(environment: &Value) -> Vec<KeyPath> {
    let refusals = refusals(&ENVIRONMENT, environment).into_iter();
    let wrong = refusals.filter(|(_, error)| matches!(error.kind(), Kind::Type { .. }) && error.instance().is_string());
    wrong.map(|(path, _)| path).collect()
}

/// Leaves out of `environment` what the schema refuses, so that the rest can be looked at.
pub fn prune(environment: &mut Value) {
    loop {
        let mut refused: Vec<KeyPath> = Vec::new();
        for (path, error) in refusals(&ENVIRONMENT, environment) {
            match error.kind() {
                Kind::AdditionalProperties { unexpected } => refused.extend(unexpected.iter().map(|key| path.key(key))),
                _ => refused.push(path),
            }
        }
        if refused.is_empty() {
            return;
        }
        for path in refused {
            remove(environment, &path);
        }
    }
}

/// Removes the value at `path`; for an item, the whole list, since the others would move.
pub fn remove(document: &mut Value, path: &KeyPath) {
    match (path.last(), path.parent()) {
        (Some(Segment::Key(key)), Some(parent)) => {
            if let Some(Value::Object(entries)) = parent.of_mut(document) {
                entries.remove(key);
            }
        }
        (Some(Segment::Item(_)), Some(parent)) => remove(document, &parent),
        _ => *document = Value::Object(serde_json::Map::new()),
    }
}

/// Every `${` of the document must start a variable, in environments that are not in use, too.
fn check_variables(value: &Value, path: &KeyPath, source: &Source, problems: &mut Vec<Problem>) {
    match value {
        Value::String(text) => {
            if let Err(cause) = variables::check(text) {
                problems.push(effective::problem(&cause, path, source));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_variables(item, &path.item(index), source, problems);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                check_variables(value, &path.key(key), source, problems);
            }
        }
        _ => {}
    }
}

/// Says in plain words what the schema refuses. Values are shown as they were written:
/// what a variable stands for may be a secret.
fn translate(error: &ValidationError<'_>, path: &KeyPath, source: &Source, problems: &mut Vec<Problem>) {
    let name = if *path == KeyPath::root() { "the file".to_owned() } else { format!("`{path}`") };
    let written = path.of(&source.value).unwrap_or(&Value::Null);
    let shown = match written {
        _ if is_private(path) => HIDDEN.to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    let mut push = |rule, at, message: String, help: String| {
        problems.push(Problem::error(rule, path, at, message, help));
    };
    let at = source.value_position(path);
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let known = parent_properties(error);
            for key in unexpected {
                unknown_key(path, key, &known, source, problems);
            }
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let help = example(&parent_schema(error)["properties"][key])
                .map_or_else(|| format!("add `{key}:`"), |example| format!("add `{key}: {example}`"));
            push("missing-key", source.key_position(path), format!("{name} has no `{key}`"), help);
        }
        Kind::Type { kind } => {
            let wanted = wanted(kind);
            let help = match (written, wanted.as_str()) {
                (Value::Number(_) | Value::Bool(_), "text") if is_private(path) => "put quotes around it".to_owned(),
                (Value::Number(_) | Value::Bool(_), "text") => format!("put quotes around it: \"{written}\""),
                (Value::Null, _) => "fill it in, or remove the key to have its default".to_owned(),
                _ => example(parent_schema(error)).map_or_else(
                    || format!("write {wanted}"),
                    |example| format!("write {wanted}, for example `{example}`"),
                ),
            };
            let is = if is_variable(written) { "not what its place needs" } else { described(written) };
            push("wrong-type", at, format!("{name} is {is}, must be {wanted}"), help);
        }
        Kind::Enum { options } => {
            let options: Vec<String> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter(|option| !option.is_null())
                .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
                .collect();
            let meant = written.as_str().and_then(|text| did_you_mean(text, options.iter().map(String::as_str)));
            let help = meant.map_or_else(
                || format!("write {}", alternatives(&options)),
                |meant| format!("did you mean `{meant}`?"),
            );
            push("not-allowed", at, format!("{name} is {shown}, must be {}", alternatives(&options)), help);
        }
        Kind::Pattern { .. } => {
            let help = example(parent_schema(error)).map_or_else(
                || "see `treebeard-cdn schema`".to_owned(),
                |example| format!("write it like `{example}`"),
            );
            push("wrong-format", at, format!("{name} is {shown}, which is not in the right form"), help);
        }
        Kind::Minimum { limit } => {
            push(
                "out-of-range",
                at,
                format!("{name} is {shown}, must be at least {limit}"),
                format!("write {limit} or more"),
            );
        }
        Kind::Maximum { limit } => {
            push(
                "out-of-range",
                at,
                format!("{name} is {shown}, must be at most {limit}"),
                format!("write {limit} or less"),
            );
        }
        Kind::MinProperties { .. } => {
            push("missing-key", at, format!("{name} is empty"), "add one: `local: { target: local }`".to_owned());
        }
        other => {
            let message = format!("{name} is not right: {}", other.keyword());
            push("wrong-value", at, message, "see `treebeard-cdn schema`".to_owned());
        }
    }
}

fn is_variable(written: &Value) -> bool {
    written.as_str().is_some_and(variables::has_variable)
}

/// The schema that the failed keyword belongs to.
fn parent_schema<'a>(error: &ValidationError<'_>) -> &'a Value {
    let pointer = error.schema_path().as_str();
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    // Errors come from either document; the pointers of one lead nowhere in the other only
    // where the top level and an environment differ.
    FILE.document.pointer(parent).or_else(|| ENVIRONMENT.document.pointer(parent)).unwrap_or(&Value::Null)
}

fn parent_properties(error: &ValidationError<'_>) -> Vec<&'static str> {
    let properties = parent_schema(error)["properties"].as_object();
    properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// A value that the schema gives as an example, or as the default.
fn example(schema: &Value) -> Option<String> {
    let example = schema.get("examples").and_then(|examples| examples.get(0)).or_else(|| schema.get("default"))?;
    Some(example.as_str().map_or_else(|| example.to_string(), str::to_owned)).filter(|text| text != "null")
}

fn wanted(kind: &TypeKind) -> String {
    use jsonschema::JsonType as T;
    let types: Vec<_> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(many) => many.iter().collect(),
    };
    let words: Vec<String> = types
        .into_iter()
        .filter(|one| *one != T::Null)
        .map(|one| {
            match one {
                T::Boolean => "true or false",
                T::Integer => "a whole number",
                T::Number => "a number",
                T::String => "text",
                T::Array => "a list",
                T::Object => "a mapping",
                T::Null => "empty",
            }
            .to_owned()
        })
        .collect();
    alternatives(&words)
}

/// A key that the mapping at `parent` does not have.
fn unknown_key(parent: &KeyPath, key: &str, known: &[&str], source: &Source, problems: &mut Vec<Problem>) {
    let path = parent.key(key);
    let at = source.key_position(&path);
    if cloudfront::explain(&path, source, problems) {
        return;
    }
    let place = settings_path(&path);
    if RESERVED.contains(&place.to_string().as_str()) {
        let message = format!("`{place}` is reserved for a later version");
        problems.push(Problem::error("reserved-key", &path, at, message, "remove it: this version does not read it"));
        return;
    }
    let help = if key == "<<" {
        "merge keys are not read: settings at the top level hold for every environment".to_owned()
    } else if let Some(meant) = did_you_mean(key, known.iter().copied()) {
        format!("did you mean `{meant}`?")
    } else if let Some(home) = home_of(key) {
        format!("`{key}` belongs under `{home}`")
    } else {
        format!("known here: {}", known.join(", "))
    };
    problems.push(Problem::error("unknown-key", &path, at, format!("unknown key `{path}`"), help));
}

/// `path` without the environment that it stands under.
fn settings_path(path: &KeyPath) -> KeyPath {
    path.setting().iter().fold(KeyPath::root(), |path, step| match step {
        Segment::Key(key) => path.key(key),
        Segment::Item(index) => path.item(*index),
    })
}

/// Where a key that stands in the wrong place belongs: the shortest of the paths that have one.
fn home_of(key: &str) -> Option<String> {
    fn find(schema: &Value, key: &str, path: &str, homes: &mut Vec<String>) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            if name == key && !path.is_empty() {
                homes.push(path.to_owned());
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            find(&inner["items"], key, &format!("{path}[]"), homes);
            find(&inner["additionalProperties"], key, &format!("{path}.<name>"), homes);
            find(inner, key, &path, homes);
        }
    }
    let mut homes = Vec::new();
    find(&FILE.document, key, "", &mut homes);
    // What says where an environment is, is missed at the top level most of all.
    homes.into_iter().min_by_key(|home| (!home.ends_with(".<name>"), home.len()))
}
