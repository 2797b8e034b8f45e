//! One environment's settings: the top level, overridden by the environment, with variables resolved.

use serde_json::{Map, Value};

use super::{
    path::KeyPath,
    private::{HIDDEN, is_private},
    problem::Problem,
    schema,
    source::Source,
    structure,
    variables::{self, Lookup, Unresolved},
};

/// An environment merged with the top level.
pub struct Effective<'a> {
    source: &'a Source,
    base: KeyPath,
    /// The settings of both.
    pub value: Value,
}

impl<'a> Effective<'a> {
    /// Merges the environment `name`.
    pub fn new(source: &'a Source, name: &str) -> Self {
        let base = KeyPath::from("environments").key(name);
        // What says where an environment is, says nothing at the top level.
        let top = source.value.as_object().into_iter().flatten().filter(|(key, _)| schema::is_setting(key));
        let mut value: Value = top.map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Some(overrides @ Value::Object(_)) = base.of(&source.value) {
            merge(&mut value, overrides);
        }
        Self { source, base, value }
    }

    /// Where the value at `path` was written: under the environment, else at the top level.
    pub fn origin(&self, path: &KeyPath) -> KeyPath {
        let own = path.under(&self.base);
        if self.source.has(&own) { own } else { path.clone() }
    }

    /// Where the environment stands in the document.
    pub fn base(&self) -> &KeyPath {
        &self.base
    }

    /// Whether the value at `path` was written with a variable.
    pub fn is_variable(&self, path: &KeyPath) -> bool {
        let written = self.origin(path);
        written.of(&self.source.value).and_then(Value::as_str).is_some_and(variables::has_variable)
    }

    /// Resolves the variables; each that cannot be is a problem, and stays as it was written.
    pub fn resolve_variables(&mut self, lookup: Lookup<'_>) -> Vec<Problem> {
        let mut unresolved = Vec::new();
        resolve(&mut self.value, &KeyPath::root(), lookup, &mut unresolved);
        self.retype();
        unresolved.iter().map(|(path, cause)| problem(cause, &self.origin(path), self.source)).collect()
    }

    /// A variable's value is text; where the schema wants a number or a boolean, it may be one.
    fn retype(&mut self) {
        for path in structure::wrong_types(&self.value) {
            if !self.is_variable(&path) {
                continue;
            }
            if let Some(value) = path.of_mut(&mut self.value)
                && let Some(scalar @ (Value::Bool(_) | Value::Number(_))) =
                    value.as_str().and_then(|text| serde_json::from_str(text).ok())
            {
                *value = scalar;
            }
        }
    }
}

/// The problem of a text at `path` whose variables cannot be resolved. It never tells a variable's value.
pub fn problem(cause: &Unresolved, path: &KeyPath, source: &Source) -> Problem {
    let at = source.value_position(path);
    match cause {
        Unresolved::Unset(name) => Problem::error(
            "variable-unset",
            path,
            at,
            format!("the environment variable {name} is not set"),
            format!("set it (`export {name}=…`), or give a default: `${{{name}:-…}}`"),
        ),
        Unresolved::Syntax(text) => Problem::error(
            "variable-syntax",
            path,
            at,
            format!("`{}` is no variable", if is_private(path) { HIDDEN } else { text }),
            "write `${NAME}` or `${NAME:-default}`; `$${` stands for a plain `${`",
        ),
    }
}

/// Overrides `base` with `over`: mappings key by key, everything else as a whole.
pub fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert_with(|| Value::Object(Map::new())), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn resolve(value: &mut Value, path: &KeyPath, lookup: Lookup<'_>, unresolved: &mut Vec<(KeyPath, Unresolved)>) {
    match value {
        Value::String(text) => match variables::resolve(text, lookup) {
            Ok(resolved) => *text = resolved.into_owned(),
            Err(cause) => unresolved.push((path.clone(), cause)),
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                resolve(item, &path.item(index), lookup, unresolved);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                resolve(value, &path.key(key), lookup, unresolved);
            }
        }
        _ => {}
    }
}
