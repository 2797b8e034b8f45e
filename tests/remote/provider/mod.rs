//! The AWS adapter behind the port that makes a site's resources, on ministack; every request is one that AWS's own
//! model of its API allows.

mod answers;
mod concurrent;
mod creation;
mod foreign;
mod refused;
mod round_trip;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU32, Ordering},
};

use aws_sdk_cloudfront::config::{BehaviorVersion, Region};
use serde_json::json;
use treebeard_cdn::{
    error::Result,
    model::{
        digest::Digest,
        distribution::{Cors, ErrorPage},
        infrastructure::{
            ALL_VIEWER_EXCEPT_HOST_HEADER, AccessControl, Behavior, Bucket, BucketPolicy, CACHING_DISABLED,
            CachePolicy, Certificate, DISTRIBUTION_ARN, Distribution, Found, Function, Geo, Kind, Known, Lifecycle,
            Logging, Origin, Resource, ResponseHeaders, Restriction, SITE_TAG, Settings, ViewerProtocol,
        },
    },
    remote::{aws::AwsProvider, provider::Provider as _},
};

use crate::support::{
    proxy::Proxy,
    servers::{REGION, Server, ministack},
};

/// A site of its own on ministack, behind a proxy that notes what is asked.
struct Site {
    proxy: Proxy,
    provider: AwsProvider,
    name: String,
    known: Known,
}

impl Site {
    async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let proxy = Proxy::new(ministack().port);
        proxy.record();
        let server = Server { port: proxy.port, access_key: "test", secret_key: "test" };
        let provider = server.connection().await.provider();
        let name = format!("provider-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { proxy, provider, name, known: Known::default() }
    }

    /// With everything made that the distribution needs.
    async fn prepared() -> Self {
        let mut site = Self::new().await;
        let wanted = site.wanted();
        for wanted in wanted.iter().filter(|it| it.kind() < Kind::Distribution) {
            site.create(wanted).await.unwrap();
        }
        site
    }

    /// With everything made.
    async fn whole() -> (Self, Vec<Resource>) {
        let mut site = Self::new().await;
        let wanted = site.wanted();
        for wanted in &wanted {
            site.create(wanted).await.unwrap();
        }
        (site, wanted)
    }

    async fn create(&mut self, wanted: &Resource) -> Result<Found> {
        let made = self.provider.create(wanted, &self.known).await?;
        self.known.insert(&wanted.name, made.clone());
        Ok(made)
    }

    async fn find(&self, wanted: &Resource) -> Option<Found> {
        self.provider.find(wanted, &self.known).await.unwrap()
    }

    async fn update(&self, wanted: &Resource, found: &Found) -> Result<Found> {
        self.provider.update(wanted, found, &self.known).await
    }

    fn found(&self, wanted: &Resource) -> Found {
        self.known.get(wanted.kind(), &wanted.name).unwrap().clone()
    }

    /// Everything that the site needs, in the order in which it is made.
    fn wanted(&self) -> Vec<Resource> {
        let name = |part: &str| format!("{}-{part}", self.name);
        vec![
            resource(self.name.clone(), Settings::Bucket(bucket(&self.name))),
            resource(name("control"), Settings::OriginAccessControl(control())),
            resource(name("headers"), Settings::ResponseHeadersPolicy(headers())),
            resource(name("cache"), Settings::CachePolicy(cache())),
            resource(name("edge"), Settings::Function(function("one"))),
            resource(self.name.clone(), Settings::Distribution(Box::new(distribution(&self.name)))),
            resource(self.name.clone(), Settings::BucketPolicy(policy(&self.name))),
        ]
    }

    fn wanted_of(&self, kind: Kind) -> Resource {
        self.wanted().into_iter().find(|it| it.kind() == kind).unwrap()
    }
}

fn resource(name: String, settings: Settings) -> Resource {
    Resource { name, id: None, settings }
}

