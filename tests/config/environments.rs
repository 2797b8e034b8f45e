//! What an environment gets: the top level, its own keys, variables and defaults.

use std::time::Duration;

use proptest::prelude::*;
use treebeard_cdn::{
    config::{Checksums, Config, Invalidation, Target},
    model::{cache_policy::cache_policy, encoding::Encoding, path::ViewerPath},
};

use super::{SHIPPED, VARIABLES, check};
use crate::support::cases;

fn config(text: &str, environment: &str, variables: &[(&str, &str)]) -> Config {
    let checked = check(text, environment, variables);
    let problems: Vec<_> = checked.problems.iter().collect();
    checked.config.unwrap_or_else(|| panic!("{problems:#?}"))
}

#[test]
fn the_shipped_configuration_has_no_problem_in_any_environment() {
    for environment in ["local", "production", "bucket-only"] {
        assert_eq!(check(SHIPPED, environment, VARIABLES).problems.summary(), "no problems", "{environment}");
    }
}

#[test]
fn the_shipped_configuration_says_what_the_performance_guide_says() {
    let config = config(SHIPPED, "production", VARIABLES);
    let headers: Vec<_> = config.response_headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insta::assert_snapshot!(headers.join("\n"), @r"
    Strict-Transport-Security: max-age=31536000; includeSubDomains; preload
    Content-Security-Policy: default-src 'self'; script-src 'self' 'unsafe-inline'
    X-Content-Type-Options: nosniff
    X-Frame-Options: DENY
    X-XSS-Protection: 1; mode=block
    Referrer-Policy: strict-origin-when-cross-origin
    ");
    let cache_control = |path: &str| cache_policy(&config.cache, &ViewerPath::new(path).unwrap(), false).cache_control;
    assert_eq!(cache_control("assets/main.4f3c2b1a.js"), "public, max-age=31536000, immutable");
    assert_eq!(cache_control("index.html"), "public, max-age=300, must-revalidate");
    let Target::Aws(aws) = config.target else { panic!("production is on AWS") };
    assert_eq!(aws.certificate_arn.as_deref(), Some(VARIABLES[0].1));
    assert_eq!((aws.distribution_id, aws.endpoint_url), (None, None));
    assert_eq!(aws.domains, ["treebeard.com", "www.treebeard.com"]);
}

#[test]
fn a_minimal_configuration_has_the_defaults_of_the_shipped_one() {
    let minimal = config("version: 1\nsite: {}\nenvironments: { local: { target: local } }\n", "local", &[]);
    let shipped = config(SHIPPED, "local", &[]);
    let rules = |config: &Config| {
        config
            .cache
            .iter()
            .map(|rule| (rule.glob().to_string(), rule.cache_control.clone(), rule.fingerprint))
            .collect::<Vec<_>>()
    };
    assert_eq!(rules(&minimal), rules(&shipped));
    assert_eq!(minimal.response_headers, shipped.response_headers);
    assert_eq!(minimal.compression, shipped.compression);
    assert_eq!(minimal.releases, shipped.releases);
    assert_eq!(minimal.compression.encodings, [Encoding::Br, Encoding::Gzip]);
    assert_eq!(minimal.compression.max_size, 10 << 20);
    assert_eq!(minimal.releases.grace, Duration::from_hours(7 * 24));
    assert_eq!((minimal.releases.keep, minimal.releases.max_deletes), (5, 256));
    assert_eq!(minimal.invalidation, Invalidation::Minimal);
    assert_eq!((minimal.api, minimal.site.spa, minimal.target), (None, true, Target::Local));
    assert_eq!(minimal.site.output, minimal.root.join("dist"));
    assert_eq!(shipped.site.output, shipped.root.join("frontend/dist"));
}

#[test]
fn an_environment_overrides_key_by_key() {
    let text = "\
version: 1
site: { root: web, build: make, env: { A: '1', B: '2' } }
api: { local: { command: old, health: /up } }
security_headers: { x_frame_options: DENY, referrer_policy: origin }
cache: [{ match: 'a/**', cache_control: no-cache }]
environments:
  local: { target: local }
  other:
    target: local
    site: { build: null, env: { B: '3' } }
    api: { local: { command: new } }
    security_headers: { x_frame_options: null }
    cache: [{ match: 'b/**', cache_control: no-store }]
  no-api: { target: local, api: null }
";
    let other = config(text, "other", &[]);
    assert_eq!((other.site.root.clone(), other.site.build), (other.root.join("web"), None));
    assert_eq!(other.site.env.into_iter().collect::<Vec<_>>(), [("A".into(), "1".into()), ("B".into(), "3".into())]);
    let local = other.api.unwrap().local.unwrap();
    assert_eq!((local.command.as_str(), local.health.as_str()), ("new", "/up"));
    let names: Vec<_> = other.response_headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(!names.contains(&"X-Frame-Options") && names.contains(&"Referrer-Policy"));
    assert_eq!(other.cache.len(), 1);
    assert_eq!(other.cache[0].glob().to_string(), "b/**");
    assert_eq!(config(text, "no-api", &[]).api, None);
    assert_eq!(config(text, "local", &[]).site.build.as_deref(), Some("make"));
}

#[test]
fn a_problem_of_an_override_stands_where_it_was_written() {
    let text = "\
version: 1
site: {}
releases: { keep: 5 }
environments:
  local: { target: local }
  other: { target: local, releases: { keep: 0 } }
";
    let checked = check(text, "local", &[]);
    let problem = checked.problems.iter().next().unwrap();
    assert_eq!((problem.rule, problem.line, problem.column), ("keep-zero", 6, 45));
    assert_eq!(problem.path, "environments.other.releases.keep");
}

#[test]
fn variables_are_those_of_the_environment_in_use() {
    let text = "\
version: 1
site: { env: { URL: '${URL:-http://localhost}', HOME_DIR: '$${HOME}' } }
releases: { keep: '${KEEP:-5}' }
environments:
  local: { target: local }
  aws: { bucket: '${BUCKET}', region: us-east-1, cdn: none, site: { spa: '${SPA}' } }
";
    let local = config(text, "local", &[]);
    assert_eq!(local.site.env["URL"], "http://localhost");
    assert_eq!(local.site.env["HOME_DIR"], "${HOME}");
    let aws = config(text, "aws", &[("BUCKET", "my-bucket"), ("SPA", "false"), ("KEEP", "9"), ("URL", "x")]);
    assert_eq!((aws.site.spa, aws.releases.keep, aws.site.env["URL"].as_str()), (false, 9, "x"));

    let unset = check(text, "aws", &[]);
    let found: Vec<_> = unset.problems.iter().map(|p| (p.rule, p.line, p.column)).collect();
    assert_eq!(found, [("variable-unset", 6, 18), ("variable-unset", 6, 74)]);
    assert!(unset.problems.iter().next().unwrap().message.contains("BUCKET"));
}

#[test]
fn how_aws_is_asked() {
    let aws = |keys: &str, variables: &[(&str, &str)]| {
        let text = format!(
            "version: 1\nsite: {{}}\nenvironments: {{ aws: {{ bucket: my-bucket, region: us-east-1{keys} }} }}\n"
        );
        match config(&text, "aws", variables).target {
            Target::Aws(aws) => *aws,
            Target::Local => panic!("it has a bucket"),
        }
    };
    let silent = aws("", &[]);
    assert_eq!((silent.locking, silent.checksums), (true, Checksums::Auto));
    assert_eq!((&silent.viewer_url, &silent.profile, &silent.role_arn), (&None, &None, &None));
    let empty = aws(", viewer_url: '${X:-}', profile: '${X:-}', role_arn: '${X:-}'", &[]);
    assert_eq!(empty, silent);

    for (written, locking) in [("on", true), ("off", false), ("'off'", false), ("true", true), ("false", false)] {
        assert_eq!(aws(&format!(", locking: {written}"), &[]).locking, locking, "{written}");
    }
    assert!(!aws(", locking: '${LOCKING:-on}'", &[("LOCKING", "off")]).locking);
    assert_eq!(aws(", checksums: when_required", &[]).checksums, Checksums::WhenRequired);

    let role = "arn:aws-us-gov:iam::123456789012:role/ci/deploy";
    let viewer = "http://[::1]:8080/";
    let given = aws(&format!(", viewer_url: '{viewer}', profile: work, role_arn: '{role}'"), &[]);
    assert_eq!(given.viewer_url.as_deref(), Some(viewer));
    assert_eq!((given.profile.as_deref(), given.role_arn.as_deref()), (Some("work"), Some(role)));
}

#[test]
fn what_a_variable_stands_for_is_never_told() {
    let text = "\
version: 1
site: { spa: '${SECRET}' }
compression: { encodings: ['${SECRET}'] }
releases: { grace: '${SECRET}' }
cache: [{ match: '${SECRET}[', cache_control: '${SECRET}' }]
api: { path: '${SECRET}' }
environments:
  local:
    bucket: '${SECRET}'
    region: '${SECRET}'
    domains: ['${SECRET}', '${SECRET}']
    certificate_arn: '${SECRET}'
    distribution_id: '${SECRET}'
    api_origin: '${SECRET}'
    endpoint_url: '${SECRET}'
    viewer_url: '${SECRET}'
    role_arn: '${SECRET}'
    locking: '${SECRET}'
    checksums: '${SECRET}'
    geo: { allow: ['${SECRET}'] }
    cors: { allow_origins: ['${SECRET}'], allow_methods: ['${SECRET}'], allow_headers: ['${SECRET} '], max_age: '${NUMBER}' }
    error_responses: [{ error_code: '${NUMBER}' }, { error_code: '${NUMBER}', response_page_path: '${SECRET}', response_code: '${NUMBER}' }]
    origin_shield: '${SECRET}'
    cache_tag_header: '${SECRET} '
    security_headers: { x_xss_protection: '${SECRET}', content_security_policy: { policy: 'script-src ${SECRET}' } }
";
    let checked = check(text, "local", &[("SECRET", "hunter2!"), ("NUMBER", "31337")]);
    let json = serde_json::to_string(&checked.problems).unwrap();
    assert!(checked.problems.iter().count() >= 20, "{json}");
    assert!(!json.contains("hunter2") && !json.contains("31337"), "{json}");
}

#[test]
fn a_header_is_sent_as_cloudfront_will_find_it() {
    let sent = |value: &str| {
        let text = format!(
            "version: 1\nsite: {{}}\nsecurity_headers: {{ x_xss_protection: '{value}' }}\nenvironments: {{ local: {{ target: local }} }}\n"
        );
        let config = check(text, "local", &[]).config.unwrap();
        config.response_headers.into_iter().find(|(name, _)| name == "X-XSS-Protection").unwrap().1
    };
    for (written, expected) in [
        ("1;mode=block", "1; mode=block"),
        ("1 ; MODE = block", "1; mode=block"),
        ("1;report=/xss", "1; report=/xss"),
        (" 0", "0"),
    ] {
        assert_eq!(sent(written), expected);
    }
}

#[test]
fn an_unknown_environment_is_named_with_those_there_are() {
    let checked = check(SHIPPED, "prodution", VARIABLES);
    let problem = checked.problems.iter().next().unwrap();
    assert_eq!((problem.rule, problem.path.as_str()), ("unknown-environment", "environments"));
    assert_eq!(problem.help, "did you mean `--env production`? There is `bucket-only`, `local` or `production`");
}

proptest! {
    #![proptest_config(cases(64))]

    /// Whatever stands at the top level, an environment's own value wins, and the rest stays.
    #[test]
    fn overrides_win_and_the_rest_stays(
        top in proptest::collection::btree_map("[A-F]", "[a-z]{1,4}", 0..6),
        own in proptest::collection::btree_map("[A-F]", "[a-z]{1,4}", 0..6),
        keep in proptest::option::of(1_u32..9),
    ) {
        let quoted = |env: &std::collections::BTreeMap<String, String>| serde_json::to_string(env).unwrap();
        let releases = keep.map(|keep| format!(", releases: {{ keep: {keep} }}")).unwrap_or_default();
        let text = format!(
            "version: 1\nsite: {{ env: {} }}\nreleases: {{ grace: 2d }}\nenvironments: {{ e: {{ target: local, site: {{ env: {} }}{releases} }} }}\n",
            quoted(&top), quoted(&own),
        );
        let config = config(&text, "e", &[]);
        let mut expected = top;
        expected.extend(own);
        prop_assert_eq!(config.site.env, expected);
        prop_assert_eq!(config.releases.keep, keep.unwrap_or(5) as usize);
        prop_assert_eq!(config.releases.grace, Duration::from_hours(2 * 24));
    }
}

#[test]
fn a_function_has_what_it_was_given_and_defaults_otherwise() {
    let text = "version: 1\nsite: {}\napi:\n  package: lambda\n  openapi: api/openapi.json\n  smoke: [/api/v1/plans]\n  \
                lambda: { binary: target/api, memory: 1GiB, secrets: { DATABASE_URL: 'ssm:/a/b' } }\n\
                environments:\n  local: { target: local, api: { local: { command: x } } }\n  \
                live: { bucket: my-bucket, region: us-east-1 }\n  \
                bare: { bucket: my-bucket, region: us-east-1, cdn: none }\n";
    let api = |environment| check(text, environment, &[]).config.unwrap().api.unwrap();
    let live = api("live");
    let lambda = live.lambda.unwrap();
    assert!(live.openapi.unwrap().is_absolute() && lambda.binary.ends_with("target/api"));
    assert_eq!((lambda.memory, lambda.timeout, lambda.log_retention), (1024, 15, 30));
    assert_eq!(lambda.architecture.to_string(), "x86_64");
    assert_eq!(lambda.secrets["DATABASE_URL"].to_string(), "ssm:/a/b");
    assert_eq!(live.smoke, ["/api/v1/plans"]);
    // Where no CloudFront leads to it, there is none.
    assert!(api("local").lambda.is_none() && api("bare").lambda.is_none());
}
