//! What went wrong, in words that a person can act on.

use std::{error::Error as StdError, fmt};

use aws_credential_types::provider::error::{CredentialsError, TokenError};
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::Headers,
};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};

pub use super::target::Target;
use crate::{
    error::{Class, Error},
    model::infrastructure::partition,
};

/// A request, as messages name it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What we were about to do: `read`, `write`.
    pub verb: &'static str,
    /// The permission that it takes: `s3:PutObject`.
    pub action: &'static str,
    /// What it is done to.
    pub target: Target<'a>,
    /// The region that it was signed for.
    pub region: &'a str,
    /// Where it was sent, when not to AWS.
    pub endpoint: Option<&'a str>,
}

/// An answer that says no.
struct Refusal<'a> {
    status: u16,
    code: &'a str,
    message: &'a str,
    headers: &'a Headers,
    id: Option<String>,
}

impl Request<'_> {
    /// The error of a failed request.
    pub fn failed<E>(&self, failure: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        match failure {
            SdkError::ServiceError(answer) => {
                let (metadata, response): (&ErrorMetadata, _) = (answer.err().meta(), answer.raw());
                let id = metadata.extra("aws_request_id").or_else(|| response.headers().get("x-amz-request-id"));
                self.refused(&Refusal {
                    status: response.status().as_u16(),
                    code: metadata.code().unwrap_or_default(),
                    message: metadata.message().unwrap_or_default(),
                    headers: response.headers(),
                    id: id.map(str::to_owned),
                })
            }
            SdkError::TimeoutError(_) => self.unreachable("it did not answer in time"),
            other => {
                if let Some(error) = self.without_credentials(other) {
                    return error;
                }
                self.unreachable(&chain(other.source().unwrap_or(other)))
            }
        }
    }

    fn refused(&self, answer: &Refusal) -> Error {
        let home = answer.headers.get("x-amz-bucket-region").or_else(|| quoted_after(answer.message, "expecting '"));
        match (answer.code, answer.status) {
            ("NoSuchBucket", _) => self.no_bucket(),
            ("NoSuchDistribution", _) => Error::new(Class::Config, "distribution-missing", format!("{self} does not exist"))
                .help("correct `distribution_id` in cdn-config.yml: `aws cloudfront list-distributions` shows the ids of the account in use"),
            ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" | "", 301 | 307 | 400)
                if home.is_some_and(|home| home != self.region) =>
            {
                let home = home.unwrap_or_default();
                let message = format!("{} is in region {home}, not in {}", self.target.holder(), self.region);
                Error::new(Class::Config, "bucket-region", message)
                    .help(format!("set `region: {home}` for this environment in cdn-config.yml"))
            }
            ("RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture", _) => self.clock_skew(answer),
            ("SignatureDoesNotMatch", _) if answer.message.contains("Signature expired") => self.clock_skew(answer),
            (code, _) if CREDENTIALS.contains(&code) => {
                let message = format!("failed to {self}: the credentials were refused ({code}: {})", answer.message);
                Error::new(Class::Remote, "credentials-refused", message)
                    .help("renew them: `aws sso login`, or a fresh token in CI; `aws sts get-caller-identity` shows whether they work")
            }
            ("AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" | "Forbidden", _) | (_, 403) => {
                let (action, resource) = self.denied(answer.message);
                let message = format!("{action} on {resource} is denied{}", words(answer));
                Error::new(Class::Remote, "access-denied", message).help(self.how_to_allow(&action, &resource))
            }
            ("SlowDown" | "Throttling" | "ThrottlingException" | "TooManyRequests" | "TooManyRequestsException", _)
            | (_, 429 | 503) => {
                let message = format!("failed to {self}: the server still asks to slow down after every retry{}", words(answer));
                Error::new(Class::Remote, "throttled", message)
                    .help("nothing is lost: wait a minute and run the command again; it continues where it stopped")
            }
            ("BucketAlreadyExists", _) => {
                Error::new(Class::Config, "bucket-taken", format!("the name of {} is taken by somebody else", self.target.holder()))
                    .help("names of buckets are unique in all of AWS: choose another one for `bucket` in cdn-config.yml")
            }
            ("BucketNotEmpty", _) => {
                Error::new(Class::Remote, "bucket-not-empty", format!("{} is not empty", self.target.holder()))
                    .help("objects, superseded versions of objects and delete markers all count: remove them first")
            }
            ("CNAMEAlreadyExists", _) => Error::new(Class::Config, "alias-taken", format!("failed to {self}{}", words(answer))),
            ("InvalidViewerCertificate", _) => {
                Error::new(Class::Config, "certificate-invalid", format!("failed to {self}: CloudFront refuses the certificate{}", words(answer)))
                    .help("it must be in us-east-1, issued, and for every one of `domains`: `aws acm describe-certificate` shows it")
            }
            (code, _) if code.ends_with("InUse") => {
                Error::new(Class::Remote, "in-use", format!("failed to {self}: something still uses it{}", words(answer)))
                    .help("what was changed or removed a moment ago may still be known to CloudFront: run the command again in a few minutes")
            }
            (code, _) if code.starts_with("TooMany") => {
                let quota = spelled(code.trim_start_matches("TooMany"));
                let message = format!("failed to {self}: the account's quota of {quota} is used up ({code}){}", words(answer));
                Error::new(Class::Remote, "quota", message)
                    .help(format!("remove {quota} that nobody needs, or ask for more: Service Quotas in the console, or `aws service-quotas list-service-quotas --service-code {}`", self.service()))
            }
            ("InvalidParameterValueException", _) if answer.message.contains("UnreservedConcurrentExecution") => {
                Error::new(Class::Config, "reserved-concurrency", format!("failed to {self}{}", words(answer)))
                    .help("set a lower `api.lambda.reserved_concurrency`, or ask AWS for more concurrency in this region")
            }
            ("LimitExceeded" | "LimitExceededException" | "CodeStorageExceededException", _) => {
                Error::new(Class::Remote, "quota", format!("failed to {self}: a quota of the account is used up{}", words(answer)))
                    .help(format!("remove what nobody needs, or ask for more: Service Quotas in the console, or `aws service-quotas list-service-quotas --service-code {}`", self.service()))
            }
            ("NotImplemented", _) | (_, 501) => {
                let message = format!("failed to {self}: the server cannot do that{}", words(answer));
                Error::new(Class::Config, "not-implemented", message).help("use a server that speaks all of S3's protocol")
            }
            (code, status) => {
                let code = if code.is_empty() { format!("HTTP {status}") } else { code.to_owned() };
                let message = format!("failed to {self}: {code}{}", words(answer));
                Error::new(Class::Remote, "aws", message)
                    .help("run the command again; if the answer stays the same, look the code up in the service's documentation")
            }
        }
    }

    /// A part of an answer that no answer lacks.
    pub fn answered<T>(&self, part: Option<T>) -> Result<T, Error> {
        part.ok_or_else(|| {
            Error::new(
                Class::Remote,
                "aws",
                format!("failed to {self}: the server answered without what was asked for"),
            )
            .help("this server does not speak AWS's protocols as they are documented; use another one")
        })
    }

    /// The error of a request to a bucket that does not exist.
    pub fn no_bucket(&self) -> Error {
        let place = self.endpoint.map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
        Error::new(Class::Config, "bucket-missing", format!("{} does not exist{place}", self.target.holder()))
            .help("correct `bucket` in cdn-config.yml, or create the bucket: `treebeard-cdn provision`, or `aws s3 mb`")
    }

    fn clock_skew(&self, answer: &Refusal) -> Error {
        let theirs =
            answer.headers.get("date").map(|date| format!(", and the server's says {date}")).unwrap_or_default();
        let ours = httpdate::fmt_http_date(std::time::SystemTime::now());
        let message = format!("failed to {self}: this machine's clock says {ours}{theirs}");
        Error::new(Class::Remote, "clock-skew", message)
            .help("set this machine's clock: requests are signed with the time")
    }

    fn without_credentials(&self, failure: &(dyn StdError + 'static)) -> Option<Error> {
        let found = std::iter::successors(Some(failure), |error| StdError::source(*error))
            .find(|error| error.is::<CredentialsError>() || error.is::<TokenError>())?;
        let nothing = matches!(found.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_)))
            || matches!(found.downcast_ref(), Some(TokenError::TokenNotLoaded(_)));
        Some(if nothing {
            Error::new(Class::Remote, "credentials-missing", format!("failed to {self}: no AWS credentials were found"))
                .help("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; in CI, assume a role by OpenID Connect")
        } else {
            let message = format!("failed to {self}: no AWS credentials could be got: {}", chain(found));
            Error::new(Class::Remote, "credentials-refused", message)
                .help("renew them: `aws sso login`, or a fresh token in CI; `aws sts get-caller-identity` shows whether they work")
        })
    }

    /// The error of a request that nobody answered.
    pub fn unreachable(&self, why: &str) -> Error {
        let place = self.endpoint.unwrap_or("AWS");
        let message = format!("failed to {self}: {place} cannot be reached: {why}");
        let help = match self.endpoint {
            Some(_) => "check that the server runs, and `endpoint_url` or AWS_ENDPOINT_URL",
            None => "check the network, the proxy and `region`; then run the command again",
        };
        Error::new(Class::Remote, "unreachable", message).help(help)
    }

    /// The permission that is missing and for what: AWS's own words where it says, else what the request takes.
    fn denied(&self, message: &str) -> (String, String) {
        let said = |before: &str| {
            let (_, rest) = message.split_once(before)?;
            let word = rest.split_whitespace().next()?.trim_end_matches('.').trim_matches('"');
            word.contains(':').then(|| word.to_owned())
        };
        let action = said("not authorized to perform: ").unwrap_or_else(|| self.action.to_owned());
        (action, said(" on resource: ").unwrap_or_else(|| self.resource()))
    }

    fn how_to_allow(&self, action: &str, resource: &str) -> String {
        let statement = serde_json::json!({ "Effect": "Allow", "Action": action, "Resource": resource });
        let help = format!(
            "allow {action} on {resource} to the identity in use; `aws sts get-caller-identity` names it, and this statement does it: {statement}"
        );
        if action != "s3:GetObject" {
            return help;
        }
        let bucket = self.target.holder_arn(partition(self.region));
        format!("{help}. Without s3:ListBucket on {bucket}, S3 answers the same for an object that does not exist")
    }

    /// What a policy's `Resource` would have to cover. Lists are of everything.
    fn resource(&self) -> String {
        let is_list = self.action.starts_with("cloudfront:List") && !self.action.ends_with("TagsForResource");
        if is_list || self.action == "logs:DescribeLogGroups" {
            return "*".into();
        }
        let arn = self.target.arn(partition(self.region));
        // The one ARN of a log group for what is about tags, the other for all else (CloudWatch Logs API Reference,
        // `LogGroup`).
        let is_about_tags = self.action.starts_with("logs:") && self.action.contains("Tag");
        if is_about_tags { arn.trim_end_matches(":*").to_owned() } else { arn }
    }

    fn service(&self) -> &str {
        self.action.split_once(':').map_or(self.action, |(service, _)| service)
    }
}

