//! Secrets that a build leaked into its output: private keys, AWS credentials, environment files.
//!
//! Certainty over coverage: what is reported is a secret, so that a report can stop a deploy.

use std::{collections::BTreeSet, fmt, sync::LazyLock};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use memchr::memmem::Finder;

use super::{file::File, words};
use crate::error::{Class, Error, Result};

/// Longest secret that is looked for: an encrypted RSA key of 16,384 bits has 13 kB of base64.
const LOOK_AHEAD: usize = 16 * 1024;
/// How far an access key's secret may be from its id, in bytes.
const NEARBY: usize = 200;
/// The smallest window that lets a search get on: most of it must not be context.
pub const SMALLEST_WINDOW: usize = 4 * (LOOK_AHEAD + NEARBY);

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A kind of secret. What it says is never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// A PEM block (RFC 7468) with a private key whose body decodes.
    PrivateKey,
    /// An AWS access key id with a secret access key nearby.
    AwsAccessKey,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateKey => "a private key",
            Self::AwsAccessKey => "an AWS access key with its secret",
        })
    }
}

/// Fails when a file holds a secret, or is one, and no glob of `allow` matches its viewer path.
pub fn refuse(leaked: &[String], inspected: &[(File, Vec<Secret>)], allow: &[String]) -> Result<()> {
    let allowed = globs(allow)?;
    let environment = leaked.iter().map(|path| (path.as_str(), "is an environment file".to_owned()));
    let inside = inspected
        .iter()
        .flat_map(|(file, secrets)| secrets.iter().map(|secret| (file.path.as_str(), format!("contains {secret}"))));
    let lines: Vec<_> = environment
        .chain(inside)
        .filter(|(path, _)| !allowed.is_match(path))
        .map(|(path, what)| format!("{path} {what}"))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let message = format!("the site would publish secrets:{}", words::lines(&lines));
    Err(Error::new(Class::Brake, "secret-found", message)
        .help("remove them from the build and replace them, since they may have leaked; list a false alarm under secrets.allow")
        .details(serde_json::json!(lines)))
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    let built = patterns
        .iter()
        .try_for_each(|pattern| {
            set.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
            Ok(())
        })
        .and_then(|()| set.build());
    built.map_err(|cause: globset::Error| {
        Error::new(Class::Config, "glob", format!("failed to read secrets.allow: {cause}"))
    })
}

/// Looks for secrets in a file that passes by in windows, whose borders may lie anywhere.
#[derive(Default)]
pub struct Scanner {
    /// Bytes at the start of the next window that were searched before, and serve as context.
    searched: usize,
    found: BTreeSet<Secret>,
}

impl Scanner {
    /// Searches a window; `is_last` says that the file ends with it. Gives the number of bytes at the window's end that
    /// the next one must begin with.
    pub fn search(&mut self, window: &[u8], is_last: bool) -> usize {
        let end = if is_last { window.len() } else { window.len().saturating_sub(LOOK_AHEAD).max(self.searched) };
        self.search_between(window, self.searched, end);
        let context = end.saturating_sub(NEARBY);
        self.searched = end - context;
        window.len() - context
    }

    /// What was found, each kind once.
    pub fn finish(self) -> Vec<Secret> {
        self.found.into_iter().collect()
    }

    /// Finds the secrets that begin from `start` to before `end`.
    fn search_between(&mut self, window: &[u8], start: usize, end: usize) {
        static PEM: LazyLock<Finder> = LazyLock::new(|| Finder::new(b"-----BEGIN "));
        static ACCESS_KEYS: LazyLock<[Finder; 2]> = LazyLock::new(|| [Finder::new(b"AKIA"), Finder::new(b"ASIA")]);
        let begins = |finder: &Finder, secret: fn(&[u8], usize) -> bool| {
            // The needle itself may reach beyond `end`.
            let haystack = &window[start..window.len().min(end + finder.needle().len() - 1)];
            finder.find_iter(haystack).any(|at| secret(window, start + at))
        };
        if begins(&PEM, is_private_key) {
            self.found.insert(Secret::PrivateKey);
        }
        if ACCESS_KEYS.iter().any(|finder| begins(finder, is_access_key)) {
            self.found.insert(Secret::AwsAccessKey);
        }
    }
}

/// Whether `-----BEGIN` at `at` starts a private key.
fn is_private_key(window: &[u8], at: usize) -> bool {
    let Some(rest) = window[at..].strip_prefix(b"-----BEGIN ") else { return false };
    let label_end = rest.iter().take(64).position(|byte| *byte == b'-');
    let Some((label, rest)) = label_end.map(|end| rest.split_at(end)) else { return false };
    let Some(body) = rest.strip_prefix(b"-----").filter(|_| label.ends_with(b"PRIVATE KEY")) else { return false };
    let body = without_headers(&body[..body.len().min(LOOK_AHEAD)]);
    let mut text = Vec::new();
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next_if(|byte| *byte != b'-') {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => text.push(byte),
            // A line break as string literals of JavaScript and JSON write it, escaped once or more.
            b'\\' => while bytes.next_if(|next| *next == b'\\').is_some() {},
            byte if byte.is_ascii_whitespace() => {}
            _ => return false,
        }
        if byte == b'\\' && bytes.next_if(|next| matches!(next, b'n' | b'r' | b'\n' | b'\r')).is_none() {
            return false;
        }
    }
    bytes.next() == Some(b'-') && BASE64.decode(&text).is_ok_and(|key| key.len() >= 16)
}

