//! The output folder → the files to publish, or every reason why it cannot be published.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use unicode_normalization::UnicodeNormalization;
use walkdir::{DirEntry, WalkDir};

use super::{
    names::{Verdict, judge},
    notes, words,
};
use crate::{
    config::Config,
    error::{Class, Error, IoContext, Result},
    model::{
        encoding::{Encoding, is_compressible},
        path::{MAX_KEY_BYTES, PathError, StorageKey, ViewerPath},
    },
};

/// A file to publish.
#[derive(Debug)]
pub struct Found {
    /// Where viewers will find it.
    pub path: ViewerPath,
    /// Where it lies.
    pub file: PathBuf,
}

/// What the output folder holds.
#[derive(Debug)]
pub struct Scan {
    /// The files to publish, sorted by path.
    pub found: Vec<Found>,
    /// Environment files, which a build must not put there, by path in the folder.
    pub leaked: Vec<String>,
    /// What was left out or looks odd.
    pub notes: Vec<String>,
}

/// Reads the output folder. Follows symlinks that stay inside.
pub fn scan(config: &Config) -> Result<Scan> {
    let output = &config.site.output;
    let root = match fs::canonicalize(output) {
        Ok(root) if root.is_dir() => root,
        Ok(_) => return Err(missing(config, "is not a folder")),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(missing(config, "does not exist")),
        Err(cause) => return Err(cause).doing("read", output),
    };
    // Where the site is the project itself, these are ours or its tools', not the site's.
    let own = [&config.file, &config.root.join(".treebeard"), &config.site.root.join("node_modules")];
    let own = own.map(|path| fs::canonicalize(path).unwrap_or_default());
    let mut walk = Walk::new(&root, &own, &config.compression.encodings);
    walk.run()?;
    walk.refuse_twins();
    let Walk { found, leaked, skipped, renamed, problems, .. } = walk;
    if !problems.is_empty() {
        return Err(refusal(output, &problems));
    }
    if found.is_empty() && leaked.is_empty() {
        let message = format!("the output folder {} is empty", output.display());
        return Err(Error::new(Class::Build, "output-empty", message)
            .help("check that site.build writes to site.output, and that the site is not all hidden files"));
    }
    if leaked.is_empty() && !found.iter().any(|found| found.path.as_str() == "index.html") {
        let message = format!("the output folder {} has no index.html", output.display());
        return Err(Error::new(Class::Build, "no-index", message)
            .help("point site.output at the folder that holds the site's index.html"));
    }
    let notes = notes::notes(config, &found, &skipped, &renamed);
    Ok(Scan { found, leaked, notes })
}

fn missing(config: &Config, how: &str) -> Error {
    let message = format!("the output folder {} {how}", config.site.output.display());
    Error::new(Class::Build, "output-missing", message).help(match &config.site.build {
        Some(build) => format!("check that `{build}` writes to site.output, and run without --no-build"),
        None => "build the frontend first, or set site.build".into(),
    })
}

/// Why a file cannot be published.
struct Problem {
    path: String,
    rule: &'static str,
    reason: String,
}

fn refusal(output: &Path, problems: &[Problem]) -> Error {
    let lines: Vec<_> = problems.iter().map(|problem| format!("{} {}", problem.path, problem.reason)).collect();
    let message = format!("cannot publish all of {}:{}", output.display(), words::lines(&lines));
    let details = problems
        .iter()
        .map(|problem| serde_json::json!({ "rule": problem.rule, "path": problem.path, "reason": problem.reason }));
    Error::new(Class::Build, problems[0].rule, message)
        .help("rename, replace or remove these files where the build takes them from")
        .details(details.collect())
}

