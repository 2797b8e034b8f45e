//! TLS as browsers speak it, with the certificates that this machine trusts.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::Address;
use crate::error::{Class, Error, Result};

/// How to speak to the site at `address`. Plain HTTP trusts nobody and reads no certificates.
pub fn config(address: &Address) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::new(Class::Unexpected, "tls", format!("failed to set up TLS: {cause}")))?;
    if !address.is_secure() {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let builder = builder.with_native_roots().map_err(|cause| {
        Error::new(Class::Config, "no-root-certificates", format!("this machine trusts no certificates: {cause}"))
            .help("install them (Debian: `ca-certificates`), or name a file of them in SSL_CERT_FILE")
    })?;
    Ok(builder.with_no_client_auth())
}
