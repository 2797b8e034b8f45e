//! Which operations an API offers, and which its pages need, by their OpenAPI documents.
//!
//! Paths and methods are compared, not what is sent and answered: a route that is there answers old and new pages, or
//! says what is wrong, and one that is not answers 404 to everybody.
//! <https://spec.openapis.org/oas/v3.1.1.html#path-item-object>

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use super::digest::Digest;

/// Fields of a path item that are operations.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// A document, as far as releases depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Digest of its bytes.
    pub digest: Digest,
    /// The version that it gives the API.
    pub version: Option<String>,
    /// What it offers.
    pub operations: Operations,
}

/// Operations of an API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations(BTreeMap<(String, String), Operation>);

/// One of them: `GET /plans/{plan_id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// With the path of the document's first server in front, parameters as they are named there.
    pub path: String,
}

#[derive(Deserialize)]
struct Wire {
    /// Of every version from 3 on; what has none is something else.
    #[serde(rename = "openapi")]
    _format: serde::de::IgnoredAny,
    #[serde(default)]
    info: Info,
    #[serde(default)]
    servers: Vec<Server>,
    #[serde(default)]
    paths: BTreeMap<String, serde_json::Value>,
}

#[derive(Default, Deserialize)]
struct Info {
    version: Option<String>,
}

#[derive(Deserialize)]
struct Server {
    url: String,
}

impl Document {
    /// Reads a document in JSON.
    ///
    /// # Errors
    /// When it is no OpenAPI document; in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let document: Wire = serde_json::from_slice(bytes).map_err(|cause| cause.to_string())?;
        let base = document.servers.first().map_or("", |server| base(&server.url));
        let mut operations = Operations::default();
        // Other names are extensions, which may be anything.
        for (path, item) in document.paths.iter().filter(|(path, _)| path.starts_with('/')) {
            let item = item.as_object().ok_or_else(|| format!("paths: {path} is no object"))?;
            for method in METHODS.iter().filter(|method| item.contains_key(**method)) {
                operations.add(method.to_uppercase(), format!("{base}{path}"));
            }
        }
        Ok(Self { digest: Digest::of(bytes), version: document.info.version, operations })
    }
}

/// The path of a server's URL, without a slash at its end.
fn base(url: &str) -> &str {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    path.trim_end_matches('/')
}

impl Operations {
    fn add(&mut self, method: String, path: String) {
        self.0.insert((method.clone(), template(&path)), Operation { method, path });
    }

    /// What is missing from these to serve pages that need `wanted`.
    #[must_use]
    pub fn lacking<'a>(&self, wanted: &'a Self) -> Vec<&'a Operation> {
        wanted.0.iter().filter(|(key, _)| !self.0.contains_key(key)).map(|(_, operation)| operation).collect()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A path whose parameters have lost their names: they are the server's own business.
fn template(path: &str) -> String {
    let mut template = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        inside = (inside || c == '{') && c != '}';
        if !inside || c == '{' {
            template.push(c);
        }
    }
    template
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(document: &Value) -> Document {
        Document::read(document.to_string().as_bytes()).unwrap()
    }

    fn named(operations: &[&Operation]) -> BTreeSet<String> {
        operations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_operation_is_its_method_and_its_path_behind_the_servers() {
        let document = read(&json!({
            "openapi": "3.1.0",
            "info": { "title": "x", "version": "1.2.3" },
            "servers": [{ "url": "https://api.example.com/v2/" }],
            "paths": { "/plans/{id}": { "get": {}, "summary": "x", "parameters": [] }, "/plans": { "post": {} } },
        }));
        assert_eq!(document.version.as_deref(), Some("1.2.3"));
        let none = Operations::default();
        assert_eq!(
            named(&none.lacking(&document.operations)),
            ["GET /v2/plans/{id}", "POST /v2/plans"].map(Into::into).into()
        );
        let elsewhere = read(
            &json!({ "openapi": "3.0.3", "paths": { "/v2/plans/{plan_id}": { "get": {} }, "/v2/plans": { "get": {} } } }),
        );
        assert_eq!(named(&elsewhere.operations.lacking(&document.operations)), ["POST /v2/plans".to_owned()].into());
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let paths = [r#"{"openapi": "3.1.0", "paths": []}"#, r#"{"openapi": "3.1.0", "paths": { "/plans": 1 }}"#];
        for bad in ["", "[]", "nothing", r#"{"swagger": "2.0"}"#].into_iter().chain(paths) {
            assert!(Document::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn extensions_are_no_paths() {
        let document = read(&json!({
            "openapi": "3.1.0",
            "paths": { "x-owner": "plans team", "x-list": [1], "x-like": { "get": {} }, "/plans": { "get": {}, "x-rate": 5 } },
        }));
        assert_eq!(named(&Operations::default().lacking(&document.operations)), ["GET /plans".to_owned()].into());
    }

    prop_compose! {
        fn operations()(some in prop::collection::btree_set(("[a-z]{1,3}(/\\{[a-z]{1,4}\\}(/[a-z]{1,3})?)?", 0..METHODS.len()), 0..12))
            -> Vec<(String, &'static str)> {
            // Two templates that differ in a parameter's name only are the same path.
            let mut known = BTreeSet::new();
            some.into_iter()
                .map(|(path, method)| (format!("/{path}"), METHODS[method]))
                .filter(|(path, method)| known.insert((template(path), *method)))
                .collect()
        }
    }

    fn document(operations: &[(String, &str)], rename: bool) -> Document {
        let mut paths = json!({});
        for (path, method) in operations {
            let path = if rename { path.replace('{', "{other_") } else { path.clone() };
            paths[path][method] = json!({ "responses": {} });
        }
        read(&json!({ "openapi": "3.1.0", "paths": paths }))
    }

    proptest! {
        #[test]
        fn nothing_lacks_from_an_api_that_has_more_or_names_parameters_differently(
            (some, more) in (operations(), operations()), rename in any::<bool>()
        ) {
            let wanted = document(&some, false);
            let offered = document(&[some, more].concat(), rename);
            prop_assert!(offered.operations.lacking(&wanted.operations).is_empty());
        }

        #[test]
        fn exactly_the_operation_that_was_removed_lacks((some, at) in operations().prop_flat_map(|some| {
            let len = some.len().max(1);
            (Just(some), 0..len)
        })) {
            prop_assume!(!some.is_empty());
            let wanted = document(&some, false);
            let mut fewer = some.clone();
            let (path, method) = fewer.remove(at);
            let lacking = named(&document(&fewer, false).operations.lacking(&wanted.operations));
            prop_assert_eq!(lacking, [format!("{} {path}", method.to_uppercase())].into());
        }
    }
}
