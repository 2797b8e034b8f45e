//! The oracle knows what AWS's model allows, and finds each kind of fault.

use crate::support::{aws_model::validate, servers::Received};

const CLOUDFRONT: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

fn signed(service: &str, line: &str, body: &str) -> Received {
    let credential = format!("AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/{service}/aws4_request, Signature=0");
    Received {
        line: format!("{line} HTTP/1.1"),
        headers: vec![("authorization".to_owned(), credential)],
        body: body.as_bytes().to_vec(),
    }
}

/// A distribution that the model allows, in which each part can be replaced by another.
const DISTRIBUTION: &str = r#"<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
<CallerReference>once</CallerReference>
<Origins><Quantity>1</Quantity><Items><Origin><Id>bucket</Id><DomainName>b.s3.us-east-1.amazonaws.com</DomainName>
<S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin></Items></Origins>
<DefaultCacheBehavior><TargetOriginId>bucket</TargetOriginId>
<ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy></DefaultCacheBehavior>
<Comment></Comment><Enabled>true</Enabled>
</DistributionConfig>"#;

fn create(distribution: &str) -> Received {
    signed("cloudfront", "POST /2020-05-31/distribution", distribution)
}

/// What is found wrong, a line a fault.
fn faults(request: &Received) -> Vec<String> {
    validate(request).expect_err("not allowed").iter().map(ToString::to_string).collect()
}

