//! What builds leave for later builds: compressed variants and rewritten files, by content.
//!
//! ```text
//! objects/ab/<sha256>   bytes, named by their digest, which is checked on every use
//! variants-1            a line a finding: source digest, encoding, and the variant's digest or `-` where none pays
//! ```
//!
//! Several processes may use a cache at once: objects appear by rename, and findings are appended whole.
//! Whatever is lost or damaged is made again.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use walkdir::WalkDir;

use super::inspect::BLOCK;
use crate::{
    error::{IoContext, Result},
    model::{asset::Source, digest::Digest, encoding::Encoding},
};

/// The findings' file. A new number starts afresh: for when encoders or their parameters change.
const FINDINGS: &str = "variants-1";
/// How long an object stays after its last use.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Findings longer than this, in bytes, are gone through: a line has some 140.
const LONG: u64 = 8 << 20;
/// How often uses are noted and old objects looked for.
const DAY: Duration = Duration::from_hours(24);

/// What is known of a file in an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Its variant is the object with this digest.
    Smaller(Digest),
    /// No variant is smaller than the file itself.
    NotSmaller,
}

/// A folder of objects and findings.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    findings: HashMap<(Digest, Encoding), Finding>,
    log: Mutex<File>,
}

impl Cache {
    /// Opens the cache in `folder`, which is created when missing.
    pub fn open(folder: &Path) -> Result<Self> {
        let objects = folder.join("objects");
        fs::create_dir_all(&objects).doing("create", &objects)?;
        let path = folder.join(FINDINGS);
        let log = OpenOptions::new().create(true).append(true).open(&path).doing("open", &path)?;
        let text = fs::read(&path).doing("read", &path)?;
        let lines = text.split(|byte| *byte == b'\n');
        let findings = lines.filter_map(|line| parse(std::str::from_utf8(line).ok()?)).collect();
        Ok(Self { folder: folder.to_owned(), findings, log: Mutex::new(log) })
    }

    /// What earlier builds found out about a file.
    pub fn finding(&self, source: Digest, encoding: Encoding) -> Option<Finding> {
        self.findings.get(&(source, encoding)).copied()
    }

    /// Tells later builds.
    pub fn record(&self, source: Digest, encoding: Encoding, finding: Finding) -> Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.write_all(line(source, encoding, finding).as_bytes()).doing("write", &self.folder.join(FINDINGS))
    }

    /// The object with this digest, if it is there and whole. A damaged one is removed.
    pub fn object(&self, sha256: Digest) -> Result<Option<Source>> {
        let path = self.path(sha256);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause).doing("read", &path),
        };
        let (mut actual, mut size, mut block) = (Sha256::new(), 0, vec![0; BLOCK]);
        loop {
            match file.read(&mut block).doing("read", &path)? {
                0 => break,
                length => {
                    actual.update(&block[..length]);
                    size += length as u64;
                }
            }
        }
        if Digest::from(<[u8; 32]>::from(actual.finalize())) != sha256 {
            fs::remove_file(&path).doing("remove", &path)?;
            return Ok(None);
        }
        note_use(&file);
        Ok(Some(Source { file: path, sha256, size }))
    }

    /// A file to write an object to, for [`Cache::keep`].
    pub fn draft(&self) -> Result<NamedTempFile> {
        let objects = self.folder.join("objects");
        NamedTempFile::new_in(&objects).doing("create a file in", &objects)
    }

    /// Makes a draft the object with the digest of its bytes.
    pub fn keep(&self, draft: NamedTempFile, sha256: Digest, size: u64) -> Result<Source> {
        let path = self.path(sha256);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).doing("create", parent)?;
        }
        draft.persist(&path).map_err(|failure| failure.error).doing("write", &path)?;
        Ok(Source { file: path, sha256, size })
    }

    /// Makes `bytes` an object.
    pub fn put(&self, bytes: &[u8]) -> Result<Source> {
        let sha256 = Digest::of(bytes);
        if let Some(known) = self.object(sha256)? {
            return Ok(known);
        }
        let mut draft = self.draft()?;
        draft.write_all(bytes).doing("write", draft.path())?;
        self.keep(draft, sha256, bytes.len() as u64)
    }

    fn path(&self, sha256: Digest) -> PathBuf {
        let name = sha256.to_string();
        self.folder.join("objects").join(&name[..2]).join(name)
    }

    /// Removes what no build has used for 30 days; looks at most once a day.
    pub fn trim(&self) -> Result<()> {
        let marker = self.folder.join("trimmed");
        if fs::metadata(&marker).is_ok_and(|metadata| age(&metadata) < DAY) {
            return Ok(());
        }
        fs::write(&marker, "").doing("write", &marker)?;
        for entry in WalkDir::new(self.folder.join("objects")).into_iter().filter_map(Result::ok) {
            let is_old = |metadata: fs::Metadata| metadata.is_file() && age(&metadata) > KEPT;
            if entry.metadata().is_ok_and(is_old) {
                // Another process may have been faster.
                let _ = fs::remove_file(entry.path());
            }
        }
        let findings = self.folder.join(FINDINGS);
        if fs::metadata(&findings).is_ok_and(|metadata| metadata.len() > LONG) {
            self.shorten(&findings)
        } else {
            Ok(())
        }
    }

    /// Rewrites the findings without those whose object is gone. What another process appends meanwhile is lost.
    fn shorten(&self, findings: &Path) -> Result<()> {
        let mut draft = self.draft()?;
        for ((source, encoding), finding) in &self.findings {
            if let Finding::Smaller(variant) = finding
                && self.path(*variant).exists()
            {
                draft.write_all(line(*source, *encoding, *finding).as_bytes()).doing("write", draft.path())?;
            }
        }
        draft.persist(findings).map_err(|failure| failure.error).doing("write", findings)?;
        Ok(())
    }
}

