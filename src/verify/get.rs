//! A small document over HTTP.

use super::{Address, client::Client, tls};

/// The status and the body that `address` answers `GET path` with, or why there is none. The path is percent-encoded.
pub async fn get(address: &Address, path: &str) -> Result<(u16, Vec<u8>), String> {
    let tls = tls::config(address).map_err(|error| error.message)?;
    Client::new(address, tls).read(path).await
}
