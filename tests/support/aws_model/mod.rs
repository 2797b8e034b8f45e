//! AWS's own published model of its APIs as an oracle: a request that the SDK sent is walked against it.
//!
//! botocore ships the model as `service-2.json`; <https://smithy.io> documents the traits that it carries.
//! What the model says and servers that stand for AWS do not check: which members there are and which are required,
//! enumerations, lengths, patterns, and that CloudFront's `Quantity` is the number of its items.

mod route;
mod service;
mod walk;
mod wire;

use std::{fmt, sync::OnceLock};

use self::service::Service;
use super::servers::Received;

/// What a request asks for: `cloudfront` `CreateDistribution`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub service: &'static str,
    pub name: String,
}

/// What the model does not allow, and where: `DistributionConfig.Origins.Quantity: 2, but 1 item`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub at: String,
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.problem)
    }
}

/// The operation of a signed request, or everything in it that the model does not allow.
pub fn validate(request: &Received) -> Result<Operation, Vec<Violation>> {
    let none = |problem: String| vec![Violation { at: request.line.clone(), problem }];
    let Some(name) = request.signed_for() else { return Err(none("not signed".to_owned())) };
    let Some(service) = services().iter().find(|service| service.signing_name == name) else {
        return Err(none(format!("signed for {name}, whose model is not read")));
    };
    let Some(call) = route::find(service, request) else { return Err(none("no such operation".to_owned())) };
    let violations = walk::request(service, &call, request);
    if !violations.is_empty() {
        return Err(violations);
    }
    let name = call.operation.name.trim_end_matches("2020_05_31").to_owned();
    Ok(Operation { service: service.signing_name, name })
}

/// Fails with everything that is wrong with any of `requests`; gives what they ask for, in order.
#[track_caller]
pub fn assert_valid(requests: &[Received]) -> Vec<Operation> {
    let (operations, faults): (Vec<_>, Vec<_>) =
        requests.iter().map(|request| (request, validate(request))).partition(|(_, result)| result.is_ok());
    let faults: Vec<_> = faults
        .into_iter()
        .flat_map(|(request, result)| {
            let body = String::from_utf8_lossy(&request.body);
            result.unwrap_err().into_iter().map(move |fault| format!("{}\n  {fault}\n  {body}", request.line))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    operations.into_iter().filter_map(|(_, result)| result.ok()).collect()
}

fn services() -> &'static [Service] {
    static SERVICES: OnceLock<Vec<Service>> = OnceLock::new();
    SERVICES.get_or_init(|| {
        [
            ("acm", "2015-12-08"),
            ("cloudfront", "2020-05-31"),
            ("iam", "2010-05-08"),
            ("lambda", "2015-03-31"),
            ("logs", "2014-03-28"),
            ("s3", "2006-03-01"),
        ]
        .map(|(name, version)| Service::read(name, version))
        .into()
    })
}