#[test]
fn what_the_model_allows_is_named() {
    let operation = validate(&create(DISTRIBUTION)).unwrap();
    assert_eq!((operation.service, &*operation.name), ("cloudfront", "CreateDistribution"));
    for (service, line, body, expected) in [
        ("cloudfront", "GET /2020-05-31/distribution", "", "ListDistributions"),
        ("cloudfront", "GET /2020-05-31/distribution/E1/config", "", "GetDistributionConfig"),
        ("cloudfront", "GET /2020-05-31/function/name/describe?Stage=LIVE", "", "DescribeFunction"),
        (
            "cloudfront",
            "GET /2020-05-31/tagging?Resource=arn%3Aaws%3Acloudfront%3A%3A1%3Adistribution%2FE1",
            "",
            "ListTagsForResource",
        ),
        ("s3", "HEAD /bucket", "", "HeadBucket"),
        ("s3", "PUT /bucket/", "", "CreateBucket"),
        ("s3", "GET /bucket/?list-type=2&prefix=a%2F", "", "ListObjectsV2"),
        ("s3", "GET /bucket?lifecycle", "", "GetBucketLifecycleConfiguration"),
        ("s3", "GET /bucket/a/b%20c?x-id=GetObject", "", "GetObject"),
        ("s3", "PUT /bucket/a/b", "bytes", "PutObject"),
        ("s3", "PUT /bucket/a?partNumber=1&uploadId=u", "bytes", "UploadPart"),
        ("s3", "PUT /bucket?policy", "{}", "PutBucketPolicy"),
    ] {
        let operation = validate(&signed(service, line, body)).unwrap_or_else(|faults| panic!("{line}: {faults:?}"));
        assert_eq!(operation.name, expected, "{line}");
    }
    let mut copy = signed("s3", "PUT /bucket/a", "");
    copy.headers.push(("x-amz-copy-source".to_owned(), "bucket/b".to_owned()));
    assert_eq!(validate(&copy).unwrap().name, "CopyObject");
    let mut describe =
        signed("acm", "POST /", r#"{"CertificateArn":"arn:aws:acm:us-east-1:123456789012:certificate/1"}"#);
    describe.headers.push(("x-amz-target".to_owned(), "CertificateManager.DescribeCertificate".to_owned()));
    assert_eq!(validate(&describe).unwrap().name, "DescribeCertificate");
}

#[test]
fn every_kind_of_fault_in_a_body_is_found() {
    let behavior = "DistributionConfig.DefaultCacheBehavior";
    for (part, instead, expected) in [
        (
            "redirect-to-https",
            "redirect",
            format!(
                "{behavior}.ViewerProtocolPolicy: \"redirect\" is none of allow-all, https-only, redirect-to-https"
            ),
        ),
        ("<TargetOriginId>bucket</TargetOriginId>", "", format!("{behavior}.TargetOriginId: required, and missing")),
        ("<Quantity>1<", "<Quantity>2<", "DistributionConfig.Origins.Quantity: 2, but there are 1 items".to_owned()),
        (
            "<Quantity>1<",
            "<Quantity>one<",
            "DistributionConfig.Origins.Quantity: \"one\" is no whole number".to_owned(),
        ),
        (
            "<Comment></Comment>",
            "<Comment></Comment><Commment/>",
            "DistributionConfig.Commment: unknown member".to_owned(),
        ),
        (
            "<Comment></Comment>",
            "<Comment></Comment><Comment/>",
            "DistributionConfig.Comment: is there 2 times".to_owned(),
        ),
        ("<Comment></Comment>", "<Comment><b/></Comment>", "DistributionConfig.Comment: has parts".to_owned()),
        ("<Enabled>true", "<Enabled>yes", "DistributionConfig.Enabled: \"yes\" is no boolean".to_owned()),
        (
            "</Origin></Items>",
            "</Origin><Other/></Items>",
            "DistributionConfig.Origins.Items: not a list of Origin".to_owned(),
        ),
        (
            "<Comment></Comment>",
            "<Comment></Comment><Aliases>none</Aliases>",
            "DistributionConfig.Aliases: not a structure".to_owned(),
        ),
        ("<Comment>", "<Comment", "body: ".to_owned()),
        ("<DistributionConfig ", "<DistributionConfig a='", "body: ".to_owned()),
        ("2020-05-31", "2019-03-26", "DistributionConfig: its namespace is ".to_owned()),
    ] {
        assert!(DISTRIBUTION.contains(part), "{part}");
        let found = faults(&create(&DISTRIBUTION.replacen(part, instead, 1)));
        assert!(found.iter().any(|fault| fault.starts_with(&expected)), "{expected}\n{found:#?}");
    }
    let renamed = DISTRIBUTION.replace("DistributionConfig", "Distribution");
    assert_eq!(
        faults(&create(&renamed)),
        ["DistributionConfig: the element is called Distribution, not DistributionConfig"]
    );
    assert_eq!(faults(&create("")), ["DistributionConfig: required, and missing"]);
}

#[test]
fn bounds_and_patterns_are_kept() {
    let function = |name: &str, comment: &str, code: &str| {
        let body = format!(
            "<CreateFunctionRequest xmlns=\"{CLOUDFRONT}\"><Name>{name}</Name><FunctionConfig><Comment>{comment}</Comment>\
             <Runtime>cloudfront-js-2.0</Runtime></FunctionConfig><FunctionCode>{code}</FunctionCode></CreateFunctionRequest>"
        );
        signed("cloudfront", "POST /2020-05-31/function", &body)
    };
    validate(&function("router", "", "ZnVuY3Rpb24=")).unwrap();
    for (request, expected) in [
        (function(&"x".repeat(65), "", "YQ=="), "body.Name: 65 characters where 1..64 are allowed"),
        (function("a.b", "", "YQ=="), "body.Name: \"a.b\" does not match [a-zA-Z0-9-_]{1,64}"),
        (function("a", "", ""), "body.FunctionCode: 0 bytes where 1..40960 are allowed"),
        (function("a", "", "***"), "body.FunctionCode: Invalid symbol 42, offset 0."),
    ] {
        let found = faults(&request);
        assert!(found.iter().any(|fault| fault == expected), "{expected}\n{found:#?}");
    }
    let no_origins = DISTRIBUTION.replacen("<Quantity>1<", "<Quantity>0<", 1);
    let (before, rest) = no_origins.split_once("<Origin>").unwrap();
    let (_, after) = rest.split_once("</Origin>").unwrap();
    let found = faults(&create(&format!("{before}{after}")));
    assert_eq!(found, ["DistributionConfig.Origins.Items: 0 items where 1.. are allowed"]);
}

#[test]
fn what_is_not_in_the_body_counts_too() {
    let tags = format!("<Tags xmlns=\"{CLOUDFRONT}\"/>");
    for (request, expected) in [
        (signed("cloudfront", "GET /2020-05-31/function/a/describe?Stage=TEST", ""), "Stage: \"TEST\" is none of "),
        (signed("cloudfront", "GET /2020-05-31/distribution?Page=2", ""), "Page: unknown query parameter"),
        (signed("cloudfront", "POST /2020-05-31/tagging?Operation=Tag", &tags), "Resource: required, and missing"),
        (signed("cloudfront", "DELETE /2020-05-31/function/a", ""), "IfMatch: required, and missing"),
        (signed("cloudfront", "GET /2020-05-31/nothing", ""), "GET /2020-05-31/nothing HTTP/1.1: no such operation"),
        (signed("s3", "PUT /bucket?policy", ""), "Policy: required, and missing"),
        (signed("s3", "PUT /bucket?versioning", ""), "VersioningConfiguration: required, and missing"),
        (signed("sqs", "POST /", ""), "POST / HTTP/1.1: signed for sqs"),
        (
            Received { headers: Vec::new(), ..create(DISTRIBUTION) },
            "POST /2020-05-31/distribution HTTP/1.1: not signed",
        ),
    ] {
        let found = faults(&request);
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{expected}\n{found:#?}");
    }
}
