//! Answers in the form that CloudFront gives them, where ministack's differ: every field is there, filled with defaults
//! that nobody asked for, and empty elements stand for nothing (CloudFront API Reference, `GetDistribution`).

use std::collections::BTreeMap;

use treebeard_cdn::{
    model::infrastructure::{
        Behavior, CACHING_DISABLED, Distribution, Geo, Kind, Known, Logging, Origin, Resource, SITE_TAG, Settings,
        ViewerProtocol,
    },
    plan::infrastructure::plan,
    remote::provider::Provider as _,
};

use super::{function, map, resource, set};
use crate::support::servers::{Answer, Scripted};

const ARN: &str = "arn:aws:cloudfront::123456789012:distribution/E1";

fn behavior(name: &str, first: &str, origin: &str, protocol: &str, policy: &str) -> String {
    format!(
        "<{name}>{first}<TargetOriginId>{origin}</TargetOriginId>\
         <TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners>\
         <TrustedKeyGroups><Enabled>false</Enabled><Quantity>0</Quantity></TrustedKeyGroups>\
         <ViewerProtocolPolicy>{protocol}</ViewerProtocolPolicy>\
         <AllowedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items>\
         <CachedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items></CachedMethods>\
         </AllowedMethods><SmoothStreaming>false</SmoothStreaming><Compress>false</Compress>\
         <LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>\
         <FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation>\
         <FunctionARN>arn:aws:cloudfront::123456789012:function/site-edge</FunctionARN>\
         <EventType>viewer-request</EventType></FunctionAssociation></Items></FunctionAssociations>\
         <FieldLevelEncryptionId></FieldLevelEncryptionId><CachePolicyId>{policy}</CachePolicyId>\
         <GrpcConfig><Enabled>false</Enabled></GrpcConfig></{name}>"
    )
}

fn origin(id: &str, domain: &str, control: &str, kind: &str) -> String {
    format!(
        "<Origin><Id>{id}</Id><DomainName>{domain}</DomainName><OriginPath></OriginPath>\
         <CustomHeaders><Quantity>0</Quantity></CustomHeaders>{kind}<ConnectionAttempts>3</ConnectionAttempts>\
         <ConnectionTimeout>10</ConnectionTimeout><OriginShield><Enabled>false</Enabled></OriginShield>\
         <OriginAccessControlId>{control}</OriginAccessControlId></Origin>"
    )
}