/// Every request to S3 is signed.
fn control() -> AccessControl {
    AccessControl { origin_type: "s3".to_owned(), signing: "always".to_owned(), protocol: "sigv4".to_owned() }
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

fn map(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn bucket(name: &str) -> Bucket {
    Bucket {
        region: REGION.to_owned(),
        block_public_access: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        versioning: true,
        encryption: true,
        lifecycle: Some(Lifecycle { noncurrent_days: 30, abort_multipart_days: 7 }),
        tags: map(&[(SITE_TAG, name), ("team", "web")]),
    }
}

fn headers() -> ResponseHeaders {
    ResponseHeaders {
        headers: map(&[
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
            ("Content-Security-Policy", "default-src 'self'"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("X-XSS-Protection", "1; mode=block"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Permissions-Policy", "geolocation=()"),
            ("Vary", "Accept-Encoding"),
        ]),
        remove: set(&["x-amz-server-side-encryption", "x-amz-version-id"]),
        cors: Some(Cors {
            allow_origins: set(&["https://app.example.com"]),
            allow_methods: set(&["GET", "HEAD"]),
            allow_headers: set(&["*"]),
            expose_headers: set(&["ETag"]),
            credentials: false,
            max_age: Some(600),
        }),
    }
}

fn cache() -> CachePolicy {
    CachePolicy {
        min_ttl: 0,
        default_ttl: 86_400,
        max_ttl: 31_536_000,
        gzip: false,
        brotli: false,
        key: set(&["headers:none", "cookies:none", "query-strings:none"]),
    }
}

fn function(name: &str) -> Function {
    let source = format!("function handler(event) {{ /* {name} */ return event.request; }}");
    Function { code: Digest::of(source.as_bytes()), source, runtime: "cloudfront-js-2.0".to_owned(), published: true }
}

fn distribution(bucket: &str) -> Distribution {
    let files = Origin {
        domain: format!("{bucket}.s3.{REGION}.amazonaws.com"),
        access_control: Some(format!("{bucket}-control")),
        shield: Some("us-east-1".to_owned()),
        ..Origin::default()
    };
    let api = Origin {
        domain: "api.example.com".to_owned(),
        path: "/v1".to_owned(),
        protocol: Some("https-only".to_owned()),
        port: Some(8443),
        read_timeout: Some(30),
        tls: Some(set(&["TLSv1.2"])),
        shield: Some(String::new()),
        ..Origin::default()
    };
    let site = Behavior {
        origin: "files".to_owned(),
        viewer_protocol: ViewerProtocol::RedirectToHttps,
        methods: set(&["GET", "HEAD", "OPTIONS"]),
        cached_methods: set(&["GET", "HEAD"]),
        compress: false,
        cache_policy: format!("{bucket}-cache"),
        response_headers_policy: format!("{bucket}-headers"),
        viewer_request: format!("{bucket}-edge"),
        extras: Some(BTreeSet::new()),
        ..Behavior::default()
    };
    let calls = Behavior {
        origin: "api".to_owned(),
        viewer_protocol: ViewerProtocol::HttpsOnly,
        methods: set(&["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]),
        cached_methods: set(&["GET", "HEAD"]),
        cache_policy: CACHING_DISABLED.to_owned(),
        origin_request_policy: ALL_VIEWER_EXCEPT_HOST_HEADER.to_owned(),
        extras: Some(BTreeSet::new()),
        ..Behavior::default()
    };
    Distribution {
        enabled: true,
        origin_ids: Some(set(&["files", "api"])),
        patterns: Some(vec!["/api/*".to_owned()]),
        aliases: Some(set(&["example.com", "www.example.com"])),
        certificate: Some(Certificate {
            arn: "arn:aws:acm:us-east-1:000000000000:certificate/1b2c".to_owned(),
            minimum_tls: Some("TLSv1.2_2025".to_owned()),
        }),
        http_version: Some("http2and3".to_owned()),
        ipv6: Some(true),
        price_class: Some("PriceClass_100".to_owned()),
        default_root_object: Some("index.html".to_owned()),
        logging: Some(Logging {
            bucket: "logs.s3.amazonaws.com".to_owned(),
            prefix: "site/".to_owned(),
            cookies: false,
        }),
        waf_acl: Some("arn:aws:wafv2:us-east-1:000000000000:global/webacl/site/1".to_owned()),
        geo: Some(Geo { restriction: Restriction::Deny, countries: set(&["AQ"]) }),
        cache_tag_header: Some("x-amz-meta-cache-tag".to_owned()),
        origins: [("files".to_owned(), files), ("api".to_owned(), api)].into(),
        behaviors: [("*".to_owned(), site), ("/api/*".to_owned(), calls)].into(),
        error_pages: Some(
            [
                (404, ErrorPage { page: "/404.html".to_owned(), status: 404, ttl: 10 }),
                (503, ErrorPage { page: String::new(), status: 0, ttl: 0 }),
            ]
            .into(),
        ),
        tags: map(&[(SITE_TAG, bucket)]),
    }
}

fn policy(bucket: &str) -> BucketPolicy {
    let arn = format!("arn:aws:s3:::{bucket}");
    let statement = |action: &str, resource: String| {
        json!({
            "Sid": format!("{}{}", BucketPolicy::SID, action.trim_start_matches("s3:")),
            "Effect": "Allow",
            "Principal": { "Service": "cloudfront.amazonaws.com" },
            "Action": [action],
            "Resource": resource,
            "Condition": { "StringEquals": { "AWS:SourceArn": DISTRIBUTION_ARN } },
        })
    };
    let statements = [statement("s3:GetObject", format!("{arn}/*")), statement("s3:ListBucket", arn)];
    let sid = |it: &serde_json::Value| it["Sid"].as_str().unwrap().to_owned();
    BucketPolicy { statements: statements.into_iter().map(|it| (sid(&it), it)).collect() }
}

/// The SDK's own client, for what somebody else does.
fn cloudfront() -> aws_sdk_cloudfront::Client {
    let server = ministack();
    let config = aws_sdk_cloudfront::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(server.endpoint())
        .credentials_provider(server.credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    aws_sdk_cloudfront::Client::from_conf(config.build())
}

/// Does something asynchronous at a moment when nothing else may happen.
fn now<F: Future<Output = ()> + Send>(act: impl FnOnce() -> F + Send) {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(act());
    std::thread::scope(|scope| scope.spawn(run).join().unwrap());
}
