//! One file in one encoding, as small as the encoding goes, and proof that it decodes to the same bytes.

use std::{
    fs,
    io::{self, Read, Seek, Write},
    path::Path,
};

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::{
    inspect::{BLOCK, changed},
    parallel::Cancel,
};
use crate::{
    error::{Class, Error, IoContext, Result},
    model::{asset::Source, digest::Digest, encoding::Encoding},
};

/// Largest Brotli window, as a power of two: what encoders use unless told otherwise. Larger ones cost decoders memory.
const LARGEST_WINDOW: i32 = 22;

/// Compresses `source` into `output`, which starts empty, and gives digest and size of what was written.
///
/// Fails when the source's bytes are no longer those of its digest, and when the result does not decode to them.
pub fn compress(
    source: &Source,
    encoding: Encoding,
    output: &mut NamedTempFile,
    cancel: &Cancel,
) -> Result<(Digest, u64)> {
    let mut input = fs::File::open(&source.file).doing("read", &source.file)?;
    let mut written = Hashing::new(output.as_file_mut());
    let read = match encoding {
        Encoding::Br => {
            let mut encoder = brotli::CompressorWriter::with_params(&mut written, BLOCK, &brotli_params(source.size));
            // Dropping the encoder writes its last block.
            copy(&mut input, &mut encoder, &source.file, cancel)?
        }
        Encoding::Gzip => {
            // The header's time stays 0: the same bytes always give the same variant.
            let mut encoder = GzEncoder::new(&mut written, Compression::best());
            let read = copy(&mut input, &mut encoder, &source.file, cancel)?;
            encoder.finish().doing("compress", &source.file)?;
            read
        }
    };
    if read != source.sha256 {
        return Err(changed(&source.file));
    }
    let (sha256, size) = written.finish();
    let path = output.path().to_owned();
    output.as_file_mut().rewind().doing("read", &path)?;
    if decoded(encoding, output.as_file_mut(), &path, cancel)? != source.sha256 {
        let message = format!("{} does not survive {encoding} compression", source.file.display());
        return Err(Error::new(Class::Unexpected, "variant-differs", message)
            .help("this is a bug, or a failing disk or memory; leave the encoding out of compression.encodings"));
    }
    Ok((sha256, size))
}

/// Quality 11, with the smallest window that sees the whole file: memory is what the file needs, not the maximum.
fn brotli_params(size: u64) -> BrotliEncoderParams {
    // A window of 2^n reaches back 2^n - 16 bytes.
    let fitting = (10..LARGEST_WINDOW).find(|bits| (1_u64 << bits) - 16 >= size).unwrap_or(LARGEST_WINDOW);
    BrotliEncoderParams {
        quality: 11,
        lgwin: fitting,
        size_hint: usize::try_from(size).unwrap_or(usize::MAX),
        ..BrotliEncoderParams::default()
    }
}

/// Digest of what `encoded` decodes to.
fn decoded(encoding: Encoding, encoded: &mut fs::File, path: &Path, cancel: &Cancel) -> Result<Digest> {
    match encoding {
        Encoding::Br => copy(&mut brotli::Decompressor::new(encoded, BLOCK), &mut io::sink(), path, cancel),
        Encoding::Gzip => copy(&mut GzDecoder::new(encoded), &mut io::sink(), path, cancel),
    }
}

/// Copies everything, and gives its digest.
fn copy(from: &mut impl Read, to: &mut impl Write, path: &Path, cancel: &Cancel) -> Result<Digest> {
    let mut sha256 = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        cancel.check()?;
        match from.read(&mut block) {
            Ok(0) => return Ok(Digest::from(<[u8; 32]>::from(sha256.finalize()))),
            Ok(length) => {
                sha256.update(&block[..length]);
                to.write_all(&block[..length]).doing("compress", path)?;
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause).doing("read", path),
        }
    }
}

/// A writer that knows digest and number of the bytes that went through it.
struct Hashing<W> {
    inner: W,
    sha256: Sha256,
    size: u64,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Self {
        Self { inner, sha256: Sha256::new(), size: 0 }
    }

    fn finish(self) -> (Digest, u64) {
        (Digest::from(<[u8; 32]>::from(self.sha256.finalize())), self.size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(bytes)?;
        self.sha256.update(&bytes[..length]);
        self.size += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
