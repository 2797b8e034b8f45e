//! Made-up sites, small enough to check object by object.

use std::{collections::BTreeMap, fs, path::Path};

use treebeard_cdn::model::{
    asset::{Asset, Representation, Site, Source},
    digest::Digest,
    encoding::Encoding,
    headers::Headers,
    manifest::Role,
    path::ViewerPath,
};

/// A file of a made-up site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    pub bytes: Vec<u8>,
    pub cache_control: String,
    pub role: Role,
}

/// By viewer path.
pub type SiteSpec = BTreeMap<String, FileSpec>;

pub fn page(content: &str) -> FileSpec {
    file(content, Role::Page)
}

pub fn file(content: &str, role: Role) -> FileSpec {
    let cache_control = match role {
        Role::Immutable => "public, max-age=31536000, immutable",
        Role::Mutable | Role::Page => "public, max-age=0, must-revalidate",
    };
    FileSpec { bytes: content.as_bytes().to_vec(), cache_control: cache_control.into(), role }
}

/// How variants are made: the planner never looks inside, so a prefix stands for compression.
#[derive(Debug, Clone)]
pub struct Compressor {
    pub encodings: Vec<Encoding>,
    pub version: u8,
}

impl Compressor {
    /// The version with which compression never pays.
    pub const NEVER_PAYS: u8 = 2;

    fn variant(&self, encoding: Encoding, bytes: &[u8]) -> (Vec<u8>, Option<Encoding>) {
        if self.version == Self::NEVER_PAYS {
            return (bytes.to_vec(), None);
        }
        ([self.prefix(encoding).as_bytes(), bytes].concat(), Some(encoding))
    }

    fn prefix(&self, encoding: Encoding) -> String {
        format!("{encoding}{}:", self.version)
    }

    /// What `bytes`, stored with this encoding, stand for.
    pub fn decode(bytes: &[u8], encoding: Option<Encoding>) -> Vec<u8> {
        let Some(encoding) = encoding else { return bytes.to_vec() };
        let versions = [0, 1].map(|version| Self { encodings: Vec::new(), version }.prefix(encoding));
        versions.iter().find_map(|prefix| bytes.strip_prefix(prefix.as_bytes())).unwrap().to_vec()
    }
}

/// Writes the files under `folder` and describes them as a build would, each with a brotli variant.
pub fn build(spec: &SiteSpec, folder: &Path) -> Site {
    build_with(spec, folder, &Compressor { encodings: vec![Encoding::Br], version: 0 })
}

/// The same, with the variants that `compressor` makes.
pub fn build_with(spec: &SiteSpec, folder: &Path, compressor: &Compressor) -> Site {
    let assets = spec
        .iter()
        .map(|(path, file)| Asset {
            path: ViewerPath::new(path.clone()).unwrap(),
            role: file.role,
            identity: representation(&file.bytes, file, None, folder),
            variants: compressor
                .encodings
                .iter()
                .map(|&encoding| {
                    let (bytes, stored_as) = compressor.variant(encoding, &file.bytes);
                    (encoding, representation(&bytes, file, stored_as, folder))
                })
                .collect(),
        })
        .collect();
    Site { assets, notes: Vec::new() }
}

fn representation(bytes: &[u8], file: &FileSpec, encoding: Option<Encoding>, folder: &Path) -> Representation {
    let sha256 = Digest::of(bytes);
    let path = folder.join(sha256.to_string());
    fs::write(&path, bytes).unwrap();
    Representation {
        source: Source { file: path, sha256, size: bytes.len() as u64 },
        headers: Headers {
            content_type: "text/plain; charset=utf-8".into(),
            cache_control: file.cache_control.clone(),
            content_encoding: encoding,
        },
    }
}
