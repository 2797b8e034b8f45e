//! What to ask, and what must be answered.

use crate::{
    model::{
        digest::Digest,
        distribution::{Distribution, Origin},
        encoding::Encoding,
        manifest::{Entry, Manifest, Role, Stored},
        path::ViewerPath,
    },
    plan::encode_path,
};

/// Pages that are checked unless all files are.
const MAX_PAGES: usize = 50;

/// Other files that are checked unless all are.
const MAX_OTHERS: usize = 100;

/// A client-side route, and files, that no site has.
const ROUTE: &str = "/treebeard-cdn-verify/deep/link";
const MISSING: &str = "/assets/treebeard-cdn-verify-missing.js";
pub const LEDGER: &str = "/_tb/ledger/pointer.json";

/// What serves the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The local edge. Whatever it lacks is a fault.
    Edge,
    /// A distribution. What it is not set up to do is worth a note, and no fault of the release.
    Distribution {
        /// Whether it runs our viewer-request function.
        negotiates: bool,
        /// Whether it adds the security headers.
        adds_headers: bool,
        /// Bytes that a first visit would save if it chose among variants, where that is known.
        saving: Option<u64>,
    },
}

impl Server {
    /// The distribution that serves `manifest`, judged by the manifest alone: variants are published only where
    /// they are chosen.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let managed = manifest.entries.values().any(|entry| !entry.variants.is_empty());
        Self::Distribution { negotiates: managed, adds_headers: managed, saving: None }
    }

    /// Whether it chooses variants and routes pages.
    pub(super) fn negotiates(self) -> bool {
        !matches!(self, Self::Distribution { negotiates: false, .. })
    }

    /// Whether it adds headers, ours rather than somebody else's.
    pub(super) fn adds_headers(self) -> bool {
        self.negotiates() && !matches!(self, Self::Distribution { adds_headers: false, .. })
    }
}

/// How much is asked, of what, and how the site is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Every file rather than a sample.
    pub all: bool,
    /// Whether paths without an extension are client-side routes.
    pub spa: bool,
    /// Whether `/docs` redirects to `/docs/`.
    pub clean_urls: bool,
    /// What serves the site.
    pub server: Server,
}

impl Options {
    /// The options for a site.
    #[must_use]
    pub fn new(site: &crate::config::Site, all: bool, server: Server) -> Self {
        Self { all, spa: site.spa, clean_urls: site.clean_urls, server }
    }

    /// Whether a route stands in front of the file at `path`, so that it cannot be asked for.
    fn is_hidden(&self, path: &ViewerPath) -> bool {
        self.server.negotiates() && (self.spa || self.clean_urls) && is_route(path)
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Path, percent-encoded, with its leading slash.
    pub path: String,
    /// `Accept-Encoding`.
    pub accept_encoding: &'static str,
    /// What must be answered.
    pub expected: Expectation,
}

/// What must be answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// Status code; none when any will do.
    pub status: Option<u16>,
    /// Digest and number of the bytes on the wire; none when any will do.
    pub content: Option<(Digest, u64)>,
    /// Header values; none where the header must be absent.
    pub headers: Vec<(String, Option<String>)>,
    /// Those of them that the edge adds to every response.
    pub edge_headers: Vec<(String, String)>,
    /// Whether an HTML document is wrong in any case.
    pub never_html: bool,
    /// Whether it takes our function, or a distribution that we set up, to answer so.
    pub by_function: bool,
    /// Whether the API should answer rather than the edge in its place.
    pub from_api: bool,
}

/// What to ask of a site.
pub struct Probes {
    /// The requests.
    pub probes: Vec<Probe>,
    /// Files that they cover.
    pub files: usize,
}

/// Everything to ask of a site that publishes `manifest` through `distribution`.
pub fn probes(manifest: &Manifest, distribution: &Distribution, options: Options) -> Probes {
    let reachable = manifest.entries.iter().filter(|(path, _)| !options.is_hidden(path));
    let files = select(reachable, options.all);
    let mut probes = Vec::new();
    for (path, entry) in &files {
        let url = encode_path(path.as_str());
        // Without the function, nothing chooses among variants.
        let asked = if options.server.negotiates() { usize::MAX } else { 1 };
        let representations = representations(entry).take(asked);
        probes.extend(representations.map(|(accept, stored)| promised(url.clone(), accept, stored)));
    }
    let direct = probes.len();
    if options.spa {
        if let Some(index) = index(manifest) {
            probes.push(promised("/".into(), "identity", &index.identity));
            probes.push(promised(ROUTE.into(), "identity", &index.identity));
        }
    } else {
        probes.extend(files.iter().flat_map(|(path, entry)| folder_routes(path, entry, manifest, options)));
    }
    probes.push(missing(manifest, distribution));
    probes.push(Probe { path: LEDGER.into(), accept_encoding: "identity", expected: not_found() });
    probes.extend(api(distribution));
    for probe in &mut probes[direct..] {
        probe.expected.by_function = !probe.expected.from_api;
    }
    for probe in &mut probes {
        // Nothing documents whether CloudFront adds headers to what a function answers by itself.
        let by_itself = probe.path == LEDGER || probe.expected.status == Some(308);
        if options.server == Server::Edge || !by_itself {
            probe.expected.edge_headers.clone_from(&distribution.behavior(&probe.path).response_headers);
        }
    }
    Probes { probes, files: files.len() }
}

