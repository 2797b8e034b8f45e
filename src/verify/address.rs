//! Where a site is asked for, and as whom.

use std::fmt;

use http::{
    Uri, header, request,
    uri::{Authority, Scheme},
};

use crate::{
    config::Aws,
    error::{Class, Error, Result},
};

/// Where a site is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    scheme: Scheme,
    authority: Authority,
    distribution: Option<Authority>,
}

impl Address {
    /// The site at `url`: scheme and host.
    pub fn parse(url: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(Class::Config, "bad-url", format!("{url} cannot be verified: {why}"))
                .help("give the site's address, such as https://www.example.com")
        };
        let uri: Uri = url.parse().map_err(|_| bad("it is not a URL"))?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::HTTP,
            Some("https") => Scheme::HTTPS,
            _ => return Err(bad("it does not begin with http:// or https://")),
        };
        if !matches!(uri.path_and_query().map_or("/", |path| path.as_str()), "/" | "") {
            return Err(bad("it has a path, and sites are published at the root of a host"));
        }
        let authority = uri.into_parts().authority.ok_or_else(|| bad("it names no host"))?;
        Ok(Self { scheme, authority, distribution: None })
    }

    /// The distribution with the host name `domain`, behind the server at `endpoint` that stands for AWS.
    pub fn emulated(endpoint: &str, domain: &str) -> Result<Self> {
        let distribution = domain.parse().map_err(|_| {
            let message = format!("{domain}, the distribution's domain, is no host name");
            Error::new(Class::Remote, "bad-domain", message).help("check the server at the endpoint")
        })?;
        Ok(Self { distribution: Some(distribution), ..Self::parse(endpoint)? })
    }

    /// Where an environment's visitors find it: at its `viewer_url`, else behind the endpoint in force, else at its
    /// first domain, else at the distribution's own `domain`. None when none of them is known.
    pub fn of(aws: &Aws, endpoint: Option<&str>, domain: Option<&str>) -> Result<Option<Self>> {
        let host = |name: &str| Self::parse(&format!("https://{name}"));
        match (&aws.viewer_url, endpoint, domain) {
            (Some(url), ..) => Self::parse(url).map(Some),
            (None, Some(endpoint), Some(domain)) => Self::emulated(endpoint, domain).map(Some),
            (None, _, domain) => aws.domains.first().map(String::as_str).or(domain).map(host).transpose(),
        }
    }

    /// Whether it is asked over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The host's name or address, without brackets.
    pub(super) fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The distribution to ask for, where the server stands for more than one.
    pub(super) fn distribution(&self) -> Option<&str> {
        self.distribution.as_ref().map(Authority::as_str)
    }

    /// The address of a path, percent-encoded, with its leading slash.
    pub(super) fn uri(&self, path: &str) -> Result<Uri, http::Error> {
        Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query(path).build()
    }

    /// Adds to a request what every one has.
    pub(super) fn headers(&self, request: request::Builder) -> request::Builder {
        let host = self.distribution.as_ref().unwrap_or(&self.authority);
        let request = request
            .header(header::HOST, host.as_str())
            .header(header::USER_AGENT, concat!("treebeard-cdn/", env!("CARGO_PKG_VERSION")));
        if self.distribution.is_some() {
            // The server speaks plain HTTP, which a distribution redirects.
            request.header("X-Forwarded-Proto", "https")
        } else {
            request
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}
