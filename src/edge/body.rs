//! Response bodies: bytes at hand, or a stream.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::{Frame, SizeHint};
use tokio_util::io::poll_read_buf;

use crate::remote::ByteStream;

/// Any response body.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// How much of a stream is held in memory, in bytes.
const CHUNK: usize = 64 * 1024;

/// A body of bytes at hand.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body of exactly `size` bytes from a stream.
pub fn streamed(stream: ByteStream, size: u64) -> Body {
    Streamed { stream, left: size }.map_err(Into::into).boxed_unsync()
}

struct Streamed {
    stream: ByteStream,
    left: u64,
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let mut buffer = BytesMut::with_capacity(CHUNK);
        let read = ready!(poll_read_buf(this.stream.as_mut(), cx, &mut buffer))? as u64;
        match this.left.checked_sub(read) {
            Some(left) if read > 0 => {
                this.left = left;
                Poll::Ready(Some(Ok(Frame::data(buffer.freeze()))))
            }
            // The viewer must not take a part for the whole.
            _ => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
