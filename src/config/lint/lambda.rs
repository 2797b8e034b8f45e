//! The function that the API ships to: what Lambda would refuse, and secrets where anybody could read them.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::Report;
use crate::{
    config::{
        api,
        file::{Api, Lambda, Package, Place, TargetKind, Vpc},
    },
    model::{infrastructure::ORIGIN_SECRETS, secret_reference::SecretReference},
};

/// Memory that a function can have, in MiB (AWS Lambda Developer Guide, "Configure Lambda function memory").
const MEMORY: std::ops::RangeInclusive<u32> = 128..=10_240;

/// Longest that a request may take, in seconds: CloudFront waits 60 for an origin unless AWS was asked for more
/// (CloudFront Developer Guide, "Response timeout"), and the function is to say itself that something took too long.
const LONGEST: u32 = 59;

/// Days that CloudWatch Logs keeps events (CloudWatch Logs API Reference, `PutRetentionPolicy`).
const RETENTIONS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Variables that Lambda sets itself (AWS Lambda Developer Guide, "Defined runtime environment variables").
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Most bytes of all variables together, as Lambda measures them: as a JSON object (AWS Lambda Developer Guide, "Lambda
/// quotas"). `provision` adds up to three digests of 64 characters.
const MOST_VARIABLES: usize = 4096 - 256;

/// Most subnets and security groups (Lambda API Reference, `VpcConfig`).
const MOST_SUBNETS: usize = 16;
const MOST_GROUPS: usize = 5;

/// The function, and what goes with it.
pub fn lambda(report: &mut Report<'_>, place: &Place, api: Option<&Api>) {
    let Some(api) = api else { return };
    for (index, path) in api.smoke.iter().enumerate().filter(|(_, path)| !path.contains("${")) {
        if !path.starts_with('/') || path.contains(['#', ' ']) {
            let at = format!("api.smoke[{index}]");
            let message = format!("{} is no path", report.shown(&at));
            report.error("api-smoke", &at, message, "start it with a slash: `/api/v1/plans/catalog`");
        }
    }
    command(report, "api.migrate", api.migrate.as_deref());
    command(report, "api.lambda.build", api.lambda.build.as_deref());
    if api.package == Package::Lambda {
        if api.lambda.binary.as_deref().is_none_or(str::is_empty) {
            let help = "add the program that the build makes: `lambda: { binary: target/release/my-api }`";
            report.error("missing-key", "api", "`package: lambda` has no `lambda.binary`", help);
        }
        let given = place.api_origin.as_deref().is_some_and(|origin| !origin.is_empty());
        if given && place.target != Some(TargetKind::Local) {
            let message = "with `package: lambda` the API's origin is its function, and this is another one";
            report.error("api-origin", "api_origin", message, "remove `api_origin`, or `package: lambda`");
        }
    }
    limits(report, &api.lambda);
    variables(report, &api.lambda);
    if let Some(vpc) = &api.lambda.vpc {
        network(report, vpc);
    }
}

fn command(report: &mut Report<'_>, path: &str, command: Option<&str>) {
    if command.is_some_and(|command| command.trim().is_empty()) {
        report.error("empty-command", path, format!("`{path}` is empty"), "write a command, or remove it");
    }
}

fn limits(report: &mut Report<'_>, lambda: &Lambda) {
    let is_known = |text: &str| !text.contains("${");
    let path = "api.lambda.memory";
    if is_known(&lambda.memory) && !api::mebibytes(&lambda.memory).is_some_and(|memory| MEMORY.contains(&memory)) {
        let message = format!("Lambda has no functions with {} of memory", report.shown(path));
        report.error("lambda-memory", path, message, "use whole MiB from `128MiB` to `10GiB`");
    }
    let path = "api.lambda.timeout";
    if is_known(&lambda.timeout) && !api::seconds(&lambda.timeout).is_some_and(|it| (1..=LONGEST).contains(&it)) {
        let message = format!("{} is no time that CloudFront waits for an answer", report.shown(path));
        report.error("lambda-timeout", path, message, "use whole seconds from `1s` to `59s`");
    }
    let path = "api.lambda.log_retention";
    let days = api::days(&lambda.log_retention);
    if is_known(&lambda.log_retention) && !days.is_some_and(|days| RETENTIONS.contains(&days)) {
        let message = format!("CloudWatch Logs keeps nothing for {}", report.shown(path));
        // Where it is a time at all, the next longer one is what was meant.
        let next = RETENTIONS.into_iter().find(|retention| days.is_some_and(|days| days < *retention));
        let all = RETENTIONS.map(|days| format!("{days}d")).join(", ");
        report.error(
            "log-retention",
            path,
            message,
            next.map_or(format!("use one of {all}"), |it| format!("use `{it}d`")),
        );
    }
    if lambda.reserved_concurrency == Some(0) {
        let message = "a function without concurrency answers nobody";
        let help = "use a number above 0, or remove it";
        report.error("reserved-concurrency", "api.lambda.reserved_concurrency", message, help);
    }
}

fn variables(report: &mut Report<'_>, lambda: &Lambda) {
    let (path, secrets) = ("api.lambda.environment", "api.lambda.secrets");
    for (key, under) in
        lambda.environment.keys().map(|key| (key, path)).chain(lambda.secrets.keys().map(|key| (key, secrets)))
    {
        let at = format!("{under}.{key}");
        // Lambda API Reference, `Environment`: `[a-zA-Z]([a-zA-Z0-9_])+`.
        let plain = |key: &str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if RESERVED.contains(&key.as_str()) || key == ORIGIN_SECRETS {
            let message = format!("{key} is set by {}", if key == ORIGIN_SECRETS { "`provision`" } else { "Lambda" });
            report.error("variable-reserved", &at, message, "choose another name");
        } else if key.len() < 2 || !key.starts_with(|c: char| c.is_ascii_alphabetic()) || !plain(key) {
            let help = "use a letter, then letters, digits and `_`";
            report.error("variable-name", under, format!("{key:?} cannot name a variable of a function"), help);
        }
    }
    for (key, value) in &lambda.environment {
        let at = format!("{path}.{key}");
        if lambda.secrets.contains_key(key) {
            let message = format!("{key} is under `environment` and under `secrets`");
            report.error("variable-duplicate", &at, message, "keep one of them");
        } else if names_secret(key) || is_secret(value) {
            // Whoever may describe the function sees its environment.
            let message = format!("{key} looks like a secret, and would be stored where many may read it");
            let help = format!("keep it in Parameter Store, and write `secrets: {{ {key}: \"ssm:/name\" }}`");
            report.error("plain-secret", &at, message, help);
        }
    }
    for (key, value) in lambda.secrets.iter().filter(|(_, value)| !value.contains("${")) {
        if value.parse::<SecretReference>().is_err() {
            // What stands there may be the secret itself: it is not shown.
            let message = format!("what {key} has is no reference to a secret");
            let help = "write `ssm:/name` for Parameter Store, `secretsmanager:name` for Secrets Manager";
            report.error("secret-reference", &format!("{secrets}.{key}"), message, help);
        }
    }
    let all: BTreeMap<_, _> = lambda.environment.iter().chain(&lambda.secrets).collect();
    if serde_json::to_string(&all).is_ok_and(|measured| measured.len() > MOST_VARIABLES) {
        let message = "Lambda takes 4 KB of environment variables";
        report.error("too-many-variables", path, message, "move some into a file that ships with the API");
    }
}

/// Names that end in what is a secret.
fn names_secret(name: &str) -> bool {
    const SECRETS: [&str; 9] =
        ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "CREDENTIALS", "PRIVATE_KEY", "SECRET_KEY", "ACCESS_KEY", "API_KEY"];
    let name = name.to_ascii_uppercase();
    SECRETS
        .iter()
        .any(|secret| name.strip_suffix(secret).is_some_and(|before| before.is_empty() || before.ends_with('_')))
}

