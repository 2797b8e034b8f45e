//! An object store with S3's semantics in a folder.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use async_trait::async_trait;
use tokio::io::AsyncReadExt as _;

use super::{
    DeployLock,
    object_file::{Description, read_description, write_description},
};
use crate::{
    error::{Class, Error, IoContext, Result},
    model::{
        digest::{Digest, Hasher},
        headers::Headers,
        path::StorageKey,
    },
    remote::{Body, ByteStream, Condition, Copy, ETag, Listed, ObjectInfo, ObjectStore, StoreError},
};

/// Objects lie at `<root>/<first two digits>/<sha256 of the key>`: any key fits any file system,
/// and `a` and `a/b` can both exist. A write appears by rename. Data survives the death of any process;
/// nothing is synced to disk, so a power cut may lose the last writes of this local environment.
#[derive(Debug, Clone)]
pub struct LocalStore {
    root: Arc<Path>,
    _lock: Option<Arc<DeployLock>>,
}

impl LocalStore {
    /// Opens the store in `root`, making the folder when it is missing.
    pub fn open(root: PathBuf) -> Result<Self> {
        fs::create_dir_all(&root).doing("create", &root)?;
        Ok(Self { root: root.into(), _lock: None })
    }

    /// Keeps `lock` as long as this store, or a write that it began, lives: an interrupted command lets go of
    /// what it does, but not of the writes that are under way.
    #[must_use]
    pub fn holding(self, lock: DeployLock) -> Self {
        Self { _lock: Some(Arc::new(lock)), ..self }
    }

    fn path(&self, key: &StorageKey) -> PathBuf {
        let name = Digest::of(key.as_str().as_bytes()).to_string();
        self.root.join(&name[..2]).join(name)
    }

    /// Holds off every other conditional write to keys of the same folder, in this and other processes.
    fn lock(folder: &Path) -> Result<File> {
        let path = folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).doing("open", &path)?;
        file.lock().doing("lock", &path)?;
        Ok(file)
    }

    fn open_object(&self, key: &StorageKey) -> Result<Option<(Description, File)>> {
        let path = self.path(key);
        let mut file = match File::open(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.doing("open", &path)?,
        };
        let description = read_description(&mut file).doing("read", &path)?;
        Ok(Some((description, file)))
    }

    fn write(
        &self,
        key: &StorageKey,
        source: Contents,
        headers: &Headers,
        condition: &Condition,
    ) -> Result<ETag, StoreError> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        fs::create_dir_all(&folder).doing("create", &folder)?;
        let etag = ETag(format!("\"{}\"", &source.sha256.to_string()[..32]));
        let modified = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let description = Description {
            key: key.clone(),
            size: source.size,
            etag: etag.clone(),
            sha256: source.sha256,
            headers: headers.clone(),
            modified_ms: u64::try_from(modified.as_millis()).unwrap_or(u64::MAX),
        };
        let mut temporary = tempfile::NamedTempFile::new_in(&folder).doing("create a file in", &folder)?;
        let mut writer = BufWriter::new(temporary.as_file_mut());
        write_description(&mut writer, &description).doing("write", &path)?;
        source.copy_checked(&mut writer, &path)?;
        writer.flush().doing("write", &path)?;
        drop(writer);

        let _lock = Self::lock(&folder)?;
        let found = if *condition == Condition::None { None } else { self.open_object(key)? };
        let holds = match condition {
            Condition::None => true,
            Condition::Absent => found.is_none(),
            Condition::Matches(expected) => found.is_some_and(|(found, _)| found.etag == *expected),
        };
        if !holds {
            return Err(StoreError::Precondition(key.clone()));
        }
        temporary.persist(&path).map_err(|failed| failed.error).doing("write", &path)?;
        Ok(etag)
    }
}

/// Bytes on their way into the store.
struct Contents {
    reader: Box<dyn Read + Send>,
    /// Where they come from, for messages.
    name: PathBuf,
    sha256: Digest,
    size: u64,
}

impl Contents {
    fn of(body: Body) -> Result<Self> {
        Ok(match body {
            Body::Bytes(bytes) => Self {
                sha256: Digest::of(&bytes),
                size: bytes.len() as u64,
                name: PathBuf::new(),
                reader: Box::new(io::Cursor::new(bytes)),
            },
            Body::File { path, sha256, size } => {
                let file = File::open(&path).map_err(|cause| {
                    Error::new(Class::Build, "file-vanished", format!("failed to read {}: {cause}", path.display()))
                        .help("the build output changed while it was published; nothing is live yet: run the deploy again")
                })?;
                Self { reader: Box::new(file), name: path, sha256, size }
            }
        })
    }

