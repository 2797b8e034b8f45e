//! The local CDN: invalidations are lines of a file, which a running edge follows.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::PathBuf,
    time::SystemTime,
};

use async_trait::async_trait;

use crate::{
    error::{Class, Error, IoContext, Result},
    model::ledger::rfc3339,
    remote::cdn::{Cdn, Delivery, Invalidation},
};

/// Invalidations of the local edge.
///
/// A file rather than a request: it works whether or not an edge runs, needs no port, and an edge that
/// looks at the file's length before each request never serves what was invalidated before the request came.
#[derive(Debug, Clone)]
pub struct LocalCdn {
    log: PathBuf,
}

impl LocalCdn {
    /// The CDN whose log is `log`.
    #[must_use]
    pub fn new(log: PathBuf) -> Self {
        Self { log }
    }

    /// The invalidations from byte `offset` of the log on, and the offset after them.
    pub fn since(&self, offset: u64) -> Result<(Vec<Invalidation>, u64)> {
        use std::io::{Seek, SeekFrom};
        let mut file = match File::open(&self.log) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            opened => opened.doing("open", &self.log)?,
        };
        let mut text = String::new();
        file.seek(SeekFrom::Start(offset)).doing("read", &self.log)?;
        file.read_to_string(&mut text).doing("read", &self.log)?;
        // A line without its end is still being written.
        let complete = text.rfind('\n').map_or(0, |end| end + 1);
        let parse = |line| {
            serde_json::from_str(line).map_err(|cause| {
                Error::new(Class::Conflict, "ledger-corrupt", format!("failed to read {}: {cause}", self.log.display()))
                    .help("delete the file and restart `treebeard-cdn serve`")
            })
        };
        let invalidations = text[..complete].lines().map(parse).collect::<Result<_>>()?;
        Ok((invalidations, offset + complete as u64))
    }

    /// The log's length in bytes; zero when nothing was ever invalidated.
    #[must_use]
    pub fn length(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |metadata| metadata.len())
    }
}

#[async_trait]
impl Cdn for LocalCdn {
    async fn invalidate(&self, paths: &[String], reference: &str) -> Result<Invalidation> {
        if let Some(folder) = self.log.parent() {
            fs::create_dir_all(folder).doing("create", folder)?;
        }
        let mut file = File::options().create(true).append(true).open(&self.log).doing("open", &self.log)?;
        file.lock().doing("lock", &self.log)?;
        let (earlier, end) = self.since(0)?;
        // What a killed process left of a line must not become the beginning of the next.
        file.set_len(end).doing("write", &self.log)?;
        if let Some(same) = earlier.iter().find(|it| it.reference == reference && it.paths == paths) {
            return Ok(same.clone());
        }
        let invalidation = Invalidation {
            id: format!("I{:013}", earlier.len() + 1),
            created_at: rfc3339(SystemTime::now()),
            reference: reference.to_owned(),
            paths: paths.to_vec(),
        };
        let mut line = serde_json::to_vec(&invalidation)
            .map_err(|cause| Error::new(Class::Unexpected, "json", cause.to_string()))?;
        line.push(b'\n');
        file.write_all(&line).doing("write", &self.log)?;
        Ok(invalidation)
    }

    async fn finished(&self, _id: &str) -> Result<bool> {
        Ok(true)
    }

    async fn delivery(&self) -> Result<Delivery> {
        Ok(Delivery { domain: None, negotiates: true, encodings: Vec::new(), adds_headers: true })
    }

    fn is_remote(&self) -> bool {
        false
    }

    async fn in_progress(&self) -> Result<Vec<Invalidation>> {
        // An edge reads the log before it answers: whatever is written is in force.
        Ok(Vec::new())
    }
}
