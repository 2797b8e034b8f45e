//! Every lint: its rule, its severity, and the exact place that it points to.

use treebeard_cdn::config::Severity::{self, Error, Warning};

use super::{only_problem, problems};

const BASE: &str = "version: 1\nsite: { spa: false }\nenvironments: { local: { target: local } }\n";

/// Settings at the top level, beside a local environment.
const SETTINGS: &[(&str, Severity, &str)] = &[
    ("keep-zero", Error, "releases: { keep: ▶0 }"),
    ("grace-short", Warning, "releases: { grace: ▶5m }"),
    ("wrong-format", Error, "releases: { grace: ▶7x }"),
    ("max-size-zero", Warning, "compression: { max_size: ▶0B }"),
    ("duplicate-encoding", Error, "compression: { encodings: [br, gzip, ▶br] }"),
    ("secrets-allow-all", Warning, "secrets: { allow: [▶\"**\"] }"),
    ("glob-syntax", Error, "secrets: { allow: [▶\"a[\"] }"),
    // Caching.
    ("glob-syntax", Error, "cache: [{ match: ▶\"a[\", cache_control: no-cache }]"),
    ("glob-syntax", Error, "cache: [{ match: ▶/assets/**, cache_control: no-cache }]"),
    ("reserved-path", Warning, "cache: [{ match: ▶_tb/br/**, cache_control: no-cache }]"),
    ("immutable-html", Error, "cache: [{ match: '**/*.html', cache_control: ▶'public, max-age=31536000, immutable' }]"),
    (
        "immutable-everything",
        Warning,
        "cache: [{ match: '**', cache_control: ▶'public, max-age=31536000, immutable' }]",
    ),
    ("html-max-age", Warning, "cache: [{ match: '*.html', cache_control: ▶'public, max-age=604800' }]"),
    (
        "fingerprint-html",
        Error,
        "cache: [{ match: '**/*.html', cache_control: 'public, max-age=31536000, immutable', fingerprint: ▶true }]",
    ),
    (
        "fingerprint-without-immutable",
        Warning,
        "cache: [{ match: 'img/**', fingerprint: true, cache_control: ▶'max-age=60' }]",
    ),
    (
        "cache-unreachable",
        Warning,
        "cache:\n  - { match: '**', cache_control: no-cache }\n  - { match: ▶'a/**', cache_control: no-store }",
    ),
    (
        "cache-unreachable",
        Warning,
        "cache:\n  - { match: 'a/**', cache_control: no-cache }\n  - { match: ▶'a/**', cache_control: no-store }",
    ),
    ("cache-control-unknown", Warning, "cache: [{ match: 'a/**', cache_control: ▶'public, maxage=300' }]"),
    ("cache-control-syntax", Error, "cache: [{ match: 'a/**', cache_control: ▶'max-age=soon' }]"),
    ("cache-control-syntax", Error, "cache: [{ match: 'a/**', cache_control: ▶'public,, no-cache' }]"),
    ("cache-control-syntax", Error, "cache: [{ match: 'a/**', cache_control: ▶\"public\\r\\nX: y\" }]"),
    ("cache-control-syntax", Error, "cache: [{ match: 'a/**', cache_control: ▶'' }]"),
    ("cache-control-conflict", Error, "cache: [{ match: 'a/**', cache_control: ▶'no-store, max-age=300' }]"),
    ("cache-control-conflict", Error, "cache: [{ match: 'a/**', cache_control: ▶'public, private' }]"),
    ("cache-control-conflict", Error, "cache: [{ match: 'a/**', cache_control: ▶'max-age=9, immutable, no-cache' }]"),
    ("cache-control-conflict", Warning, "cache: [{ match: 'a/**', cache_control: ▶'max-age=300, max-age=60' }]"),
    // Security headers.
    (
        "csp-unsafe-eval",
        Warning,
        "security_headers: { content_security_policy: { policy: ▶\"default-src 'self' 'unsafe-eval'\" } }",
    ),
    ("csp-no-default", Warning, "security_headers: { content_security_policy: { policy: ▶\"script-src 'self'\" } }"),
    ("csp-wildcard", Warning, "security_headers: { content_security_policy: { policy: ▶\"default-src *\" } }"),
    ("csp-unquoted", Error, "security_headers: { content_security_policy: { policy: ▶\"default-src self\" } }"),
    (
        "csp-duplicate",
        Warning,
        "security_headers: { content_security_policy: { policy: ▶\"default-src 'self'; default-src 'none'\" } }",
    ),
    (
        "header-value",
        Error,
        "security_headers: { content_security_policy: { policy: ▶\"default-src 'self'\\nX-Evil: 1\" } }",
    ),
    ("header-value", Error, "security_headers: { content_security_policy: { policy: ▶\" ; \" } }"),
    ("missing-key", Error, "security_headers: { content_security_policy: ▶{} }"),
    ("hsts-preload", Warning, "security_headers: { strict_transport_security: { preload: ▶true } }"),
    (
        "hsts-preload",
        Warning,
        "security_headers: { strict_transport_security: { max_age: 300, include_subdomains: true, preload: ▶true } }",
    ),
    ("hsts-off", Warning, "security_headers: { strict_transport_security: { max_age: ▶0 } }"),
    ("x-xss-protection", Warning, "security_headers: { x_xss_protection: ▶\"1\" }"),
    ("x-xss-protection", Error, "security_headers: { x_xss_protection: ▶\"block\" }"),
    ("x-xss-protection", Error, "security_headers: { x_xss_protection: ▶\"1; mode=block; report=/xss\" }"),
    ("x-xss-protection", Error, "security_headers: { x_xss_protection: ▶\"1; mode=blocked\" }"),
    ("header-value", Error, "security_headers: { x_xss_protection: ▶\"1\\u0000\" }"),
    ("out-of-range", Error, "security_headers: { strict_transport_security: { max_age: ▶2147483648 } }"),
    // The API.
    ("api-path", Error, "api: { path: ▶\"/*\", local: { command: x } }"),
    ("api-path", Error, "api: { path: ▶api, local: { command: x } }"),
    ("api-path", Error, "api: { path: ▶\"/a*/b/*\", local: { command: x } }"),
    ("api-path", Error, "api: { path: ▶\"/ä/*\", local: { command: x } }"),
    ("reserved-path", Error, "api: { path: ▶\"/_tb/*\", local: { command: x } }"),
    ("api-cacheable", Warning, "api: { cache_control: ▶'public, max-age=60', local: { command: x } }"),
    ("api-local", Warning, "api: ▶{ path: \"/api/*\" }"),
    ("api-health", Error, "api: { local: { command: x, health: ▶health } }"),
    ("missing-key", Error, "api: { local: ▶{ health: /health } }"),
    // The function that it ships to.
    ("missing-key", Error, "api: ▶{ package: lambda, local: { command: x } }"),
    ("not-allowed", Error, "api: { package: ▶zip, local: { command: x } }"),
    ("api-smoke", Error, "api: { smoke: [/a, ▶b], local: { command: x } }"),
    ("empty-command", Error, "api: { migrate: ▶' ', local: { command: x } }"),
    ("empty-command", Error, "api: { lambda: { build: ▶' ' }, local: { command: x } }"),
    ("lambda-memory", Error, "api: { lambda: { memory: ▶64MiB }, local: { command: x } }"),
    ("lambda-memory", Error, "api: { lambda: { memory: ▶512MB }, local: { command: x } }"),
    ("lambda-memory", Error, "api: { lambda: { memory: ▶11GiB }, local: { command: x } }"),
    ("lambda-timeout", Error, "api: { lambda: { timeout: ▶2m }, local: { command: x } }"),
    ("lambda-timeout", Error, "api: { lambda: { timeout: ▶60s }, local: { command: x } }"),
    ("lambda-timeout", Error, "api: { lambda: { timeout: ▶0s }, local: { command: x } }"),
    ("lambda-timeout", Error, "api: { lambda: { timeout: ▶1500ms }, local: { command: x } }"),
    ("log-retention", Error, "api: { lambda: { log_retention: ▶10d }, local: { command: x } }"),
    ("log-retention", Error, "api: { lambda: { log_retention: ▶1y }, local: { command: x } }"),
    ("reserved-concurrency", Error, "api: { lambda: { reserved_concurrency: ▶0 }, local: { command: x } }"),
    ("not-allowed", Error, "api: { lambda: { architecture: ▶riscv }, local: { command: x } }"),
    ("plain-secret", Error, "api: { lambda: { environment: { JWT_SECRET: ▶abc } }, local: { command: x } }"),
    ("plain-secret", Error, "api: { lambda: { environment: { stripe_api_key: ▶abc } }, local: { command: x } }"),
    (
        "plain-secret",
        Error,
        "api: { lambda: { environment: { DATABASE_URL: ▶'postgres://u:p@h/d' } }, local: { command: x } }",
    ),
    (
        "plain-secret",
        Error,
        "api: { lambda: { environment: { PEM: ▶'-----BEGIN RSA PRIVATE KEY-----' } }, local: { command: x } }",
    ),
    ("variable-reserved", Error, "api: { lambda: { environment: { AWS_REGION: ▶x } }, local: { command: x } }"),
    (
        "variable-reserved",
        Error,
        "api: { lambda: { environment: { ORIGIN_SECRET_SHA256: ▶x } }, local: { command: x } }",
    ),
    ("variable-name", Error, "api: { lambda: { environment: ▶{ A-B: x } }, local: { command: x } }"),
    ("variable-name", Error, "api: { lambda: { secrets: ▶{ A: 'ssm:x' } }, local: { command: x } }"),
    (
        "variable-duplicate",
        Error,
        "api: { lambda: { environment: { AB: ▶x }, secrets: { AB: 'ssm:x' } }, local: { command: x } }",
    ),
    (
        "secret-reference",
        Error,
        "api: { lambda: { secrets: { DATABASE_URL: ▶'postgres://u:p@h/d' } }, local: { command: x } }",
    ),
    ("secret-reference", Error, "api: { lambda: { secrets: { DATABASE_URL: ▶'ssm:a/b' } }, local: { command: x } }"),
    ("vpc", Error, "api: { lambda: { vpc: { subnets: ▶[], security_groups: [sg-0a1b2c3d] } }, local: { command: x } }"),
    (
        "vpc",
        Error,
        "api: { lambda: { vpc: { subnets: [subnet-0a1b2c3d], security_groups: [▶subnet-0a1b2c3d] } }, local: { command: x } }",
    ),
    (
        "vpc",
        Error,
        "api: { lambda: { vpc: { subnets: [subnet-0a1b2c3d, ▶subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d] } }, local: { command: x } }",
    ),
    // Error responses.
    (
        "spa-error-response",
        Warning,
        "error_responses: [▶{ error_code: 404, response_code: 200, response_page_path: /index.html }]",
    ),
    (
        "spa-error-response",
        Error,
        "api: { local: { command: x } }\nerror_responses:\n  - ▶error_code: 403\n    response_code: 200\n    response_page_path: /index.html",
    ),
    ("error-response", Error, "error_responses: [▶{ error_code: 500, response_page_path: /500.html }]"),
    ("error-response", Error, "error_responses: [{ error_code: ▶418 }]"),
    ("error-response", Error, "error_responses: [{ error_code: 500 }, { error_code: ▶500 }]"),
    (
        "error-response",
        Error,
        "error_responses: [{ error_code: 500, response_code: 500, response_page_path: ▶500.html }]",
    ),
    (
        "error-response",
        Error,
        "error_responses: [{ error_code: 500, response_code: ▶302, response_page_path: /500.html }]",
    ),
    (
        "error-response",
        Error,
        "error_responses: [{ error_code: 500, response_code: ▶0, response_page_path: /500.html }]",
    ),
    ("error-response", Error, "error_responses: [▶{ error_code: 500, response_code: 0 }]"),
    ("error-response", Error, "error_responses: [{ error_code: ▶0 }]"),
    ("error-response", Error, "error_responses: [{ error_code: 500, error_caching_min_ttl: ▶99999999 }]"),
    // What CloudFront takes as it is.
    ("header-forbidden", Error, "response_headers: { Via: ▶x }"),
    ("header-forbidden", Error, "response_headers: { X-Edge-Id: ▶x }"),
    ("header-forbidden", Error, "response_headers: { X-Amzn-RequestId: ▶x }"),
    ("header-forbidden", Error, "response_headers: { warning: ▶x }"),
    ("header-forbidden", Error, "response_headers: { Set-Cookie: ▶a=b }"),
    ("header-elsewhere", Error, "response_headers: { cache-control: ▶no-store }"),
    ("header-elsewhere", Error, "response_headers: { Access-Control-Allow-Origin: ▶'*' }"),
    ("header-duplicate", Error, "response_headers: { A-B: '1', a-b: ▶'2' }"),
    ("header-name", Error, "response_headers: { 'A B': ▶'1' }"),
    ("header-value", Error, "response_headers: { Permissions-Policy: ▶'' }"),
    (
        "too-many-headers",
        Error,
        "response_headers: ▶{ a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', g: '1', h: '1', i: '1', j: '1' }",
    ),
    ("cors-origin", Error, "cors: { allow_origins: ▶[] }"),
    ("cors-origin", Error, "cors: { allow_origins: ▶[app.example.com] }"),
    ("cors-origin", Error, "cors: { allow_origins: ▶['https://app.*.example.com'] }"),
    ("cors-method", Error, "cors: { allow_origins: ['*'], allow_methods: ▶[FETCH] }"),
    ("cors-method", Error, "cors: { allow_origins: ['*'], allow_methods: ▶[] }"),
    ("cors-method", Error, "cors: { allow_origins: ['*'], allow_methods: ▶[ALL, GET] }"),
    ("cors-header", Error, "cors: { allow_origins: ['*'], allow_headers: ▶[] }"),
    ("cors-header", Error, "cors: { allow_origins: ['*'], allow_headers: ▶['A B'] }"),
    ("cors-header", Error, "cors: { allow_origins: ['*'], expose_headers: ▶['X:'] }"),
    ("cors-credentials", Error, "cors: { allow_origins: ['*'], credentials: ▶true }"),
    (
        "cors-credentials",
        Error,
        "cors: { allow_origins: ['https://a.example'], allow_headers: ['x-*'], credentials: ▶true }",
    ),
    ("out-of-range", Error, "cors: { allow_origins: ['*'], max_age: ▶2147483648 }"),
    ("logging-bucket", Error, "logging: { bucket: ▶logs.s3.amazonaws.com }"),
    ("logging-prefix", Error, "logging: { bucket: logs, prefix: ▶/cdn }"),
    ("geo", Error, "geo: ▶{ allow: [US], deny: [CA] }"),
    ("geo", Error, "geo: ▶{}"),
    ("geo-empty", Error, "geo: { allow: ▶[] }"),
    ("geo-country", Error, "geo: { allow: ▶[usa] }"),
    ("geo-country", Error, "geo: { deny: ▶[DE, UK] }"),
    ("waf-acl", Error, "waf_acl: ▶arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/a/b"),
    ("not-allowed", Error, "price_class: ▶PriceClass_300"),
    ("not-allowed", Error, "minimum_tls: ▶TLSv1.1_2016"),
    ("region", Error, "origin_shield: ▶nowhere"),
    ("origin-shield", Error, "origin_shield: ▶us-west-1"),
    ("origin-shield", Warning, "origin_shield: ▶eu-central-2"),
    ("header-name", Error, "cache_tag_header: ▶'cache tag'"),
    ("tag", Error, "tags: { 'aws:x': ▶y }"),
    ("tag", Error, "tags: { team: ▶'<web>' }"),
    // CloudFront's own keys.
    ("min-ttl", Error, "cache: [{ match: '**/*.html', cache_control: no-cache, ▶min_ttl: 60 }]"),
    ("cloudfront-key", Error, "▶MinTTL: 0"),
    ("forwarded-values", Error, "▶forwarded_values: { query_string: true }"),
    ("origin-tls", Error, "▶origin_ssl_protocols: [TLSv1.2, TLSv1.3]"),
    (
        "spa-error-response",
        Error,
        "▶CustomErrorResponses: [{ ErrorCode: 404, ResponsePagePath: /index.html, ResponseCode: '200' }]",
    ),
    ("cloudfront-key", Error, "▶viewer_protocol_policy: redirect-to-https"),
    ("reserved-key", Error, "▶budgets: {}"),
    ("unknown-key", Error, "▶locking: on"),
    ("reserved-key", Error, "compression: { ▶dictionary: true }"),
];

