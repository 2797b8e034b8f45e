//! What would take a site away from its viewers, or what AWS would refuse half-way: said before anything is done.

use super::{Action, Step, Steps};
use crate::{
    config::Aws,
    error::{Class, Error, Result},
    model::infrastructure::{Found, Issued, Kind, Oddity, Settings},
};

/// Refuses what must not be done. Gives what is worth knowing otherwise.
pub fn check(steps: &Steps, aws: &Aws, certificate: Option<&Issued>, is_live: bool) -> Result<Vec<String>> {
    if let Some(certificate) = certificate {
        covers(certificate, &aws.domains)?;
    }
    let mut notes = Vec::new();
    for found in steps.0.iter().filter_map(|step| step.found.as_ref()) {
        for oddity in &found.oddities {
            notes.extend(judge(oddity, aws, found)?);
        }
    }
    if let Some(step) = steps.0.iter().find(|step| step.wanted.kind() == Kind::Distribution)
        && moves(step)
        && !is_live
    {
        let message =
            format!("nothing is published in bucket {}, and the distribution already has viewers", aws.bucket);
        return Err(Error::new(Class::Brake, "nothing-live", message)
            .help("run `treebeard-cdn deploy` first: then nobody meets an empty site"));
    }
    Ok(notes)
}

/// Whether viewers are led to another origin than now.
fn moves(step: &Step) -> bool {
    let answers = |found: &Found| matches!(&found.settings, Settings::Distribution(it) if it.enabled);
    step.action == Action::Update
        && step.found.as_ref().is_some_and(answers)
        && step.changes.iter().any(|change| change.path == "behaviors.*.origin")
}

fn judge(oddity: &Oddity, aws: &Aws, found: &Found) -> Result<Option<String>> {
    let bucket = &aws.bucket;
    let brake = |rule, message: String, help: &str| Err(Error::new(Class::Brake, rule, message).help(help));
    match oddity {
        Oddity::PublicStatement(statement) => {
            let message =
                format!("the policy of bucket {bucket} lets everybody in, past the distribution: {statement}");
            brake("bucket-public", message, "remove that statement from the bucket's policy; nothing was changed")
        }
        Oddity::SharedByAcl => {
            let message =
                format!("the access control list of bucket {bucket} lets others in, and lists are to be switched off");
            brake(
                "bucket-shared",
                message,
                "`aws s3api put-bucket-acl --acl private` takes those grants away; nothing was changed",
            )
        }
        Oddity::KmsKey(None) => {
            let message = format!(
                "bucket {bucket} is encrypted with the key that AWS keeps for S3, which CloudFront may not use"
            );
            brake(
                "bucket-kms",
                message,
                "use SSE-S3, or a key of your own, and copy the objects over themselves; nothing was changed",
            )
        }
        Oddity::KmsKey(Some(key)) if aws.cdn => Ok(Some(format!(
            "bucket {bucket} is encrypted with {key}: its policy must let cloudfront.amazonaws.com do kms:Decrypt, \
             on condition that AWS:SourceArn is the distribution's"
        ))),
        Oddity::Expires(rule) => Ok(Some(format!(
            "the bucket's lifecycle rule {rule} deletes objects by their age: the live site of a quiet project is old"
        ))),
        Oddity::ViewerLambda(pattern, arn) => {
            let message =
                format!("{arn} works on viewers' events of behavior {pattern}, where the function is to work");
            brake(
                "viewer-lambda",
                message,
                "CloudFront takes one of the two: take the Lambda function off that behavior; nothing was changed",
            )
        }
        Oddity::Extra(pattern, what) if found.is_adopted() => {
            Ok(Some(format!("{what} stays on behavior {pattern}, and works on the site")))
        }
        Oddity::KmsKey(Some(_)) | Oddity::Extra(..) => Ok(None),
    }
}

/// A certificate that is not issued, or not for these names, would be refused with everything else already made.
fn covers(certificate: &Issued, domains: &[String]) -> Result<()> {
    let Issued { status, names, validation } = certificate;
    if status != "ISSUED" {
        let records: Vec<_> =
            validation.iter().map(|[name, kind, value]| format!("\n  {name} {kind} {value}")).collect();
        let help = if records.is_empty() {
            "request another one: AWS issues this one no more".to_owned()
        } else {
            format!(
                "create these DNS records, which prove that the names are yours, and wait a few minutes:{}",
                records.concat()
            )
        };
        let records: Vec<_> = validation
            .iter()
            .map(|[name, kind, value]| serde_json::json!({ "name": name, "type": kind, "value": value }))
            .collect();
        let message = format!("the certificate is not issued: it is {status}");
        let error = Error::new(Class::Config, "certificate-pending", message).help(help);
        return Err(error.details(serde_json::json!({ "dns": records })));
    }
    match domains.iter().find(|domain| !names.iter().any(|name| is_for(name, domain))) {
        None => Ok(()),
        Some(domain) => {
            let message = format!("the certificate is not for {domain}, but for {}", names.join(", "));
            Err(Error::new(Class::Config, "certificate-names", message)
                .help("request one for every name of `domains`, in us-east-1"))
        }
    }
}

/// RFC 6125, 6.4.3: a `*` stands for one label.
fn is_for(name: &str, domain: &str) -> bool {
    let parent = || domain.split_once('.').map(|(_, parent)| parent);
    name == domain || name.strip_prefix("*.").is_some_and(|wild| Some(wild) == parent())
}

#[cfg(test)]
mod tests {
    use super::is_for;

    #[test]
    fn a_star_is_one_label() {
        for (name, domain, expected) in [
            ("a.example", "a.example", true),
            ("*.a.example", "www.a.example", true),
            ("*.a.example", "a.example", false),
            ("*.a.example", "x.www.a.example", false),
            ("b.example", "a.example", false),
        ] {
            assert_eq!(is_for(name, domain), expected, "{name} {domain}");
        }
    }
}
