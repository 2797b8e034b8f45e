//! A function that is being changed: Lambda refuses every other change of it meanwhile.

use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction},
};

/// How the message begins: "An update is in progress for resource …" and "The function is currently in the following
/// state: Pending" come after it (AWS Lambda Developer Guide, "Lambda function states").
const BUSY: &[u8] = b"cannot be performed at this time";

/// Retries what Lambda refuses because of another change, be it one that a moment ago we asked for ourselves.
#[derive(Debug)]
pub struct RetryBusy;

impl ClassifyRetry for RetryBusy {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let is_busy = context.response().is_some_and(|response| {
            let body = response.body().bytes().unwrap_or_default();
            response.status().as_u16() == 409 && body.windows(BUSY.len()).any(|words| words == BUSY)
        });
        if is_busy { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "RetryBusy"
    }
}
