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

/// Writes the files under `folder` and describes them as a build would, each with one variant.
pub fn build(spec: &SiteSpec, folder: &Path) -> Site {
    let assets = spec
        .iter()
        .map(|(path, file)| Asset {
            path: ViewerPath::new(path.clone()).unwrap(),
            role: file.role,
            identity: representation(&file.bytes, file, None, folder),
            variants: vec![(
                Encoding::Br,
                // Not brotli: the planner never looks inside.
                representation(&[b"br:", file.bytes.as_slice()].concat(), file, Some(Encoding::Br), folder),
            )],
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