/// Settings of the site.
const SITES: &[(&str, Severity, &str)] = &[
    ("output-is-root", Error, "{ build: make, output: ▶. }"),
    ("output-is-root", Error, "{ build: make, output: ▶dist/.. }"),
    ("output-outside", Error, "{ output: ▶../dist }"),
    ("output-outside", Error, "{ output: ▶/var/www }"),
    ("root-outside", Warning, "{ root: ▶../frontend }"),
    ("empty-path", Error, "{ root: ▶'' }"),
    ("path-syntax", Error, "{ root: ▶'a\\b' }"),
    ("empty-command", Error, "{ build: ▶' ' }"),
    ("clean-urls-spa", Warning, "{ spa: true, clean_urls: ▶true }"),
    ("variable-name", Error, "{ env: ▶{ 'A=B': c } }"),
];

/// Environments beside a local one. The place of what is missing is the environment's name.
const ENVIRONMENTS: &[(&str, Severity, &str)] = &[
    ("no-target", Error, "▶x: {}"),
    ("environment-name", Error, "▶../x: { target: local }"),
    ("environment-name", Error, "▶cache: { target: local }"),
    ("target-conflict", Error, "x: { target: local, bucket: ▶my-bucket }"),
    ("missing-key", Error, "▶x: { target: aws, region: us-east-1 }"),
    ("missing-key", Error, "▶x: { bucket: my-bucket }"),
    ("bucket-name", Error, "x: { bucket: ▶My_Bucket, region: us-east-1 }"),
    ("bucket-name", Error, "x: { bucket: ▶192.168.0.1, region: us-east-1 }"),
    ("region", Error, "x: { bucket: my-bucket, region: ▶us-east }"),
    ("domains-without-certificate", Error, "x: { bucket: my-bucket, region: us-east-1, domains: ▶[a.com] }"),
    (
        "certificate-region",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, certificate_arn: ▶\"arn:aws:acm:eu-west-1:123456789012:certificate/a\" }",
    ),
    ("certificate-arn", Error, "x: { bucket: my-bucket, region: us-east-1, certificate_arn: ▶my-certificate }"),
    (
        "distribution-id",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, distribution_id: ▶d111111abcdef8.cloudfront.net }",
    ),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"http://api.example.com\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://api.example.com/v1\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://api\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://10.0.0.1\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://[::1]\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://localhost:8443\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"http://127.0.0.1:8000\" }"),
    (
        "api-origin",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, endpoint_url: '', api_origin: ▶\"http://localhost:8000\" }",
    ),
    (
        "api-origin",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, endpoint_url: \"${E}\", api_origin: ▶\"https://10.0.0.1\" }",
    ),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://api.example.com:22\" }"),
    ("api-origin", Error, "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶\"https://api.example.com:0\" }"),
    (
        "api-origin",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, certificate_arn: \"${C}\", domains: [a.com, b.com], \
         api_origin: ▶\"https://b.com\" }",
    ),
    ("api-origin", Error, "▶x: { bucket: my-bucket, region: us-east-1, api: { path: /api/* } }"),
    (
        "api-origin",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, api_origin: ▶'https://api.example.com', \
         api: { package: lambda, lambda: { binary: api } } }",
    ),
    (
        "domain",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, certificate_arn: \"${C}\", domains: [▶\"https://a.com\"] }",
    ),
    (
        "domain",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, certificate_arn: \"${C}\", domains: [▶\"*.a.com\"] }",
    ),
    (
        "duplicate-domain",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, certificate_arn: \"${C}\", domains: [a.com, ▶a.com] }",
    ),
    ("endpoint-url", Error, "x: { bucket: my-bucket, region: us-east-1, endpoint_url: ▶\"localhost:4566\" }"),
    (
        "endpoint-unencrypted",
        Warning,
        "x: { bucket: my-bucket, region: us-east-1, endpoint_url: ▶\"http://s3.example.com\" }",
    ),
    ("cdn-none", Warning, "x: { bucket: my-bucket, region: us-east-1, cdn: none, domains: ▶[a.com] }"),
    ("cdn-none", Warning, "x: { bucket: my-bucket, region: us-east-1, cdn: none, viewer_url: ▶\"https://a.com\" }"),
    (
        "cdn-none",
        Warning,
        "x: { bucket: my-bucket, region: us-east-1, cdn: none, api: { package: ▶lambda, lambda: { binary: x } } }",
    ),
    ("viewer-url", Error, "x: { bucket: my-bucket, region: us-east-1, viewer_url: ▶www.example.com }"),
    ("viewer-url", Error, "x: { bucket: my-bucket, region: us-east-1, viewer_url: ▶\"https://a.com/docs\" }"),
    ("viewer-url", Error, "x: { bucket: my-bucket, region: us-east-1, viewer_url: ▶\"https://u:p@a.com\" }"),
    ("viewer-url", Error, "x: { bucket: my-bucket, region: us-east-1, viewer_url: ▶\"ftp://a.com\" }"),
    ("role-arn", Error, "x: { bucket: my-bucket, region: us-east-1, role_arn: ▶deploy }"),
    ("role-arn", Error, "x: { bucket: my-bucket, region: us-east-1, role_arn: ▶\"arn:aws:iam::123:role/deploy\" }"),
    (
        "role-arn",
        Error,
        "x: { bucket: my-bucket, region: us-east-1, role_arn: ▶\"arn:aws:iam::123456789012:user/deploy\" }",
    ),
    ("target-conflict", Error, "x: { target: local, locking: ▶on }"),
    ("target-conflict", Error, "x: { target: local, checksums: ▶when_required }"),
    ("target-conflict", Error, "x: { target: local, profile: ▶work }"),
    ("not-allowed", Error, "x: { bucket: my-bucket, region: us-east-1, locking: ▶maybe }"),
    ("not-allowed", Error, "x: { bucket: my-bucket, region: us-east-1, checksums: ▶never }"),
];

