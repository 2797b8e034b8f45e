//! Certificates, which ACM keeps. CloudFront takes them from us-east-1 only, wherever the bucket is.

use super::{
    AwsProvider,
    failure::{Failure, Meaning},
};
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::Issued,
    remote::aws::fault::{Request, Target},
};

/// Where CloudFront looks for certificates
/// (CloudFront Developer Guide, "Requirements for using SSL/TLS certificates with CloudFront").
pub const REGION: &str = "us-east-1";

impl AwsProvider {
    pub(super) async fn describe_certificate(&self, arn: &str) -> Result<Option<Issued>> {
        let target = Target::Certificate(arn);
        let endpoint = self.acm_endpoint.as_deref();
        let request = Request { verb: "look at", action: "acm:DescribeCertificate", target, region: REGION, endpoint };
        let described = self.acm.describe_certificate().certificate_arn(arn).send().await;
        let detail = match described.map_err(|failure| Failure::of(&request, &failure)) {
            Ok(found) => request.answered(found.certificate)?,
            Err(Failure { meaning: Meaning::Missing, .. }) => return Err(unknown(arn)),
            // It may well be as it should: CloudFront will say.
            Err(failure) if failure.error.rule == "access-denied" => return Ok(None),
            Err(failure) => return Err(failure.error),
        };
        let mut names = detail.subject_alternative_names.unwrap_or_default();
        if let Some(name) = detail.domain_name.filter(|name| !names.contains(name)) {
            names.insert(0, name);
        }
        let unproven = detail.domain_validation_options.unwrap_or_default().into_iter();
        let unproven = unproven.filter(|it| it.validation_status.as_ref().is_none_or(|it| it.as_str() != "SUCCESS"));
        let records = unproven.filter_map(|it| it.resource_record);
        // A name and its wildcard are proven by one record.
        let records: std::collections::BTreeSet<_> =
            records.map(|it| [it.name, it.r#type.as_str().to_owned(), it.value]).collect();
        Ok(Some(Issued {
            status: detail.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            names,
            validation: records.into_iter().collect(),
        }))
    }
}

fn unknown(arn: &str) -> Error {
    Error::new(Class::Config, "certificate-unknown", format!("certificate {arn} does not exist in {REGION}"))
        .help(format!("correct `certificate_arn` in cdn-config.yml: `aws acm list-certificates --region {REGION}` shows the certificates of the account in use"))
}