fn line(source: Digest, encoding: Encoding, finding: Finding) -> String {
    match finding {
        Finding::Smaller(variant) => format!("{source} {encoding} {variant}\n"),
        Finding::NotSmaller => format!("{source} {encoding} -\n"),
    }
}

fn parse(line: &str) -> Option<((Digest, Encoding), Finding)> {
    let mut words = line.split(' ');
    let source = words.next()?.parse().ok()?;
    let encoding =
        [Encoding::Br, Encoding::Gzip].into_iter().find(|encoding| Some(encoding.token()) == words.clone().next())?;
    let finding = match words.nth(1)? {
        "-" => Finding::NotSmaller,
        digest => Finding::Smaller(digest.parse().ok()?),
    };
    Some(((source, encoding), finding))
}

fn age(metadata: &fs::Metadata) -> Duration {
    metadata.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok()).unwrap_or_default()
}

/// An object's modification time says when it was last used, give or take a day.
fn note_use(file: &File) {
    if file.metadata().is_ok_and(|metadata| age(&metadata) > DAY) {
        // Without it the object is only removed, and made again, sooner.
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns back the clocks of a file.
    fn age_by(path: &Path, days: u64) {
        let then = SystemTime::now() - Duration::from_hours(24 * days);
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn findings_and_objects_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let source = Digest::of(b"source");
        let cache = Cache::open(folder.path()).unwrap();
        let variant = cache.put(b"variant").unwrap();
        cache.record(source, Encoding::Br, Finding::Smaller(variant.sha256)).unwrap();
        cache.record(source, Encoding::Gzip, Finding::NotSmaller).unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        assert_eq!(cache.finding(source, Encoding::Br), Some(Finding::Smaller(variant.sha256)));
        assert_eq!(cache.finding(source, Encoding::Gzip), Some(Finding::NotSmaller));
        assert_eq!(cache.finding(variant.sha256, Encoding::Br), None);
        assert_eq!(cache.object(variant.sha256).unwrap(), Some(variant));
    }

    #[test]
    fn what_nobody_uses_is_removed_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let [old, used, new] = ["old", "used", "new"].map(|text| cache.put(text.as_bytes()).unwrap());
        age_by(&old.file, 31);
        age_by(&used.file, 31);
        assert!(cache.object(used.sha256).unwrap().is_some(), "a use makes it young");
        cache.trim().unwrap();
        assert_eq!([&old, &used, &new].map(|object| object.file.exists()), [false, true, true]);
        age_by(&new.file, 31);
        cache.trim().unwrap();
        assert!(new.file.exists(), "one look a day is enough");
        age_by(&folder.path().join("trimmed"), 2);
        cache.trim().unwrap();
        assert!(!new.file.exists());
    }

    #[test]
    fn long_findings_are_shortened_to_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let (source, variant) = (Digest::of(b"source"), cache.put(b"variant").unwrap());
        cache.record(source, Encoding::Br, Finding::Smaller(variant.sha256)).unwrap();
        cache.record(source, Encoding::Gzip, Finding::Smaller(source)).unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.shorten(&folder.path().join(FINDINGS)).unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        assert_eq!(cache.finding(source, Encoding::Br), Some(Finding::Smaller(variant.sha256)));
        assert_eq!(cache.finding(source, Encoding::Gzip), None);
    }
}