fn answer(in_progress: bool) -> String {
    let disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    let s3 = "<S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity><OriginReadTimeout>30</OriginReadTimeout></S3OriginConfig>";
    let custom = "<CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>\
        <OriginProtocolPolicy>https-only</OriginProtocolPolicy><OriginSslProtocols><Quantity>1</Quantity>\
        <Items><SslProtocol>TLSv1.2</SslProtocol></Items></OriginSslProtocols><OriginReadTimeout>30</OriginReadTimeout>\
        <OriginKeepaliveTimeout>5</OriginKeepaliveTimeout></CustomOriginConfig>";
    let config = [
        "<CallerReference>r</CallerReference><Aliases><Quantity>0</Quantity></Aliases>".to_owned(),
        "<DefaultRootObject>index.html</DefaultRootObject><Origins><Quantity>2</Quantity><Items>".to_owned(),
        origin("files", "site.s3.us-east-1.amazonaws.com", "ECONTROL", s3),
        origin("api", "api.example.com", "", custom),
        "</Items></Origins><OriginGroups><Quantity>0</Quantity></OriginGroups>".to_owned(),
        behavior("DefaultCacheBehavior", "", "files", "redirect-to-https", disabled),
        "<CacheBehaviors><Quantity>1</Quantity><Items>".to_owned(),
        behavior("CacheBehavior", "<PathPattern>/api/*</PathPattern>", "api", "https-only", disabled),
        "</Items></CacheBehaviors><CustomErrorResponses><Quantity>1</Quantity><Items><CustomErrorResponse>\
         <ErrorCode>404</ErrorCode><ResponsePagePath></ResponsePagePath><ResponseCode></ResponseCode>\
         <ErrorCachingMinTTL>10</ErrorCachingMinTTL></CustomErrorResponse></Items></CustomErrorResponses>\
         <Comment>site</Comment><Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket></Bucket>\
         <Prefix></Prefix></Logging><PriceClass>PriceClass_All</PriceClass><Enabled>true</Enabled><ViewerCertificate>\
         <CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate><SSLSupportMethod>vip</SSLSupportMethod>\
         <MinimumProtocolVersion>TLSv1</MinimumProtocolVersion><CertificateSource>cloudfront</CertificateSource>\
         </ViewerCertificate><Restrictions><GeoRestriction><RestrictionType>none</RestrictionType><Quantity>0</Quantity>\
         </GeoRestriction></Restrictions><WebACLId></WebACLId><HttpVersion>http2and3</HttpVersion>\
         <IsIPV6Enabled>true</IsIPV6Enabled><ContinuousDeploymentPolicyId></ContinuousDeploymentPolicyId>\
         <Staging>false</Staging>"
            .to_owned(),
    ];
    let status = if in_progress { "InProgress" } else { "Deployed" };
    format!(
        "<Distribution><Id>E1</Id><ARN>{ARN}</ARN><Status>{status}</Status>\
         <LastModifiedTime>2026-01-02T03:04:05.678Z</LastModifiedTime><InProgressInvalidationBatches>0</InProgressInvalidationBatches>\
         <DomainName>d1.cloudfront.net</DomainName><ActiveTrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity>\
         </ActiveTrustedSigners><DistributionConfig>{}</DistributionConfig></Distribution>",
        config.concat()
    )
}

/// A CloudFront that has the distribution and nothing else. It takes changes, and forgets them.
fn cloudfront(in_progress: bool) -> Scripted {
    let tags = format!(
        "<Tags><Items><Tag><Key>{SITE_TAG}</Key><Value>site</Value></Tag><Tag><Key>aws:x</Key><Value/></Tag></Items></Tags>"
    );
    Scripted::new(move |_, request| match (request.method(), request.target()) {
        ("GET", target) if target.contains("/tagging") => Answer::new(200, tags.clone()),
        _ => Answer::new(200, answer(in_progress)).header("ETag", "E2QWRUHAPOMQZL"),
    })
}

fn known() -> Known {
    let mut known = Known::default();
    let found = |id: &str, arn: Option<&str>, settings| super::Found {
        id: id.to_owned(),
        arn: arn.map(str::to_owned),
        domain: None,
        version: None,
        settings,
        oddities: Vec::new(),
    };
    known.insert("site-control", found("ECONTROL", None, Settings::OriginAccessControl(super::control())));
    let arn = "arn:aws:cloudfront::123456789012:function/site-edge";
    known.insert("site-edge", found("site-edge", Some(arn), Settings::Function(function("one"))));
    known
}

