//! The API's build output → [`Package`]: a zip as Lambda takes it, the same bytes for the same program.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-build>

mod program;

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write as _},
    path::Path,
};

use tempfile::NamedTempFile;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::{
    config::{Config, Lambda},
    error::{Class, Error, IoContext as _, Result},
    model::digest::{Digest, Hasher},
    site::{
        Listener,
        shell::{self, Shell},
    },
};

/// What the runtime `provided.al2023` starts.
const ENTRY: &str = "bootstrap";

/// Who may do what with it, once it is unpacked: everybody may run it.
const MODE: u32 = 0o755;

/// How hard deflate tries: hardly larger than the best, in half the time.
const LEVEL: i64 = 6;

/// A zip, in a file that lives as long as this does.
#[derive(Debug)]
pub struct Package {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Their number.
    pub size: u64,
    file: NamedTempFile,
}

impl Package {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

/// Builds the API's program, unless `run_command` says that it is there, and packs it.
///
/// # Errors
/// [`Class::Build`] when the command fails, or leaves no program that Lambda could run.
pub async fn build(config: &Config, lambda: &Lambda, run_command: bool, listener: &Listener) -> Result<Package> {
    if let Some(command) = lambda.build.as_deref().filter(|_| run_command) {
        let shell = Shell { command, folder: &config.root, env: &[] };
        let help = "run it in the configuration's folder to see it fail";
        shell::run(&shell, listener).await?.success().map_err(|ended| ended.failure("api-build-failed", help))?;
    }
    let (program, architecture) = (lambda.binary.clone(), lambda.architecture);
    let work = tokio::task::spawn_blocking(move || {
        program::check(&program, architecture)?;
        pack(&program)
    });
    match work.await {
        Ok(package) => package,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

fn pack(program: &Path) -> Result<Package> {
    let file = NamedTempFile::with_prefix("treebeard-api-").doing("create a file in", &std::env::temp_dir())?;
    let source = File::open(program).doing("read", program)?;
    write(source, file.as_file()).map_err(|cause| not_packed(program, &cause))?;
    let mut written = file.reopen().doing("read", file.path())?;
    let mut hasher = Hasher::default();
    let size = io::copy(&mut written, &mut hasher).doing("read", file.path())?;
    Ok(Package { digest: hasher.digest(), size, file })
}

/// One entry, without a trace of where and when it was made.
fn write(program: File, zip: &File) -> io::Result<()> {
    let mut zip = ZipWriter::new(BufWriter::new(zip));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(MODE);
    zip.start_file(ENTRY, options)?;
    io::copy(&mut BufReader::new(program), &mut zip)?;
    zip.finish()?.flush()
}

fn not_packed(program: &Path, cause: &io::Error) -> Error {
    let message = format!("failed to pack {}: {cause}", program.display());
    Error::new(Class::Unexpected, "io", message).help("see that the disk has room, then run the command again")
}

/// The error of a program that is not there, or not what Lambda runs.
fn unfit(program: &Path, why: &str, help: impl Into<String>) -> Error {
    Error::new(Class::Build, "api-program", format!("{} {why}", program.display())).help(help)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_same_program_is_the_same_zip_and_comes_out_as_it_went_in() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        let bytes = b"#!/bin/sh\nexit 0\n".repeat(1_000);
        std::fs::write(&program, &bytes).unwrap();
        let first = pack(&program).unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_hours(100);
        File::options().write(true).open(&program).unwrap().set_modified(later).unwrap();
        let second = pack(&program).unwrap();
        assert_eq!((first.digest, first.size), (second.digest, second.size));
        assert_eq!(first.digest, Digest::of(&std::fs::read(second.path()).unwrap()));

        let mut zip = zip::ZipArchive::new(File::open(first.path()).unwrap()).unwrap();
        assert_eq!(zip.len(), 1);
        let mut entry = zip.by_name(ENTRY).unwrap();
        assert_eq!(entry.unix_mode().unwrap() & 0o777, MODE);
        let mut unpacked = Vec::new();
        entry.read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, bytes);
        assert!(first.size < bytes.len() as u64 / 10);
    }

    #[test]
    fn another_program_is_another_zip() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "two"].map(|text| {
            let program = folder.path().join(text);
            std::fs::write(&program, text).unwrap();
            pack(&program).unwrap().digest
        });
        assert_ne!(one, other);
    }
}
