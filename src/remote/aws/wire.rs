//! What the SDK does not offer as an option: interceptors on a request's way out and an answer's way in.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use aws_runtime::auth::PayloadSigningOverride;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
                BeforeTransmitInterceptorContextMut, InterceptorContext,
            },
            dyn_dispatch_hint,
        },
        retries::classifiers::{ClassifyRetry, RetryAction},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Checksums, pace::Pace};

const SHA256: &str = "x-amz-checksum-sha256";

/// Signs a body with the digest that its checksum names, instead of reading and hashing it once more.
#[derive(Debug)]
pub struct SignKnownDigest(pub Checksums);

#[dyn_dispatch_hint]
impl Intercept for SignKnownDigest {
    fn name(&self) -> &'static str {
        "SignKnownDigest"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let Some(digest) = headers.get(SHA256) else { return Ok(()) };
        let digest = hex::encode(BASE64_STANDARD.decode(digest)?);
        if self.0 == Checksums::WhenRequired {
            headers.remove(SHA256);
        }
        config.interceptor_state().store_put(PayloadSigningOverride::Precomputed(digest));
        Ok(())
    }
}

/// Tells the pace what each attempt was answered.
#[derive(Debug)]
pub struct Feel(pub Arc<Pace>);

#[dyn_dispatch_hint]
impl Intercept for Feel {
    fn name(&self) -> &'static str {
        "Feel"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match context.response().status().as_u16() {
            429 | 503 => self.0.slow_down(),
            200..300 => self.0.went_well(),
            _ => {}
        }
        Ok(())
    }
}

/// Counts requests, each once however often it is tried.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<AtomicU64>);

impl Count {
    /// Requests so far.
    pub fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Count {
    fn name(&self) -> &'static str {
        "Count"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Notes the server's clock: the `Date` of the last answer (RFC 9110, 6.6.1).
#[derive(Debug, Clone, Default)]
pub struct ReadClock(Arc<Mutex<Option<SystemTime>>>);

impl ReadClock {
    /// The server's time, or ours where it said none.
    pub fn now(&self) -> SystemTime {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(SystemTime::now)
    }
}

#[dyn_dispatch_hint]
impl Intercept for ReadClock {
    fn name(&self) -> &'static str {
        "ReadClock"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").and_then(|date| httpdate::parse_http_date(date).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

/// Retries what S3 answers when writers of one key get into each other's way: 409 is not yet an outcome.
#[derive(Debug)]
pub struct RetryConflicts;

impl ClassifyRetry for RetryConflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if response.status().as_u16() == 409 => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "RetryConflicts"
    }
}
