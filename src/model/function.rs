//! The one CloudFront Function: routing, encoding negotiation, and the door to our own keys.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    distribution::{Cors, Methods},
    encoding::{COMPRESSIBLE_EXTENSIONS, Encoding},
};

/// CloudFront's limit on a function's source, in bytes.
pub const MAX_BYTES: usize = 10_240;

const TEMPLATE: &str = include_str!("../edge/function.js");
const PLACEHOLDER: &str = "var SETTINGS = {};";

/// What every version of the function says of itself.
const MARKER: &[u8] = b"// treebeard-cdn: the viewer-request function";

/// What the function is told of the site.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Whether a path whose last segment has no dot is a client-side route.
    pub spa: bool,
    /// Whether `/docs` redirects to `/docs/` (only without `spa`).
    pub clean_urls: bool,
    /// Configured encodings; the first wins among equals.
    pub encodings: Vec<Encoding>,
    /// What preflight requests of other sites are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<Preflight>,
}

/// What preflight requests are answered.
#[derive(Debug, Clone, Serialize)]
pub struct Preflight {
    /// Origins that may ask; one `*` in each.
    pub origins: Vec<String>,
    /// Value of `Access-Control-Allow-Methods`.
    pub methods: String,
    /// Value of `Access-Control-Allow-Headers`.
    pub headers: String,
    /// Whether cookies may come along.
    pub credentials: bool,
    /// Seconds that the answer holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
}

impl From<&Cors> for Preflight {
    fn from(cors: &Cors) -> Self {
        let list = |items: &BTreeSet<String>| items.iter().cloned().collect::<Vec<_>>().join(", ");
        Self {
            origins: cors.allow_origins.iter().cloned().collect(),
            methods: if cors.allow_methods.contains("ALL") {
                Methods::All.names().join(", ")
            } else {
                list(&cors.allow_methods)
            },
            headers: list(&cors.allow_headers),
            credentials: cors.credentials,
            max_age: cors.max_age,
        }
    }
}

/// The function's source with `settings` written into its first statement.
///
/// # Panics
/// Never: settings have a JSON form, and a test holds the placeholder in place.
#[must_use]
pub fn source(settings: &Settings) -> String {
    let mut value = serde_json::to_value(settings).expect("settings have a JSON form");
    // An object rather than an array: the function looks an extension up on every request.
    value["compressible"] = COMPRESSIBLE_EXTENSIONS
        .iter()
        .map(|extension| ((*extension).to_owned(), 1.into()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    TEMPLATE.replacen(PLACEHOLDER, &format!("var SETTINGS = {value};"), 1)
}

/// The encodings that a published source of ours was compiled for; none where that cannot be read from it.
#[must_use]
pub fn encodings(source: &[u8]) -> Vec<Encoding> {
    let settings = || {
        let first = source.split(|byte| *byte == b'\n').next()?;
        let value = first.strip_prefix(b"var SETTINGS = ")?.strip_suffix(b";")?;
        let value: serde_json::Value = serde_json::from_slice(value).ok()?;
        serde_json::from_value(value.get("encodings")?.clone()).ok()
    };
    settings().unwrap_or_default()
}

/// Whether this is the source of our function, whatever its version and settings.
#[must_use]
pub fn is_ours(source: &[u8]) -> bool {
    source.windows(MARKER.len()).any(|words| words == MARKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_its_placeholder_and_the_result_fits() {
        assert_eq!(TEMPLATE.matches(PLACEHOLDER).count(), 1);
        let encodings_of = vec![Encoding::Br, Encoding::Gzip];
        let source = source(&Settings { spa: true, clean_urls: false, encodings: encodings_of, cors: None });
        assert!(source.contains(r#""encodings":["br","gzip"]"#) && source.len() <= MAX_BYTES);
        assert_eq!(encodings(source.as_bytes()), [Encoding::Br, Encoding::Gzip]);
        assert_eq!(encodings(b"function handler(event) { return event.request; }"), []);
        assert!(is_ours(source.as_bytes()) && !is_ours(b"function handler(event) { return event.request; }"));
    }
}