/// The files to check: all, or a sample that is the same each time.
pub fn select<'a>(
    files: impl Iterator<Item = (&'a ViewerPath, &'a Entry)>,
    all: bool,
) -> Vec<(&'a ViewerPath, &'a Entry)> {
    let (mut pages, mut others): (Vec<_>, Vec<_>) = files.partition(|(_, entry)| entry.role == Role::Page);
    if !all {
        for (files, limit) in [(&mut pages, MAX_PAGES), (&mut others, MAX_OTHERS)] {
            files.sort_by_cached_key(|(path, _)| (path.as_str() != "index.html", Digest::of(path.as_str().as_bytes())));
            files.truncate(limit);
        }
    }
    pages.append(&mut others);
    pages
}

/// Whether client-side routes and clean URLs look like this.
fn is_route(path: &ViewerPath) -> bool {
    !path.file_name().contains('.') && !path.as_str().starts_with(".well-known/")
}

fn index(manifest: &Manifest) -> Option<&Entry> {
    manifest.entries.get(&ViewerPath::new("index.html").ok()?)
}

/// Every stored form of a file, with the name that `Accept-Encoding` has for it; the file as it is comes first.
pub fn representations(entry: &Entry) -> impl Iterator<Item = (&'static str, &Stored)> {
    let variants = entry.variants.iter().map(|(encoding, stored)| (encoding.token(), stored));
    std::iter::once(("identity", &entry.identity)).chain(variants)
}

fn promised(path: String, accept_encoding: &'static str, stored: &Stored) -> Probe {
    let headers = &stored.headers;
    let encoding = headers.content_encoding.map(|encoding: Encoding| encoding.token().to_owned());
    Probe {
        path,
        accept_encoding,
        expected: Expectation {
            status: Some(200),
            content: Some((stored.sha256, stored.size)),
            headers: vec![
                ("Content-Type".into(), Some(headers.content_type.clone())),
                ("Cache-Control".into(), Some(headers.cache_control.clone())),
                ("Content-Encoding".into(), encoding),
            ],
            ..Expectation::default()
        },
    }
}

/// `docs/index.html` is what `/docs/` shows, and what `/docs` redirects to or is not.
fn folder_routes(path: &ViewerPath, entry: &Entry, manifest: &Manifest, options: Options) -> Vec<Probe> {
    let Some(folder) = path.as_str().strip_suffix("index.html") else { return Vec::new() };
    let mut probes = vec![promised(encode_path(folder), "identity", &entry.identity)];
    let Some(name) = folder.strip_suffix('/').and_then(|folder| ViewerPath::new(folder).ok()) else { return probes };
    if is_route(&name) && !manifest.entries.contains_key(&name) {
        let url = encode_path(name.as_str());
        let expected = if options.clean_urls {
            let location = ("Location".to_owned(), Some(format!("{url}/")));
            Expectation { status: Some(308), headers: vec![location], ..Expectation::default() }
        } else {
            not_found()
        };
        probes.push(Probe { path: url, accept_encoding: "identity", expected });
    }
    probes
}

/// A missing file is a 404, and never a page that a browser would run as a script.
fn missing(manifest: &Manifest, distribution: &Distribution) -> Probe {
    let page = distribution.behavior(MISSING).not_found_page.as_ref().and_then(|page| manifest.entries.get(page));
    let expected = match page {
        Some(page) => {
            let content = Some((page.identity.sha256, page.identity.size));
            Expectation { content, ..not_found() }
        }
        None => Expectation { never_html: true, ..not_found() },
    };
    Probe { path: MISSING.into(), accept_encoding: "identity", expected }
}

fn not_found() -> Expectation {
    Expectation { status: Some(404), ..Expectation::default() }
}

/// Whatever the API answers, browsers must not keep it: those headers come from the edge.
fn api(distribution: &Distribution) -> Option<Probe> {
    let behavior = distribution.behaviors.iter().find(|behavior| behavior.origin == Origin::Api)?;
    let pattern = behavior.path_pattern.trim_start_matches('/');
    let path = format!("/{}", pattern.replace('*', "treebeard-cdn-verify").replace('?', "x"));
    let expected = Expectation { from_api: true, ..Expectation::default() };
    Some(Probe { path, accept_encoding: "identity", expected })
}
