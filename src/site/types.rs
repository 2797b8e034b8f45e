//! Which `Content-Type` a file gets.

use super::inspect::Facts;
use crate::model::path::ViewerPath;

/// What is not known, and does not look like text.
const UNKNOWN: &str = "application/octet-stream";

/// Where the registry of media types and browsers agree on something other than the MIME database,
/// or where the database knows nothing.
fn corrected(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "js" | "mjs" | "cjs" => "text/javascript",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "json" | "map" => "application/json",
        "jsonld" => "application/ld+json",
        "geojson" => "application/geo+json",
        "avif" => "image/avif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "svg" => "image/svg+xml",
        // Without a charset, XML's own declaration counts (RFC 7303).
        "xml" => "application/xml",
        "atom" => "application/atom+xml",
        "rss" => "application/rss+xml",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "md" => "text/markdown",
        "yaml" | "yml" => "application/yaml",
        "gz" => "application/gzip",
        "zst" => "application/zstd",
        // Brotli has no media type; as a file it is bytes.
        "br" => UNKNOWN,
        _ => return None,
    })
}

/// Files without an extension whose readers expect JSON.
const JSON_NAMES: &[&str] =
    &["apple-app-site-association", "jwks", "oauth-authorization-server", "openid-configuration"];

/// The type of the file at `path`. Files of unknown name are text when they look like it, else bytes.
///
/// Text says `charset=utf-8` when its bytes are UTF-8. Others are left to declare their encoding themselves.
/// JSON has no such parameter: it is UTF-8 by definition (RFC 8259).
pub fn content_type(path: &ViewerPath, facts: &Facts) -> String {
    let extension = path.extension().unwrap_or_default();
    let guessed = || mime_guess::from_ext(&extension).first_raw();
    let known = if JSON_NAMES.contains(&path.file_name()) {
        Some("application/json")
    } else {
        corrected(&extension).or_else(guessed)
    };
    let media_type = known.unwrap_or(if facts.looks_like_text { "text/plain" } else { UNKNOWN });
    if media_type.starts_with("text/") && facts.is_utf8 {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{asset::Source, digest::Digest};

    fn type_of(path: &str, bytes: &[u8]) -> String {
        let facts = Facts {
            source: Source { file: path.into(), sha256: Digest::of(bytes), size: bytes.len() as u64 },
            is_utf8: std::str::from_utf8(bytes).is_ok(),
            looks_like_text: std::str::from_utf8(bytes).is_ok(),
            secrets: Vec::new(),
        };
        content_type(&ViewerPath::new(path).unwrap(), &facts)
    }

    #[test]
    fn types_that_browsers_insist_on() {
        for (path, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a.HTM", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.cjs", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.wasm", "application/wasm"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.json", "application/json"),
            ("a.js.map", "application/json"),
            ("a.xml", "application/xml"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.jpg", "image/jpeg"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("favicon.ico", "image/x-icon"),
            ("a.woff", "font/woff"),
            ("a.woff2", "font/woff2"),
            ("a.ttf", "font/ttf"),
            ("a.mp4", "video/mp4"),
            ("a.pdf", "application/pdf"),
            ("a.js.gz", "application/gzip"),
            ("a.js.br", "application/octet-stream"),
            (".well-known/apple-app-site-association", "application/json"),
        ] {
            assert_eq!(type_of(path, b"x"), expected, "{path}");
        }
    }

    #[test]
    fn unknown_names_are_judged_by_their_bytes() {
        assert_eq!(type_of("LICENSE", b"MIT"), "text/plain; charset=utf-8");
        assert_eq!(type_of("CNAME", b"example.com\n"), "text/plain; charset=utf-8");
        assert_eq!(type_of("blob", &[0xff, 0]), "application/octet-stream");
        assert_eq!(type_of("data.unheardof", &[0xff, 0]), "application/octet-stream");
    }

    #[test]
    fn a_charset_is_claimed_only_where_it_is_true() {
        assert_eq!(type_of("latin.html", b"caf\xe9"), "text/html");
    }
}
