//! What AWS refuses is said in words that a person can act on.

use treebeard_cdn::{
    error::{Class, Error},
    model::infrastructure::{Issued, Kind, Known, Resource, Settings},
    remote::{
        aws::{Access, Connection},
        provider::Provider as _,
    },
};

use super::{Site, distribution, function, resource};
use crate::support::servers::{Answer, REGION, Scripted, Server, ministack};

#[track_caller]
fn says(error: &Error, class: Class, rule: &str, words: &[&str]) {
    let said = format!("{}\n{}", error.message, error.help.as_deref().unwrap_or_default());
    assert_eq!((error.class, error.rule), (class, rule), "{said}");
    assert!(error.help.is_some(), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

/// A refusal as CloudFront words it.
fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    Answer::new(status, format!("<ErrorResponse><Error>{error}</Error><RequestId>REQ1</RequestId></ErrorResponse>"))
}

/// What is said when CloudFront, which has nothing, answers every creation with `answer`.
async fn said_of(wanted: &Resource, answer: Answer) -> Error {
    let nothing =
        "<List><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>0</Quantity></List>";
    let scripted = Scripted::new(move |_, request| match request.method() {
        "GET" if request.target().contains("/describe") => refusal(404, "NoSuchFunctionExists", "none"),
        "GET" => Answer::new(200, nothing),
        _ => answer.clone(),
    });
    let provider = scripted.server.connection().await.provider();
    let mut known = Known::default();
    for (kind, name) in [(Kind::Function, "site-edge"), (Kind::OriginAccessControl, "site-control")] {
        let settings = match kind {
            Kind::Function => Settings::Function(function("one")),
            _ => Settings::OriginAccessControl(super::control()),
        };
        let arn = Some(format!("arn:aws:cloudfront::1:function/{name}"));
        let found =
            super::Found { id: "E1".to_owned(), arn, domain: None, version: None, settings, oddities: Vec::new() };
        known.insert(name, found);
    }
    provider.create(wanted, &known).await.unwrap_err()
}

fn site() -> Resource {
    resource("site".to_owned(), Settings::Distribution(Box::new(distribution("site"))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_that_cloudfront_does_not_want() {
    let message = "One or more of the CNAMEs you provided are already associated with a different resource.";
    let error = said_of(&site(), refusal(409, "CNAMEAlreadyExists", message)).await;
    let words = ["example.com, www.example.com", message, "associate-alias", "list-conflicting-aliases"];
    says(&error, Class::Config, "alias-taken", &words);
    let message = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, or isn't valid.";
    let error = said_of(&site(), refusal(400, "InvalidViewerCertificate", message)).await;
    says(&error, Class::Config, "certificate-invalid", &[message, "us-east-1", "describe-certificate"]);
    let error = said_of(&site(), refusal(400, "TooManyDistributions", "Too many.")).await;
    says(&error, Class::Remote, "quota", &["quota of distributions", "TooManyDistributions", "Service Quotas"]);
    let error = said_of(&site(), refusal(400, "TooManyDistributionCNAMEs", "Too many.")).await;
    says(&error, Class::Remote, "quota", &["quota of distribution CNAMEs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing() {
    let message = "User: arn:aws:iam::1:user/ci is not authorized to perform: cloudfront:TagResource on resource: \
        arn:aws:cloudfront::1:distribution/* because no identity-based policy allows the action";
    let error = said_of(&site(), refusal(403, "AccessDenied", message)).await;
    let statement =
        r#"{"Action":"cloudfront:TagResource","Effect":"Allow","Resource":"arn:aws:cloudfront::1:distribution/*"}"#;
    says(&error, Class::Remote, "access-denied", &["user/ci", statement, "get-caller-identity"]);
    // Where AWS does not say for what, it is what was asked for.
    let edge = resource("site-edge".to_owned(), Settings::Function(function("one")));
    let error = said_of(&edge, refusal(403, "AccessDenied", "no")).await;
    let statement =
        r#"{"Action":"cloudfront:CreateFunction","Effect":"Allow","Resource":"arn:aws:cloudfront::*:function/*"}"#;
    says(&error, Class::Remote, "access-denied", &[statement]);
    let denied = Scripted::new(|_, _| refusal(403, "AccessDenied", "no"));
    let error = denied.server.connection().await.provider().find(&site(), &Known::default()).await.unwrap_err();
    let statement = r#"{"Action":"cloudfront:ListDistributions","Effect":"Allow","Resource":"*"}"#;
    says(&error, Class::Remote, "access-denied", &[statement]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_id_that_does_not_exist() {
    let site = Site::new().await;
    let wanted = Resource { id: Some("ENOSUCHID".to_owned()), ..site.wanted_of(Kind::Distribution) };
    let error = site.provider.find(&wanted, &site.known).await.unwrap_err();
    says(&error, Class::Config, "distribution-missing", &["ENOSUCHID", "distribution_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_bucket() {
    let site = Site::new().await;
    // To ministack, a key of twelve digits is an account.
    let other = Connection::with_keys(&ministack().access(), "111111111111", "test", None).await.unwrap();
    let theirs = site.wanted_of(Kind::Bucket);
    other.provider().create(&theirs, &Known::default()).await.unwrap();
    let error = site.provider.find(&theirs, &site.known).await.unwrap_err();
    let words = [&*site.name, "somebody else's", "s3:ListBucket", "another name"];
    says(&error, Class::Remote, "access-denied", &words);
    let error = site.provider.create(&theirs, &site.known).await.unwrap_err();
    says(&error, Class::Config, "bucket-taken", &[&site.name, "another one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_are_made_where_they_should_be() {
    let site = Site::new().await;
    let access = Access { region: "eu-west-1".to_owned(), ..ministack().access() };
    let abroad = Connection::with_keys(&access, "test", "test", None).await.unwrap().provider();
    let mut wanted = site.wanted_of(Kind::Bucket);
    let Settings::Bucket(bucket) = &mut wanted.settings else { panic!() };
    bucket.region = "eu-west-1".to_owned();
    let made = abroad.create(&wanted, &Known::default()).await.unwrap();
    assert_eq!(made.settings, wanted.settings);
    let place = ministack().s3().get_bucket_location().bucket(&site.name).send().await.unwrap();
    assert_eq!(place.location_constraint.unwrap().as_str(), "eu-west-1");
    // From elsewhere it is not looked at twice.
    let error = site.provider.find(&wanted, &site.known).await.unwrap_err();
    says(&error, Class::Config, "bucket-region", &["region eu-west-1, not in us-east-1"]);
}

/// ACM's answer to every question.
async fn certificate(status: u16, answer: &str) -> Result<Option<Issued>, Error> {
    let answer = Answer::new(status, answer).header("Content-Type", "application/x-amz-json-1.1");
    let scripted = Scripted::new(move |_, request| {
        assert_eq!(request.header("x-amz-target"), Some("CertificateManager.DescribeCertificate"));
        assert!(request.header("authorization").unwrap().contains("/us-east-1/acm/"));
        answer.clone()
    });
    let access = Access { region: "eu-west-1".to_owned(), ..scripted.server.access() };
    let connection = Connection::with_keys(&access, "key", "secret", None).await.unwrap();
    connection.provider().certificate("arn:aws:acm:us-east-1:1:certificate/2").await
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates() {
    let pending = r#"{ "Certificate": { "CertificateArn": "arn", "DomainName": "example.com", "Status": "PENDING_VALIDATION",
        "SubjectAlternativeNames": ["example.com", "*.example.com", "example.org"], "DomainValidationOptions": [
        { "DomainName": "example.com", "ValidationStatus": "PENDING_VALIDATION",
          "ResourceRecord": { "Name": "_a.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws." } },
        { "DomainName": "*.example.com", "ValidationStatus": "PENDING_VALIDATION",
          "ResourceRecord": { "Name": "_a.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws." } },
        { "DomainName": "example.org", "ValidationStatus": "SUCCESS",
          "ResourceRecord": { "Name": "_c.example.org.", "Type": "CNAME", "Value": "_d.acm-validations.aws." } }
    ] } }"#;
    let found = certificate(200, pending).await.unwrap().unwrap();
    assert_eq!((found.status.as_str(), found.names.len()), ("PENDING_VALIDATION", 3));
    assert_eq!(found.validation, [["_a.example.com.", "CNAME", "_b.acm-validations.aws."].map(str::to_owned)]);
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    assert_eq!(certificate(400, denied).await.unwrap(), None);
    let unknown = r#"{"__type":"ResourceNotFoundException","message":"Could not find certificate."}"#;
    let error = certificate(400, unknown).await.unwrap_err();
    says(&error, Class::Config, "certificate-unknown", &["certificate/2", "us-east-1", "list-certificates"]);
    let busy = certificate(400, r#"{"__type":"ValidationException","message":"bad arn"}"#).await.unwrap_err();
    says(&busy, Class::Remote, "aws", &["ValidationException", "bad arn", "certificate/2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_acm_knows() {
    let server = ministack();
    let body = r#"{"DomainName":"example.com","SubjectAlternativeNames":["www.example.com"],"ValidationMethod":"DNS"}"#;
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/acm/aws4_request, SignedHeaders=host, Signature=0");
    let headers = [
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "CertificateManager.RequestCertificate"),
        ("Authorization", &scope),
    ];
    let made = crate::support::http::request(server.port, "POST", "/", &headers, body.as_bytes());
    let made: serde_json::Value = serde_json::from_str(&made.text()).unwrap();
    let provider = server.connection().await.provider();
    let found = provider.certificate(made["CertificateArn"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.status, "ISSUED");
    assert!(found.names.contains(&"example.com".to_owned()) && found.names.contains(&"www.example.com".to_owned()));
    let unknown = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000";
    assert_eq!(provider.certificate(unknown).await.unwrap_err().rule, "certificate-unknown");
}

/// Servers that lack settings of a bucket: what is read counts as not set, what is written is an error.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lacks_settings() {
    let scripted = Scripted::new(|_, request| match (request.method(), request.target()) {
        ("HEAD", _) => Answer::new(200, ""),
        (_, target) if target.contains("?versioning") => Answer::new(200, "<VersioningConfiguration/>"),
        _ => Answer::refusal(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        ),
    });
    let provider = scripted.server.connection().await.provider();
    let wanted = resource("site".to_owned(), Settings::Bucket(super::bucket("site")));
    let found = provider.find(&wanted, &Known::default()).await.unwrap().unwrap();
    let Settings::Bucket(settings) = &found.settings else { panic!("{found:?}") };
    assert_eq!((settings.encryption, settings.tags.len(), settings.region.as_str()), (false, 0, REGION));
    let error = provider.update(&wanted, &found, &Known::default()).await.unwrap_err();
    says(&error, Class::Config, "not-implemented", &["bucket site"]);
    let nobody = Server { port: crate::support::http::free_port(), access_key: "key", secret_key: "secret" };
    let error = nobody.connection().await.provider().find(&wanted, &Known::default()).await.unwrap_err();
    says(&error, Class::Remote, "unreachable", &["bucket site"]);
}
