//! Where an environment is published.

use std::net::{IpAddr, Ipv4Addr};

use url::Url;

use super::{Report, is_region, known, origin};
use crate::config::{
    Checksums,
    file::{Api, Cdn, Package, Place, TargetKind},
};

/// Whether the place is one at all.
pub fn target(report: &mut Report<'_>, place: &Place) {
    let Place {
        target,
        bucket,
        region,
        cdn,
        domains,
        certificate_arn,
        distribution_id,
        api_origin,
        endpoint_url,
        viewer_url,
        profile,
        role_arn,
        locking,
        checksums,
    } = place;
    let aws = *target == Some(TargetKind::Aws) || bucket.is_some();
    match target {
        None if bucket.is_none() => {
            let message = "this environment says neither `target: local` nor a `bucket`";
            report.lacks("no-target", message, "add `target: local`, or `bucket:` and `region:`");
        }
        Some(TargetKind::Local) => {
            let given = [
                ("bucket", bucket.is_some()),
                ("region", region.is_some()),
                ("cdn", cdn.is_some()),
                ("domains", !domains.is_empty()),
                ("certificate_arn", certificate_arn.is_some()),
                ("distribution_id", distribution_id.is_some()),
                ("api_origin", api_origin.is_some()),
                ("endpoint_url", endpoint_url.is_some()),
                ("viewer_url", viewer_url.is_some()),
                ("profile", profile.is_some()),
                ("role_arn", role_arn.is_some()),
                ("locking", locking.is_some()),
                ("checksums", *checksums != Checksums::default()),
            ];
            for (key, _) in given.into_iter().filter(|(_, given)| *given) {
                let message = format!("`{key}` does not go with `target: local`");
                report.error("target-conflict", key, message, format!("remove `{key}`, or `target: local`"));
            }
        }
        Some(TargetKind::Aws) if bucket.is_none() => {
            report.lacks("missing-key", "this environment has no `bucket`", "add `bucket: my-bucket`");
        }
        _ => {}
    }
    if aws && region.is_none() && *target != Some(TargetKind::Local) {
        report.lacks("missing-key", "this environment has no `region`", "add the bucket's region: `region: us-east-1`");
    }
}

/// What AWS would refuse, and what would not work there.
pub fn aws(report: &mut Report<'_>, place: &Place, api: Option<&Api>) {
    if place.target == Some(TargetKind::Local) || place.bucket.is_none() {
        return;
    }
    if let Some(bucket) = known(place.bucket.as_ref()).or_else(|| place.bucket.as_deref().filter(|b| b.is_empty()))
        && !is_bucket(bucket)
    {
        let message = format!("{} cannot name a bucket", report.shown("bucket"));
        let help = "use 3 to 63 lower-case letters, digits and `-`, starting and ending with a letter or digit";
        report.error("bucket-name", "bucket", message, help);
    }
    if let Some(region) = known(place.region.as_ref())
        && !is_region(region)
    {
        let message = format!("{} is no region", report.shown("region"));
        report.error("region", "region", message, "write it as in `us-east-1`");
    }
    endpoint(report, place);
    role(report, place);
    domains(report, &place.domains);
    if place.cdn == Some(Cdn::None) {
        without_cdn(report, place, api);
    } else {
        distribution(report, place, api);
    }
}

fn without_cdn(report: &mut Report<'_>, place: &Place, api: Option<&Api>) {
    if api.is_some_and(|api| api.package == Package::Lambda) {
        let message = "`package: lambda` has no effect with `cdn: none`: nothing would lead to the function";
        report.warn("cdn-none", "api.package", message, "remove `package: lambda`, or `cdn: none`");
    }
    let given = [
        ("domains", !place.domains.is_empty()),
        ("certificate_arn", place.certificate_arn.is_some()),
        ("distribution_id", place.distribution_id.is_some()),
        ("api_origin", place.api_origin.is_some()),
        ("viewer_url", place.viewer_url.is_some()),
    ];
    for (key, _) in given.into_iter().filter(|(_, given)| *given) {
        let message = format!("`{key}` has no effect with `cdn: none`");
        report.warn("cdn-none", key, message, format!("remove `{key}`, or `cdn: none`"));
    }
}