struct Walk<'a> {
    root: &'a Path,
    own: &'a [PathBuf],
    encodings: &'a [Encoding],
    found: Vec<Found>,
    leaked: Vec<String>,
    skipped: Vec<String>,
    renamed: Vec<String>,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Path, own: &'a [PathBuf], encodings: &'a [Encoding]) -> Self {
        let (found, problems) = (Vec::new(), Vec::new());
        Self { root, own, encodings, found, leaked: Vec::new(), skipped: Vec::new(), renamed: Vec::new(), problems }
    }

    fn run(&mut self) -> Result<()> {
        let mut entries = WalkDir::new(self.root).follow_links(true).min_depth(1).into_iter();
        while let Some(entry) = entries.next() {
            let descend = match entry {
                Ok(entry) => self.visit(&entry)?,
                Err(failure) => {
                    self.fail(&failure)?;
                    true
                }
            };
            if !descend {
                entries.skip_current_dir();
            }
        }
        // The order of folders is their file system's; what is said of a site is the same everywhere.
        for paths in [&mut self.leaked, &mut self.skipped, &mut self.renamed] {
            paths.sort();
        }
        self.problems.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    /// Takes one entry in, and says whether what it may contain is to be visited.
    fn visit(&mut self, entry: &DirEntry) -> Result<bool> {
        let is_dir = entry.file_type().is_dir();
        // A folder that is not entered must not be "skipped" twice: only folders have something to skip.
        let enter = |enter: bool| Ok(enter || !is_dir);
        // Both are absolute and normalized. Equality of paths would take them apart.
        if self.own.iter().any(|own| own.as_os_str() == entry.path().as_os_str()) {
            return enter(false);
        }
        let Some(path) = self.relative(entry.path()).map(str::to_owned) else {
            self.refuse(entry.path(), "unservable-name", "has a name that is not UTF-8");
            return enter(false);
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        match judge(name, entry.depth(), path.starts_with(".well-known/")) {
            Verdict::Leak => {
                self.leaked.push(path);
                return enter(false);
            }
            Verdict::Skip => {
                self.skipped.push(if is_dir { format!("{path}/") } else { path });
                return enter(false);
            }
            Verdict::Publish => {}
        }
        if entry.path_is_symlink() {
            let target = fs::canonicalize(entry.path()).doing("resolve", entry.path())?;
            if !target.starts_with(self.root) {
                let reason = format!("is a symlink that leaves the folder, to {}", target.display());
                self.refuse(entry.path(), "symlink-outside", &reason);
                return enter(false);
            }
        }
        if entry.file_type().is_file() {
            self.publish(&path, entry.path());
        } else if !is_dir {
            self.refuse(entry.path(), "not-a-file", "is neither a file nor a folder");
        }
        Ok(true)
    }

    fn publish(&mut self, on_disk: &str, file: &Path) {
        let normal = if on_disk.is_ascii() { on_disk.to_owned() } else { on_disk.nfc().collect() };
        if normal != on_disk {
            self.renamed.push(normal.clone());
        }
        match ViewerPath::new(normal).and_then(|path| self.fitting(path)) {
            Ok(path) => self.found.push(Found { path, file: file.to_owned() }),
            Err(reason) => self.refuse(file, "unservable-name", &reason.to_string()),
        }
    }

    /// A compressible file needs room for the longer keys of its variants, too.
    fn fitting(&self, path: ViewerPath) -> Result<ViewerPath, PathError> {
        let has_variants = path.extension().is_some_and(|extension| is_compressible(&extension));
        let too_long = |encoding: &Encoding| StorageKey::variant(*encoding, &path).as_str().len() > MAX_KEY_BYTES;
        if has_variants && self.encodings.iter().any(too_long) { Err(PathError::TooLong) } else { Ok(path) }
    }

    /// Two names on disk that are one to viewers.
    fn refuse_twins(&mut self) {
        self.found.sort_by(|a, b| a.path.cmp(&b.path));
        let found = std::mem::take(&mut self.found);
        for pair in found.windows(2).filter(|pair| pair[0].path == pair[1].path) {
            for twin in pair {
                self.refuse(&twin.file, "unservable-name", "shares its normalized name with another file");
            }
        }
        self.found = found;
    }

    /// What the walk itself cannot read: a symlink in a circle or to nowhere, or a real failure.
    fn fail(&mut self, failure: &walkdir::Error) -> Result<()> {
        let path = failure.path().unwrap_or(self.root).to_owned();
        if failure.loop_ancestor().is_some() {
            self.refuse(&path, "symlink-cycle", "is a symlink to a folder that it lies in");
            return Ok(());
        }
        match failure.io_error() {
            Some(cause) if cause.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                self.refuse(&path, "symlink-broken", "is a symlink to nowhere");
                Ok(())
            }
            cause => Err(io::Error::from(cause.map_or(io::ErrorKind::Other, io::Error::kind))).doing("read", &path),
        }
    }

    /// The path of something in the folder, from there, unless it is not UTF-8.
    fn relative<'p>(&self, path: &'p Path) -> Option<&'p str> {
        let inside = path.as_os_str().as_encoded_bytes().get(self.root.as_os_str().len()..)?;
        std::str::from_utf8(inside).ok().map(|inside| inside.trim_start_matches('/'))
    }

    /// Names are shown with escapes: what is wrong with them is often invisible.
    fn refuse(&mut self, path: &Path, rule: &'static str, reason: &str) {
        let path = format!("{:?}", path.strip_prefix(self.root).unwrap_or(path).to_string_lossy());
        self.problems.push(Problem { path, rule, reason: reason.to_owned() });
    }
}
