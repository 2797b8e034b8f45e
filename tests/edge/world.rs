//! A deployed site and an edge in front of it, on real sockets.

use std::{
    fs,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use treebeard_cdn::{
    apply::{self, Ports},
    config::{self, Config},
    edge::{Api, Edge, Listener},
    model::{
        asset::{Asset, Representation, Site, Source},
        digest::Digest,
        distribution::Distribution,
        encoding::{Encoding, is_compressible},
        headers::Headers,
        manifest::{Manifest, Role},
        path::ViewerPath,
    },
    plan::{self, Facts, distribution},
    remote::{
        local::{LocalCdn, LocalStore},
        process, state,
    },
};

use crate::support::http::{Reply, get, get_with};

pub const HTML: &str = "public, max-age=300, must-revalidate";
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
pub const REVALIDATE: &str = "public, max-age=0, must-revalidate";

pub struct World {
    pub config: Config,
    pub distribution: Distribution,
    pub store: Arc<LocalStore>,
    pub cdn: LocalCdn,
    pub manifest: Manifest,
    pub port: u16,
    pub runtime: Runtime,
    pub folder: TempDir,
    clock: AtomicU64,
}

/// What the configuration file says that is not about the site's routes.
const CONFIG: &str = "
version: 1
site: { root: ., output: dist, spa: true }
compression: { encodings: [br, gzip] }
api: { path: '/api/*' }
environments:
  local: { target: local }
";

impl World {
    /// A single-page app with these files, and no API.
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self::with(files, |_| {}, Api::absent("this test has no API"))
    }

    /// The same with a configuration of its own, and an API.
    pub fn with(files: &[(&str, &str)], adjust: impl FnOnce(&mut Config), api: Api) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cdn-config.yml"), CONFIG).unwrap();
        let mut config = config::load(&folder.path().join("cdn-config.yml"), "local").unwrap();
        adjust(&mut config);
        let runtime = Runtime::new().unwrap();
        let mut world = Self {
            distribution: distribution::compile(&config),
            store: Arc::new(LocalStore::open(config.store_dir()).unwrap()),
            cdn: LocalCdn::new(config.invalidation_log()),
            manifest: Manifest::default(),
            port: 0,
            config,
            runtime,
            folder,
            clock: AtomicU64::new(1_700_000_000_000),
        };
        if !files.is_empty() {
            world.deploy(files);
        }
        world.port = world.start_edge(api);
        world
    }

    /// Starts another edge of the same environment and gives its port.
    pub fn start_edge(&self, api: Api) -> u16 {
        let edge = Edge::new(self.distribution.clone(), self.store.clone(), self.cdn.clone(), api).unwrap();
        let listener = self.runtime.block_on(Listener::bind(0)).unwrap();
        let port = listener.port();
        self.runtime.spawn(listener.serve(Arc::new(edge)));
        port
    }

    /// Publishes these files as `deploy` does, its invalidation included.
    pub fn deploy(&mut self, files: &[(&str, &str)]) {
        let site = self.site(files);
        let facts = Facts {
            now: SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.fetch_add(1, Ordering::Relaxed)),
            commit: None,
            api: None,
            adopt: false,
            invalidation: Some(self.config.invalidation),
            negotiates: true,
            encodings: Vec::new(),
            saving: None,
            max_deletes: 256,
        };
        self.manifest = Manifest::of(&site);
        self.runtime.block_on(async {
            let loaded = state::load_pointer(self.store.as_ref()).await.unwrap();
            let state = state::load(self.store.as_ref(), loaded.pointer.clone()).await.unwrap();
            let plan = plan::plan(&site, plan::built(&site, true), &state, &facts).unwrap();
            let ports = Ports {
                store: self.store.clone(),
                cdn: Arc::new(self.cdn.clone()),
                listener: Arc::new(|_| {}),
                holder: process::this("deploy"),
                stop: CancellationToken::new(),
                wait: true,
            };
            apply::apply(&plan, None, &loaded, &ports).await.unwrap();
        });
    }

    fn site(&self, files: &[(&str, &str)]) -> Site {
        let mut assets: Vec<_> = files.iter().map(|(path, content)| self.asset(path, content.as_bytes())).collect();
        assets.sort_by(|a, b| a.path.cmp(&b.path));
        Site { assets, notes: Vec::new() }
    }

    fn asset(&self, path: &str, bytes: &[u8]) -> Asset {
        let path = ViewerPath::new(path).unwrap();
        let (role, cache_control) = match () {
            () if path.is_page() => (Role::Page, HTML),
            () if path.as_str().starts_with("assets/") => (Role::Immutable, IMMUTABLE),
            () => (Role::Mutable, REVALIDATE),
        };
        let stored = |bytes: Vec<u8>, content_encoding| {
            let sha256 = Digest::of(&bytes);
            let file = self.folder.path().join(sha256.to_string());
            fs::write(&file, &bytes).unwrap();
            let headers = Headers {
                content_type: mime_guess::from_path(path.as_str()).first_or_octet_stream().to_string(),
                cache_control: cache_control.into(),
                content_encoding,
            };
            Representation { source: Source { file, sha256, size: bytes.len() as u64 }, headers }
        };
        let encodings = match path.extension() {
            Some(extension) if is_compressible(&extension) => self.config.compression.encodings.clone(),
            _ => Vec::new(),
        };
        let variants =
            encodings.into_iter().map(|encoding| (encoding, stored(compress(encoding, bytes), Some(encoding))));
        Asset { role, identity: stored(bytes.to_vec(), None), variants: variants.collect(), path }
    }

    pub fn get(&self, path: &str) -> Reply {
        get(self.port, path)
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        get_with(self.port, path, headers)
    }
}

pub fn compress(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Br => {
            let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            writer.write_all(bytes).unwrap();
            writer.into_inner()
        }
        Encoding::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
    }
}