fn distribution(report: &mut Report<'_>, place: &Place, api: Option<&Api>) {
    viewer(report, place);
    let certificate = place.certificate_arn.as_deref().filter(|arn| !arn.is_empty());
    if !place.domains.is_empty() && certificate.is_none() {
        let message = "domains without a certificate: CloudFront would refuse them";
        report.error(
            "domains-without-certificate",
            "domains",
            message,
            "add `certificate_arn`, of a certificate in us-east-1",
        );
    }
    if let Some(arn) = known(place.certificate_arn.as_ref()) {
        let fields: Vec<_> = arn.splitn(6, ':').collect();
        let is_certificate = matches!(fields[..], ["arn", _, "acm", _, account, resource]
            if is_account(account) && resource.starts_with("certificate/"));
        if !is_certificate {
            let message = format!("{} is no ARN of a certificate", report.shown("certificate_arn"));
            let help = "write it as in `arn:aws:acm:us-east-1:123456789012:certificate/…`";
            report.error("certificate-arn", "certificate_arn", message, help);
        } else if fields[3] != "us-east-1" {
            let message = "the certificate is not in us-east-1: CloudFront takes no other";
            report.error(
                "certificate-region",
                "certificate_arn",
                message,
                "request it in us-east-1; the bucket may stay where it is",
            );
        }
    }
    if let Some(id) = known(place.distribution_id.as_ref())
        && !(id.starts_with('E')
            && (8..=20).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
    {
        let message = format!("{} is no id of a distribution", report.shown("distribution_id"));
        report.error(
            "distribution-id",
            "distribution_id",
            message,
            "write it as in `E2QWRUHAPOMQZL`, without the domain",
        );
    }
    origin::api(report, place, api);
}

/// The address that `verify` asks.
fn viewer(report: &mut Report<'_>, place: &Place) {
    let Some(text) = known(place.viewer_url.as_ref()) else { return };
    let is_site = Url::parse(text).is_ok_and(|url| {
        // `http:host` is a URL to browsers; here it is a slip of the pen.
        matches!(text.split_once("://"), Some(("http" | "https", _)))
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if !is_site {
        let message = format!("{} is no address of a site", report.shown("viewer_url"));
        report.error("viewer-url", "viewer_url", message, "write scheme and host only: `https://www.example.com`");
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn role(report: &mut Report<'_>, place: &Place) {
    let Some(arn) = known(place.role_arn.as_ref()) else { return };
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let is_role = matches!(fields[..], ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws") && is_account(account) && resource.len() > 5 && resource.starts_with("role/"));
    if !is_role {
        let message = format!("{} is no ARN of a role", report.shown("role_arn"));
        report.error("role-arn", "role_arn", message, "write it as in `arn:aws:iam::123456789012:role/deploy`");
    }
}

fn domains(report: &mut Report<'_>, domains: &[String]) {
    for (index, domain) in domains.iter().enumerate() {
        let path = format!("domains[{index}]");
        if domain.contains("${") {
            continue;
        }
        if !is_host(domain.strip_prefix("*.").unwrap_or(domain)) || !domain.contains('.') {
            let message = format!("{} is no host name", report.shown(&path));
            report.error("domain", &path, message, "write it in lower case without scheme and path: `www.example.com`");
        } else if domains[..index].contains(domain) {
            report.error(
                "duplicate-domain",
                &path,
                format!("{} is there twice", report.shown(&path)),
                "remove one of them",
            );
        } else if index == 0 && domain.starts_with("*.") {
            let message = "the first domain is the canonical one, and cannot have a `*`";
            report.error("domain", &path, message, "put a plain host name first");
        }
    }
}

fn endpoint(report: &mut Report<'_>, place: &Place) {
    let Some(url) = known(place.endpoint_url.as_ref()) else { return };
    let path = "endpoint_url";
    let (plain, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => (false, ""),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.is_empty() || rest.contains(['@', '?', '#', ' ']) {
        let message = format!("{} is no http or https address", report.shown(path));
        report.error("endpoint-url", path, message, "write it as in `http://localhost:4566`");
    } else if plain && !is_loopback(authority) {
        let message = "signed requests and the whole site would cross the network unencrypted";
        report.warn("endpoint-unencrypted", path, message, "use https");
    }
}

/// Whether `host`, `host:port` or `[address]:port` is this machine.
pub fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Twelve digits.
fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket(name: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&name.len())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|suffix| name.ends_with(suffix))
}

/// A host name of RFC 1123 labels, in lower case.
pub fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}
