//! References in web app manifests: icons and screenshots.

use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::reference::{Reference, Resolver, locate};

/// The members that hold images; each value as it is written.
#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow, default)]
    icons: Vec<Image<'a>>,
    #[serde(borrow, default)]
    screenshots: Vec<Image<'a>>,
    #[serde(borrow, default)]
    shortcuts: Vec<Shortcut<'a>>,
}

#[derive(Deserialize)]
struct Shortcut<'a> {
    #[serde(borrow, default)]
    icons: Vec<Image<'a>>,
}

#[derive(Deserialize)]
struct Image<'a> {
    #[serde(borrow)]
    src: Option<&'a RawValue>,
}

/// The references in a manifest; none in what is not one.
pub fn references(json: &str, base: &Url, resolver: &Resolver) -> Vec<Reference> {
    let Ok(manifest) = serde_json::from_str::<Manifest>(json) else { return Vec::new() };
    let shortcuts = manifest.shortcuts.into_iter().flat_map(|shortcut| shortcut.icons);
    let images = manifest.icons.into_iter().chain(manifest.screenshots).chain(shortcuts);
    images
        .filter_map(|image| {
            let literal = image.src?.get();
            // The literal is a slice of the text, so that its address tells where it stands; a quote precedes its text.
            let start = literal.as_ptr().addr() - json.as_ptr().addr() + 1;
            let raw = literal.strip_prefix('"')?.strip_suffix('"')?;
            let decode = |raw: &str| serde_json::from_str::<String>(&format!("\"{raw}\"")).ok();
            let text = decode(raw)?;
            let (at, path) = resolver.resolve(base, &text)?;
            Some(Reference { at: start + locate(raw, &text, at, decode)?, path, pinned: false })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fingerprint::reference::tests::{address, resolver};

    #[test]
    fn images_are_found_wherever_manifests_have_them() {
        let json = r#"{ "name": "a.png", "start_url": "/index.html",
            "icons": [{ "src": "images/1.png", "sizes": "1x1" }, { "src": "images\/2.png" }, { "sizes": "any" }],
            "screenshots": [{ "src": "/images/3.png" }],
            "shortcuts": [{ "name": "x", "url": "/x", "icons": [{ "src": "images/4.png" }] }] }"#;
        let found = references(json, &address("site.webmanifest"), &resolver());
        let expected: Vec<_> = ["1", "2", "3", "4"]
            .map(|name| Reference {
                at: json.find(&format!("{name}.png")).unwrap() + 1,
                path: format!("images/{name}.png"),
                pinned: false,
            })
            .into();
        assert_eq!(found, expected);
    }

    #[test]
    fn other_json_has_no_references() {
        for json in ["[]", "{", "{\"icons\": 1}", "{\"icons\": [{\"src\": 1}]}"] {
            assert_eq!(references(json, &address("site.webmanifest"), &resolver()), [], "{json}");
        }
    }
}