/// What was to be done: `write index.html in bucket site`.
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.target)
    }
}

/// Codes that say that the credentials are no good (S3 API reference, "Error responses"; IAM, "Common errors").
const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotSignedUp",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// `: message (request ABC)`, as far as the answer has them.
fn words(answer: &Refusal) -> String {
    let message = if answer.message.is_empty() { String::new() } else { format!(": {}", answer.message) };
    let id = answer.id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    message + &id
}

/// An error and its causes in one line, without saying anything twice.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !said.contains(&words) {
            said.push_str(": ");
            said.push_str(&words);
        }
        next = cause.source();
    }
    said
}

/// What follows `prefix` up to the next quote: S3 names the right region only in the words of its message.
fn quoted_after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(prefix)?;
    Some(rest.split_once('\'')?.0)
}

/// `DistributionCNAMEs` as `distribution CNAMEs`.
fn spelled(name: &str) -> String {
    let mut words = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, &letter) in letters.iter().enumerate() {
        let begins = letter.is_uppercase() && at > 0 && !letters[at - 1].is_uppercase();
        if begins {
            words.push(' ');
        }
        let acronym = letters.get(at + 1).is_some_and(|next| next.is_uppercase()) || (at > 0 && !begins);
        words.push(if acronym { letter } else { letter.to_ascii_lowercase() });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn quotas_are_named_in_words() {
        assert_eq!(spelled("Distributions"), "distributions");
        assert_eq!(spelled("ResponseHeadersPolicies"), "response headers policies");
        assert_eq!(spelled("DistributionCNAMEs"), "distribution CNAMEs");
    }
}
