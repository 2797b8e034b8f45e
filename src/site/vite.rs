//! Vite's own word on which files carry a content hash: `.vite/manifest.json` in the output folder.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

use serde::Deserialize;

/// An entry of the manifest; its key is the source's path.
#[derive(Deserialize)]
struct Chunk {
    file: String,
    name: Option<String>,
    #[serde(default)]
    css: Vec<String>,
}

/// The paths of files that the manifest shows to carry a hash. Empty when there is no manifest that we understand:
/// it only ever adds to what names tell by themselves.
///
/// The manifest lists files whose configured names have no hash, too (`entryFileNames: "[name].js"`), so a listed
/// file counts only when its name is that of its source, a separator, and what looks like a hash.
pub fn hashed_files(output: &Path) -> HashSet<String> {
    let manifest = fs::read(output.join(".vite").join("manifest.json"));
    let chunks: BTreeMap<String, Chunk> =
        manifest.ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let mut hashed = HashSet::new();
    for (source, chunk) in chunks {
        let names = [chunk.name.as_deref().map(stem), Some(stem(&source))];
        let files = std::iter::once(chunk.file).chain(chunk.css);
        hashed.extend(files.filter(|file| names.iter().flatten().any(|name| is_hashed_form(stem(file), name))));
    }
    hashed
}

/// The last segment without its extension.
fn stem(path: &str) -> &str {
    let file_name = path.rsplit('/').next().unwrap_or(path);
    file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem)
}

/// Whether `stem` is `name`, a separator and a hash of 6 to 64 characters. A hash of that length without any digit or
/// capital is rarer than a word (`app-legacy`), and taking a word for a hash would freeze the file in browsers.
fn is_hashed_form(stem: &str, name: &str) -> bool {
    stem.strip_prefix(name).and_then(|rest| rest.strip_prefix(['.', '-'])).is_some_and(|hash| {
        (6..=64).contains(&hash.len())
            && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && hash.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_beyond_the_sources_name_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".vite")).unwrap();
        let manifest = r#"{
            "index.html": {"file": "assets/main.abc123.js", "name": "main", "isEntry": true, "css": ["assets/main.x1y2z3.css"]},
            "src/stable.ts": {"file": "assets/stable.js", "name": "stable"},
            "src/app.ts": {"file": "assets/app-legacy.js", "name": "app"},
            "src/logo.svg": {"file": "assets/logo-Dq8cUk.svg", "src": "src/logo.svg"}
        }"#;
        fs::write(folder.path().join(".vite/manifest.json"), manifest).unwrap();
        let expected = ["assets/main.abc123.js", "assets/main.x1y2z3.css", "assets/logo-Dq8cUk.svg"];
        assert_eq!(hashed_files(folder.path()), expected.map(str::to_owned).into());
    }

    #[test]
    fn a_manifest_of_another_form_is_no_manifest() {
        let folder = tempfile::tempdir().unwrap();
        assert!(hashed_files(folder.path()).is_empty());
        fs::create_dir(folder.path().join(".vite")).unwrap();
        fs::write(folder.path().join(".vite/manifest.json"), "[1]").unwrap();
        assert!(hashed_files(folder.path()).is_empty());
    }
}