#[test]
fn every_lint_points_to_its_place() {
    let settings = SETTINGS.iter().map(|(rule, severity, case)| (rule, severity, format!("{BASE}{case}\n")));
    let sites = SITES.iter().map(|(rule, severity, case)| {
        (rule, severity, format!("version: 1\nenvironments: {{ local: {{ target: local }} }}\nsite: {case}\n"))
    });
    let environments = ENVIRONMENTS.iter().map(|(rule, severity, case)| {
        (rule, severity, format!("version: 1\nsite: {{}}\nenvironments:\n  local: {{ target: local }}\n  {case}\n"))
    });
    for (rule, severity, case) in settings.chain(sites).chain(environments) {
        let problem = only_problem(rule, &case);
        assert_eq!(problem.severity, *severity, "{case}");
        assert!(!problem.help.is_empty() && !problem.message.is_empty());
    }
}

#[test]
fn a_policy_is_as_long_as_cloudfront_takes_it_and_no_longer() {
    let policy = |length: usize| {
        let sources = "'self' https://a.example ".repeat(80);
        let policy = format!("default-src {sources}");
        let value = policy[..length].replace('\'', "''");
        format!("{BASE}security_headers: {{ content_security_policy: {{ policy: ▶'{value}' }} }}\n")
    };
    assert_eq!(problems(&policy(1783).replace('▶', "")), []);
    assert_eq!(only_problem("csp-too-long", &policy(1784)).severity, Error);
}

