//! The JSON Schema of cdn-config.yml (draft 2020-12): for editors, and for our own checks.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

use super::file;

/// A schema with the validator that it compiles to.
pub(super) struct Compiled {
    /// The schema.
    pub document: Value,
    /// Checks values against it.
    pub validator: Validator,
}

/// The whole file.
pub(super) static FILE: LazyLock<Compiled> = LazyLock::new(compile::<file::File>);

/// One environment merged with the top level.
pub(super) static ENVIRONMENT: LazyLock<Compiled> = LazyLock::new(compile::<file::Environment>);

/// The JSON Schema of cdn-config.yml.
#[must_use]
pub fn document() -> &'static Value {
    &FILE.document
}

/// Whether `key` may stand at the top level and under an environment.
pub(super) fn is_setting(key: &str) -> bool {
    let has = |schema: &Compiled| schema.document["properties"].get(key).is_some();
    has(&FILE) && has(&ENVIRONMENT)
}

fn compile<T: JsonSchema>() -> Compiled {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        // References would make `Option<T>` an anyOf, whose errors nobody can read.
        settings.inline_subschemas = true;
    });
    let settings = settings.with_transform(RecursiveTransform(enumerate_constants));
    let mut document = settings.into_generator().into_root_schema_for::<T>().to_value();
    document["$id"] = json!("urn:treebeard-cdn:cdn-config:1");
    document["title"] = json!("cdn-config.yml, version 1");
    let validator = jsonschema::draft202012::new(&document).expect("the schema of our own types compiles");
    Compiled { document, validator }
}

/// Described variants come as `oneOf` constants; an `enum` says the same and fails in one word.
fn enumerate_constants(schema: &mut Schema) {
    let constants = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .and_then(|variants| variants.iter().map(|variant| variant.get("const").cloned()).collect::<Option<Vec<_>>>());
    if let Some(constants) = constants {
        schema.remove("oneOf");
        schema.insert("type".into(), json!("string"));
        schema.insert("enum".into(), constants.into());
    }
}
