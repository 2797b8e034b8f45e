//! What a function runs until the API is deployed: a script that says so.

use std::io::{self, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::{
    error::{Class, Error, Result},
    model::digest::Digest,
};

/// Needs what the runtime has: a shell and curl
/// (AWS Lambda Developer Guide, "Tutorial: Building a custom runtime").
const BOOTSTRAP: &str = r#"#!/bin/sh
# Answers every request until the API is deployed.
api="http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
answer='{"statusCode":503,"headers":{"content-type":"application/json","retry-after":"60"},"body":"{\"error\":{\"code\":\"not_deployed\",\"message\":\"no version of the API was deployed yet\"}}"}'
while true; do
  id=$(curl -sS -o /dev/null -D - "$api/next" | tr -d '\r' | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p')
  curl -sS -o /dev/null -X POST -d "$answer" "$api/$id/response"
done
"#;

/// The zip, the same bytes each time.
pub fn zip() -> Result<Vec<u8>> {
    packed().map_err(|cause| Error::new(Class::Unexpected, "io", format!("failed to pack the placeholder: {cause}")))
}

fn packed() -> io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(BOOTSTRAP.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// Whether the code with this digest, as Lambda writes it, is the placeholder's.
pub fn is_placeholder(code_sha256: &str) -> bool {
    zip().is_ok_and(|zip| BASE64_STANDARD.encode(Digest::of(&zip).as_bytes()) == code_sha256)
}