#[test]
fn headers_are_as_long_as_cloudfront_takes_them_and_no_longer() {
    let headers = |lengths: &[usize]| {
        let entries: Vec<_> =
            lengths.iter().enumerate().map(|(i, length)| format!("x-{i}: {}", "v".repeat(*length))).collect();
        entries.join(", ")
    };
    // A name of three characters is counted, too: six headers of 1,706 characters are 4 less than the quota.
    for (fine, marked) in [
        (headers(&[1783]), format!("{{ x-0: ▶{} }}", "v".repeat(1784))),
        (headers(&[1703; 6]), format!("▶{{ {} }}", headers(&[1704, 1704, 1704, 1704, 1704, 1703]))),
    ] {
        assert_eq!(problems(&format!("{BASE}response_headers: {{ {fine} }}\n")), []);
        only_problem("headers-too-long", &format!("{BASE}response_headers: {marked}\n"));
    }
}

#[test]
fn a_region_without_an_origin_shield_is_told_the_nearest() {
    let problem = only_problem("origin-shield", &format!("{BASE}origin_shield: ▶eu-west-3\n"));
    assert_eq!(problem.help, "choose the region with the least latency to the bucket: here `eu-west-2`");
}

#[test]
fn what_looks_like_a_mistake_and_is_none_passes() {
    for fine in [
        "security_headers: { content_security_policy: { policy: \"default-src 'self' 'wasm-unsafe-eval'\" } }",
        "security_headers: { content_security_policy: null, strict_transport_security: null }",
        "security_headers: { x_xss_protection: \"0\" }",
        "security_headers: { x_xss_protection: \"1;mode=block\" }",
        "security_headers: { x_xss_protection: \"1; report=https://example.com/xss\" }",
        "security_headers: { strict_transport_security: { max_age: 2147483647 } }",
        "cors: { allow_origins: ['https://*.example.com'], allow_methods: [ALL], allow_headers: ['x-*'], max_age: 2147483647 }",
        "cors: { allow_origins: ['https://a.example'], allow_headers: [X-Own], expose_headers: [X-Own], credentials: true }",
        "geo: { allow: [GB, DE] }",
        "origin_shield: us-west-2",
        "cache: []",
        "cache:\n  - { match: 'a/**', cache_control: 'max-age=9, immutable' }\n  - { match: 'a/**', cache_control: no-cache }",
        "cache: [{ match: '**', cache_control: 'no-cache' }]",
        "compression: { encodings: [] }",
        "secrets: { allow: [docs/**] }",
        "invalidation: all",
        "releases: { keep: 1, grace: 1h, max_deletes: 0 }",
    ] {
        assert_eq!(problems(&format!("{BASE}{fine}\n")), [], "{fine}");
    }
}