/// A private key, or an address with a password.
fn is_secret(value: &str) -> bool {
    value.contains("PRIVATE KEY-----") || Url::parse(value).is_ok_and(|url| url.password().is_some())
}

fn network(report: &mut Report<'_>, vpc: &Vpc) {
    for (key, ids, prefix, most) in [
        ("subnets", &vpc.subnets, "subnet-", MOST_SUBNETS),
        ("security_groups", &vpc.security_groups, "sg-", MOST_GROUPS),
    ] {
        let path = format!("api.lambda.vpc.{key}");
        let help = format!("name up to {most}, as in `{prefix}0a1b2c3d4e5f60718`");
        if ids.is_empty() || ids.len() > most {
            let message = format!("a function has 1 to {most} of these, and here are {}", ids.len());
            report.error("vpc", &path, message, help.clone());
        }
        let mut seen = BTreeSet::new();
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| !id.contains("${")) {
            let path = format!("{path}[{index}]");
            let digits = id.strip_prefix(prefix).unwrap_or_default();
            if !matches!(digits.len(), 8 | 17) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                let message = format!("{} is no id of one", report.shown(&path));
                report.error("vpc", &path, message, help.clone());
            } else if !seen.insert(id) {
                let message = format!("{} is there twice", report.shown(&path));
                report.error("vpc", &path, message, "remove one of them");
            }
        }
    }
}
