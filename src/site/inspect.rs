//! Everything that a build must know of a file's bytes, from reading them once.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::{
    parallel::Cancel,
    secrets::{SMALLEST_WINDOW, Scanner, Secret},
};
use crate::{
    error::{Class, Error, IoContext, Result},
    model::{asset::Source, digest::Digest},
};

/// How much is read at once where a file is only passed on, in bytes.
pub const BLOCK: usize = 64 * 1024;

/// How much of a file is looked at at once, in bytes: nearly all files whole, and yet no more than processors cache.
const WINDOW: usize = 256 * 1024;
const _: () = assert!(WINDOW >= SMALLEST_WINDOW);

/// What to do when files change under us.
const ALONE: &str = "wait until nothing else builds into the output folder, and run the command again";

/// What a file's bytes are.
#[derive(Debug)]
pub struct Facts {
    /// The file, with digest and size.
    pub source: Source,
    /// Whether all of it is UTF-8.
    pub is_utf8: bool,
    /// Whether its beginning looks like text to a person: no control characters but white space.
    pub looks_like_text: bool,
    /// What must not be published.
    pub secrets: Vec<Secret>,
}

/// What [`inspect`] reads files through, one after the other.
pub fn window() -> Vec<u8> {
    vec![0; WINDOW]
}

/// Reads a file through `window`: most fit, of others it shows one part after the other.
pub fn inspect(path: &Path, window: &mut [u8], cancel: &Cancel) -> Result<Facts> {
    let mut file = open(path)?;
    let (mut sha256, mut size) = (Sha256::new(), 0);
    let (mut utf8, mut secrets) = (Utf8::default(), Scanner::default());
    let mut looks_like_text = true;
    let mut kept = 0;
    loop {
        cancel.check()?;
        let length = fill(&mut file, &mut window[kept..]).doing("read", path)?;
        let (shown, is_last) = (kept + length, kept + length < window.len());
        let new = &window[kept..shown];
        if size == 0 {
            let beginning = &new[..length.min(1024)];
            // Counting is done many bytes at a time; a search would stop early and go one by one.
            let is_odd = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
            looks_like_text = beginning.iter().filter(is_odd).count() == 0;
        }
        sha256.update(new);
        utf8.feed(new);
        size += length as u64;
        kept = secrets.search(&window[..shown], is_last);
        if is_last {
            break;
        }
        window.copy_within(shown - kept..shown, 0);
    }
    let sha256 = Digest::from(<[u8; 32]>::from(sha256.finalize()));
    let source = Source { file: path.to_owned(), sha256, size };
    let is_utf8 = utf8.finish();
    Ok(Facts { source, is_utf8, looks_like_text: looks_like_text && is_utf8, secrets: secrets.finish() })
}

/// Reads until `buffer` is full or the file ends, and gives the number of bytes.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).or_else(|cause| {
        if cause.kind() == io::ErrorKind::NotFound {
            let message = format!("{} vanished while the site was read", path.display());
            return Err(Error::new(Class::Build, "file-vanished", message).help(ALONE));
        }
        Err(cause).doing("read", path)
    })
}

/// The bytes of a file that was inspected before.
pub fn read_unchanged(source: &Source) -> Result<Vec<u8>> {
    let bytes = std::fs::read(&source.file).doing("read", &source.file)?;
    if Digest::of(&bytes) == source.sha256 { Ok(bytes) } else { Err(changed(&source.file)) }
}

/// The failure of a file that is no longer what it was when it was inspected.
pub fn changed(file: &Path) -> Error {
    let message = format!("{} changed while the site was read", file.display());
    Error::new(Class::Build, "file-changed", message).help(ALONE)
}

/// Validates UTF-8 that arrives in blocks.
#[derive(Default)]
struct Utf8 {
    /// The beginning of a character whose end is in the next block.
    rest: Vec<u8>,
    invalid: bool,
}

impl Utf8 {
    fn feed(&mut self, mut bytes: &[u8]) {
        // A character is at most four bytes: complete the one that the last block cut.
        while !self.rest.is_empty() && !self.invalid {
            let Some((first, others)) = bytes.split_first() else { return };
            self.rest.push(*first);
            bytes = others;
            match std::str::from_utf8(&self.rest) {
                Ok(_) => self.rest.clear(),
                Err(error) => self.invalid = error.error_len().is_some(),
            }
        }
        if !self.invalid
            && let Err(error) = std::str::from_utf8(bytes)
        {
            self.invalid = error.error_len().is_some();
            self.rest = bytes[error.valid_up_to()..].to_vec();
        }
    }

    fn finish(self) -> bool {
        !self.invalid && self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn utf8_is_the_same_however_it_is_cut(
            text in prop_oneof![any::<String>().prop_map(String::into_bytes), any::<Vec<u8>>()],
            block in 1_usize..5,
        ) {
            let mut utf8 = Utf8::default();
            text.chunks(block).for_each(|chunk| utf8.feed(chunk));
            prop_assert_eq!(utf8.finish(), std::str::from_utf8(&text).is_ok());
        }
    }
}