#[test]
fn an_api_is_asked_wherever_cloudfront_or_its_emulator_reaches() {
    let bucket = "bucket: my-bucket, region: us-east-1";
    for fine in [
        "api_origin: 'https://api.example.com'",
        "api_origin: 'https://api.example.com:8443'",
        "api_origin: 'https://api.example.com:80'",
        "endpoint_url: 'http://localhost:4566', api_origin: 'http://127.0.0.1:8000'",
        "endpoint_url: 'http://localhost:4566', api_origin: 'https://api.example.com'",
        // Not in use, so nobody knows whether there is one.
        "endpoint_url: '${AWS_ENDPOINT_URL:-}', api_origin: 'http://localhost:8000'",
    ] {
        let text = format!("{BASE}  x: {{ {bucket}, {fine} }}\n")
            .replace("{ local: { target: local } }\n", "\n  local: { target: local }\n");
        assert_eq!(problems(&text), [], "{fine}");
    }
}

#[test]
fn one_mistake_does_not_hide_another() {
    let text = "\
version: 1
site: { spa: maybe, rot: . }
cache:
  - { match: '**/*.html', cache_control: no-cache, min_ttl: 60 }
compression: { encodings: [brotli] }
releases: { keep: 0 }
security_headers:
  content_security_policy: { policy: \"default-src 'self' 'unsafe-eval'\" }
error_responses: [{ code: 404, path: /index.html }]
environments:
  local: { target: local }
  production: { bucket: B, region: us-east-1, bukket: x }
";
    let rules: Vec<_> = problems(text).iter().map(|problem| (problem.line, problem.rule)).collect();
    assert_eq!(
        rules,
        [
            (2, "wrong-type"),
            (2, "unknown-key"),
            (4, "min-ttl"),
            (5, "not-allowed"),
            (6, "keep-zero"),
            (8, "csp-unsafe-eval"),
            (9, "missing-key"),
            (9, "spa-error-response"),
            (9, "unknown-key"),
            (9, "unknown-key"),
            (12, "bucket-name"),
            (12, "unknown-key"),
        ]
    );
}