/// Skips the headers of an encrypted key in the old format (RFC 1421): they end with an empty line.
fn without_headers(body: &[u8]) -> &[u8] {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    if !body[start..].starts_with(b"Proc-Type:") {
        return body;
    }
    let end = |blank: &[u8]| memchr::memmem::find(body, blank).map(|at| &body[at + blank.len()..]);
    end(b"\n\n").or_else(|| end(b"\r\n\r\n")).or_else(|| end(br"\n\n")).unwrap_or(body)
}

/// Whether an access key id starts at `at` and a secret access key is near it.
fn is_access_key(window: &[u8], at: usize) -> bool {
    let id_end = at + 20;
    let is_word = |at: usize| window.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let Some(id) = window.get(at..id_end) else { return false };
    let is_id = id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && !at.checked_sub(1).is_some_and(is_word)
        && !is_word(id_end);
    // AWS's documentation is full of ids that end so.
    if !is_id || id.ends_with(b"EXAMPLE") {
        return false;
    }
    let nearby = &window[at.saturating_sub(NEARBY)..window.len().min(id_end + NEARBY)];
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    nearby.split(|byte| !is_base64(byte)).any(is_secret_access_key)
}

/// 40 characters of base64 of random bytes: not a hexadecimal digest, nor an example of the documentation.
fn is_secret_access_key(word: &[u8]) -> bool {
    word.len() == 40
        && !word.ends_with(b"EXAMPLEKEY")
        && word.iter().any(u8::is_ascii_uppercase)
        && word.iter().any(u8::is_ascii_lowercase)
        && word.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const ID: &str = "AKIAQYLPMN5HFIQR7XYA";
    const SECRET_KEY: &str = "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";

    fn scan(mut text: &[u8], window: usize) -> Vec<Secret> {
        let mut scanner = Scanner::default();
        while text.len() > window {
            let next = window - scanner.search(&text[..window], false);
            text = &text[next..];
        }
        scanner.search(text, true);
        scanner.finish()
    }

    fn scan_text(text: &str) -> Vec<Secret> {
        scan(text.as_bytes(), SMALLEST_WINDOW)
    }

    #[test]
    fn private_keys_are_found_in_every_disguise() {
        let body = KEY.lines().nth(1).unwrap();
        for text in [
            KEY.to_owned(),
            KEY.replace('\n', "\r\n"),
            format!("const key = {KEY:?};"),
            format!("{:?}", format!("{KEY:?}")),
            KEY.replace('\n', " "),
            KEY.replace("PRIVATE", "RSA PRIVATE"),
            KEY.replace("PRIVATE", "OPENSSH PRIVATE"),
            format!(
                "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n{body}\n-----END EC PRIVATE KEY-----"
            ),
        ] {
            assert_eq!(scan_text(&text), [Secret::PrivateKey], "{text}");
        }
    }

    #[test]
    fn what_only_talks_of_keys_is_no_secret() {
        for text in [
            KEY.replace("PRIVATE", "PUBLIC"),
            KEY.replace("PRIVATE KEY", "CERTIFICATE"),
            "pem.includes('-----BEGIN PRIVATE KEY-----')".into(),
            "-----BEGIN PRIVATE KEY-----\\n\"+body+\"\\n-----END PRIVATE KEY-----".into(),
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg...\n-----END PRIVATE KEY-----".into(),
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----".into(),
            "-----BEGIN ".repeat(1000),
            "-----BEGIN PRIVATE KEY-----".repeat(1000),
        ] {
            assert_eq!(scan_text(&text), [], "{text}");
        }
    }

    #[test]
    fn access_keys_are_found_with_their_secret_only() {
        for text in [
            format!("AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET_KEY}\n"),
            format!("{{secretAccessKey:\"{SECRET_KEY}\",accessKeyId:\"{ID}\"}}"),
            format!("{}'{SECRET_KEY}'", ID.replace("AKIA", "ASIA")),
        ] {
            assert_eq!(scan_text(&text), [Secret::AwsAccessKey], "{text}");
        }
        for text in [
            format!("id = {ID}"),
            format!("{ID}{}{SECRET_KEY}", " ".repeat(NEARBY + 1)),
            format!("x{ID} {SECRET_KEY}"),
            format!("{ID}x {SECRET_KEY}"),
            format!("{ID} da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            format!("{ID} {SECRET_KEY}{SECRET_KEY}"),
            format!("AKIAIOSFODNN7EXAMPLE {SECRET_KEY}"),
            format!("{ID} wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ] {
            assert_eq!(scan_text(&text), [], "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Wherever a secret lies, and however its file is cut into windows, it is found.
        #[test]
        fn secrets_are_found_across_borders(
            before in 0_usize..200_000,
            after in 0_usize..200_000,
            window in SMALLEST_WINDOW..150_000,
        ) {
            for (secret, kind) in [
                (KEY.to_owned(), Secret::PrivateKey),
                (format!("{SECRET_KEY}{}{ID}", " ".repeat(NEARBY - 40)), Secret::AwsAccessKey),
            ] {
                let text = [vec![b' '; before], secret.into_bytes(), vec![b' '; after]].concat();
                prop_assert_eq!(scan(&text, window), [kind]);
            }
        }
    }
}
