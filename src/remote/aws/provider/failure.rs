//! What a failed request means for what is done next.

use std::{error::Error as StdError, time::Duration};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::super::fault::Request;
use crate::error::{Class, Error, Result};

/// A failed request, in words and by its meaning.
#[derive(Debug)]
pub struct Failure {
    pub error: Error,
    pub meaning: Meaning,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// There is no such thing.
    Missing,
    /// There is one already.
    Taken,
    /// It is not any more what the entity tag says.
    Stale,
    /// The server has no such operation.
    Unsupported,
    /// It may go well the next time; it may even have gone well this time.
    Transient,
    /// It will be the same the next time.
    Final,
}

impl Failure {
    /// The failure of `request`.
    pub fn of<E>(request: &Request, failure: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let meaning = match failure {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                meaning(code.unwrap_or_default(), answer.raw().status().as_u16(), message.unwrap_or_default())
            }
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Meaning::Transient,
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => Meaning::Transient,
            _ => Meaning::Final,
        };
        Self { error: request.failed(failure), meaning }
    }
}

fn meaning(code: &str, status: u16, message: &str) -> Meaning {
    match (code, status) {
        ("PreconditionFailed" | "InvalidIfMatchVersion", _) | (_, 412) => Meaning::Stale,
        ("BucketAlreadyOwnedByYou", _) => Meaning::Taken,
        // These two are somebody else's.
        ("BucketAlreadyExists" | "CNAMEAlreadyExists", _) => Meaning::Final,
        ("NotImplemented" | "MethodNotAllowed", _) | (_, 405 | 501) => Meaning::Unsupported,
        // Lambda's one code for what is there ("Alias already exists", "FunctionUrlConfig exists") and for what is being
        // changed ("An update is in progress", "currently in the following state: Pending").
        ("ResourceConflictException", _) if message.contains("exist") => Meaning::Taken,
        (
            "ResourceConflictException"
            // IAM: what a role has was taken away a moment ago, and not all of IAM knows that yet.
            | "DeleteConflict"
            | "ConcurrentModification"
            | "OperationAborted"
            | "OperationAbortedException"
            | "Throttling"
            | "ThrottlingException",
            _,
        )
        | (_, 429 | 500..) => Meaning::Transient,
        (code, _) if code.trim_end_matches("Exception").ends_with("AlreadyExists") => Meaning::Taken,
        // `OwnershipControlsNotFoundError` of S3, `ResourceNotFoundException` of ACM.
        (code, _) if code.starts_with("NoSuch") || code.contains("NotFound") => Meaning::Missing,
        (_, 404) => Meaning::Missing,
        _ => Meaning::Final,
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// What was wrong before anything was asked.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, meaning: Meaning::Final }
    }
}

/// What there is, if there is any.
pub fn if_any<T>(result: Result<T, Failure>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Failure { meaning: Meaning::Missing, .. }) => Ok(None),
        Err(failure) => Err(failure.error),
    }
}

/// What is set, if anything: a server that has no such setting has nothing set.
pub fn if_set<T>(result: Result<T, Failure>) -> Result<Option<T>> {
    match result {
        Err(Failure { meaning: Meaning::Unsupported, .. }) => Ok(None),
        other => if_any(other),
    }
}

/// Pauses before a change is asked for again that another one is in the way of.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Asks for a change, and asks again as long as another one is in its way.
pub async fn repeated<T, F>(ask: impl Fn() -> F + Send) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>> + Send,
{
    for pause in PAUSES {
        match ask().await {
            Err(Failure { meaning: Meaning::Transient, .. }) => tokio::time::sleep(pause).await,
            other => return other,
        }
    }
    ask().await
}

/// Somebody else was there between the plan and its execution.
pub fn changed(what: &str) -> Error {
    Error::new(Class::Conflict, "changed-meanwhile", format!("{what} was changed by somebody else meanwhile"))
        .help("nothing of it was overwritten; run `plan` again to see what there is now")
}