fn wanted() -> Resource {
    let behavior = |origin: &str, viewer_protocol| Behavior {
        origin: origin.to_owned(),
        viewer_protocol,
        methods: set(&["GET", "HEAD"]),
        cached_methods: set(&["GET", "HEAD"]),
        cache_policy: CACHING_DISABLED.to_owned(),
        viewer_request: "site-edge".to_owned(),
        ..Behavior::default()
    };
    let files = Origin {
        domain: "site.s3.us-east-1.amazonaws.com".to_owned(),
        access_control: Some("site-control".to_owned()),
        shield: Some(String::new()),
        ..Origin::default()
    };
    let api = Origin {
        domain: "api.example.com".to_owned(),
        protocol: Some("https-only".to_owned()),
        port: Some(443),
        read_timeout: Some(30),
        tls: Some(set(&["TLSv1.2"])),
        ..Origin::default()
    };
    let distribution = Distribution {
        enabled: true,
        aliases: Some(set(&[])),
        certificate: Some(treebeard_cdn::model::infrastructure::Certificate::default()),
        http_version: Some("http2and3".to_owned()),
        ipv6: Some(true),
        price_class: Some("PriceClass_All".to_owned()),
        default_root_object: Some("index.html".to_owned()),
        logging: Some(Logging::default()),
        waf_acl: Some(String::new()),
        geo: Some(Geo::default()),
        cache_tag_header: Some(String::new()),
        origin_ids: Some(set(&["files", "api"])),
        patterns: Some(vec!["/api/*".to_owned()]),
        origins: [("files".to_owned(), files), ("api".to_owned(), api)].into(),
        behaviors: [
            ("*".to_owned(), behavior("files", ViewerProtocol::RedirectToHttps)),
            ("/api/*".to_owned(), behavior("api", ViewerProtocol::HttpsOnly)),
        ]
        .into(),
        error_pages: Some(
            [(404, treebeard_cdn::model::distribution::ErrorPage { ttl: 10, ..Default::default() })].into(),
        ),
        tags: map(&[(SITE_TAG, "site")]),
    };
    Resource {
        id: Some("E1".to_owned()),
        ..resource("site".to_owned(), Settings::Distribution(Box::new(distribution)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cloudfront_fills_in_is_no_drift_and_no_change() {
    let scripted = cloudfront(false);
    let provider = scripted.server.connection().await.provider();
    let (wanted, known) = (wanted(), known());
    let found = provider.find(&wanted, &known).await.unwrap().unwrap();
    assert_eq!(found.version.as_deref(), Some("E2QWRUHAPOMQZL"));
    let there = BTreeMap::from([(Kind::Distribution, BTreeMap::from([(wanted.name.clone(), found.clone())]))]);
    let steps = plan(vec![wanted.clone()], there).unwrap();
    assert!(steps.is_empty(), "{steps}");
    assert_eq!(provider.update(&wanted, &found, &known).await.unwrap(), found);
    assert!(scripted.received().iter().all(|request| request.method() == "GET"), "nothing is written");
    assert!(provider.settled(&found).await.unwrap());
    let deploying = cloudfront(true);
    assert!(!deploying.server.connection().await.provider().settled(&found).await.unwrap());
}

/// Every element of a configuration with what it says, by the way to it.
fn said(document: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(document).unwrap();
    let config = document.descendants().find(|node| node.tag_name().name() == "DistributionConfig").unwrap();
    let elements = config.descendants().filter(|node| node.is_element() && !node.children().any(|it| it.is_element()));
    let way = |node: roxmltree::Node| {
        let names: Vec<_> =
            node.ancestors().take_while(|it| *it != config).map(|it| it.tag_name().name().to_owned()).collect();
        format!("{}: {}", names.into_iter().rev().collect::<Vec<_>>().join("."), node.text().unwrap_or_default())
    };
    let mut said: Vec<_> = elements.map(way).collect();
    said.sort();
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_repeats_everything_else_that_cloudfront_said() {
    let scripted = cloudfront(false);
    let provider = scripted.server.connection().await.provider();
    let (mut wanted, known) = (wanted(), known());
    let found = provider.find(&wanted, &known).await.unwrap().unwrap();
    let Settings::Distribution(settings) = &mut wanted.settings else { panic!() };
    settings.aliases = Some(set(&["example.com"]));
    provider.update(&wanted, &found, &known).await.unwrap();
    let requests = scripted.received();
    let sent = requests.iter().find(|request| request.method() == "PUT").unwrap();
    assert_eq!(sent.header("if-match"), Some("E2QWRUHAPOMQZL"));
    let sent = said(std::str::from_utf8(&sent.body).unwrap());
    let mut expected = said(&answer(false));
    expected.retain(|it| it != "Aliases.Quantity: 0");
    expected.extend(["Aliases.Quantity: 1", "Aliases.Items.CNAME: example.com"].map(str::to_owned));
    expected.sort();
    assert_eq!(sent, expected);
}