    /// Copies all bytes and fails when they are not those that were promised.
    fn copy_checked(mut self, to: &mut impl Write, target: &Path) -> Result<()> {
        let mut hasher = Hasher::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = self.reader.read(&mut buffer).doing("read", &self.name)?;
            if n == 0 {
                break;
            }
            hasher.write_all(&buffer[..n]).and_then(|()| to.write_all(&buffer[..n])).doing("write", target)?;
        }
        let found = hasher.digest();
        if found == self.sha256 {
            return Ok(());
        }
        let message = format!(
            "{} changed while it was published (was {}, is {})",
            self.name.display(),
            self.sha256.short(),
            found.short()
        );
        Err(Error::new(Class::Build, "file-changed", message)
            .help("wait until the build is finished, then run the deploy again"))
    }
}

/// Runs blocking file work where it does not hold up other requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| {
        StoreError::Failed(Error::new(Class::Unexpected, "task", format!("file work ended early: {cause}")))
    })?
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn head(&self, key: &StorageKey) -> Result<Option<ObjectInfo>, StoreError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || Ok(store.open_object(&key)?.map(|(description, _)| description.info()))).await
    }

    async fn get(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || {
            let Some((description, mut file)) = store.open_object(&key)? else { return Ok(None) };
            let info = description.info();
            let range = range.unwrap_or(0..info.size);
            let start = i64::try_from(range.start).unwrap_or(i64::MAX);
            file.seek(SeekFrom::Current(start)).doing("read", &store.path(&key))?;
            let stream: ByteStream = Box::pin(tokio::fs::File::from_std(file).take(range.end - range.start));
            Ok(Some((info, stream)))
        })
        .await
    }

    async fn put(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        let (store, key, headers) = (self.clone(), key.clone(), headers.clone());
        blocking(move || store.write(&key, Contents::of(body)?, &headers, &condition)).await
    }

    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError> {
        let Copy { from, source, to, headers, condition } = copy;
        let (store, from, to, headers) = (self.clone(), from.clone(), to.clone(), headers.clone());
        let source = source.cloned();
        blocking(move || {
            let Some((description, mut file)) = store.open_object(&from)? else {
                return Err(StoreError::Missing(from));
            };
            if source.is_some_and(|expected| expected != description.etag) {
                return Err(StoreError::Precondition(from));
            }
            let sha256 = digest_of_rest(&mut file).doing("read", &store.path(&from))?;
            let contents =
                Contents { reader: Box::new(file), name: PathBuf::from(from.as_str()), sha256, size: description.size };
            store.write(&to, contents, &headers, &condition)
        })
        .await
    }

    async fn delete(&self, key: &StorageKey, condition: Condition) -> Result<(), StoreError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || {
            let path = store.path(&key);
            let Some(folder) = path.parent().filter(|folder| folder.exists()) else { return Ok(()) };
            let _lock = Self::lock(folder)?;
            if let Condition::Matches(expected) = condition
                && store.open_object(&key)?.is_some_and(|(found, _)| found.etag != expected)
            {
                return Err(StoreError::Precondition(key));
            }
            match fs::remove_file(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => Ok(Err(cause).doing("delete", &path)?),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let (store, prefix) = (self.clone(), prefix.to_owned());
        blocking(move || {
            let mut listed = Vec::new();
            for entry in walkdir::WalkDir::new(&store.root).min_depth(2).max_depth(2) {
                let entry = entry.map_err(io::Error::from).doing("list", &store.root)?;
                let name = entry.file_name();
                // Anything but an object: the lock, or what a killed process was writing.
                if name.len() != 64 {
                    continue;
                }
                let Ok(mut file) = File::open(entry.path()) else { continue };
                let description = read_description(&mut file).doing("read", entry.path())?;
                if description.key.as_str().starts_with(&prefix) {
                    listed.push(Listed { key: description.key, size: description.size, etag: description.etag });
                }
            }
            Ok(listed)
        })
        .await
    }
}

/// The digest of what is left of a file, which is then back where it was.
fn digest_of_rest(file: &mut File) -> io::Result<Digest> {
    let start = file.stream_position()?;
    let mut hasher = Hasher::default();
    io::copy(file, &mut hasher)?;
    file.seek(SeekFrom::Start(start))?;
    Ok(hasher.digest())
}
