//! Made, found, left alone, changed, removed.

use std::collections::BTreeMap;

use aws_sdk_s3::types::BucketVersioningStatus;
use treebeard_cdn::{
    model::infrastructure::{DISTRIBUTION_ARN, Distribution, Geo, Kind, Logging, Settings, ViewerProtocol},
    remote::provider::Provider as _,
};

use super::{Site, function, map, resource, set};
use crate::support::{aws_model::assert_valid, servers::ministack};

/// The settings as they will be found: statements name the distribution.
fn expected(settings: &Settings, distribution: &str) -> serde_json::Value {
    let text = serde_json::to_string(settings).unwrap();
    serde_json::from_str(&text.replace(DISTRIBUTION_ARN, distribution)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_found_as_it_was_made() {
    let mut site = Site::new().await;
    let wanted = site.wanted();
    for wanted in &wanted {
        assert_eq!(site.find(wanted).await, None, "{}", wanted.kind());
        let made = site.create(wanted).await.unwrap();
        let arn = site.known.get(Kind::Distribution, &site.name).and_then(|it| it.arn.clone()).unwrap_or_default();
        let found = serde_json::to_value(&made.settings).unwrap();
        assert_eq!(found, expected(&wanted.settings, &arn), "{}", wanted.kind());
        assert_eq!(site.find(wanted).await, Some(made), "{}", wanted.kind());
    }
    let distribution = site.found(&wanted[5]);
    assert!(distribution.domain.as_ref().unwrap().ends_with(".cloudfront.net"), "{distribution:?}");
    assert!(distribution.arn.as_ref().unwrap().ends_with(&distribution.id), "{distribution:?}");
    assert!(site.provider.settled(&distribution).await.unwrap());
    // By its id it is the same, whatever it is called.
    let mut by_id = resource("other".to_owned(), wanted[5].settings.clone());
    by_id.id = Some(distribution.id.clone());
    assert_eq!(site.find(&by_id).await.unwrap().id, distribution.id);

    let requests = site.proxy.recorded();
    let operations: Vec<_> = assert_valid(&requests).into_iter().map(|it| it.name).collect();
    for once in ["CreateBucket", "CreateDistributionWithTags", "CreateFunction", "PublishFunction", "PutBucketPolicy"] {
        assert_eq!(operations.iter().filter(|it| *it == once).count(), 1, "{once}: {operations:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_as_it_should_be_is_not_written() {
    let (site, wanted) = Site::whole().await;
    site.proxy.record();
    for wanted in &wanted {
        let found = site.found(wanted);
        assert_eq!(site.update(wanted, &found).await.unwrap(), found);
    }
    let written: Vec<_> =
        site.proxy.recorded().into_iter().filter(|it| !["GET", "HEAD"].contains(&it.method())).collect();
    assert!(written.is_empty(), "{:?}", written.iter().map(|it| &it.line).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_changed() {
    let (mut site, mut wanted) = Site::whole().await;
    for wanted in &mut wanted {
        let found = site.found(wanted);
        match &mut wanted.settings {
            Settings::Bucket(it) => {
                it.versioning = false;
                it.ownership = Some("BucketOwnerPreferred".to_owned());
                it.lifecycle.as_mut().unwrap().noncurrent_days = 90;
                it.tags.insert("team".to_owned(), "other".to_owned());
            }
            Settings::OriginAccessControl(_)
            | Settings::Role(_)
            | Settings::LogGroup(_)
            | Settings::Lambda(_)
            | Settings::FunctionUrl(_) => continue,
            Settings::ResponseHeadersPolicy(it) => {
                it.headers = map(&[("X-Frame-Options", "SAMEORIGIN"), ("X-Robots-Tag", "noindex")]);
                it.remove = set(&["server"]);
                it.cors = None;
            }
            Settings::CachePolicy(it) => {
                (it.min_ttl, it.gzip) = (1, true);
                it.key = set(&["headers:none", "cookies:all", "query-strings:whitelist:page,size"]);
            }
            Settings::Function(it) => *it = function("two"),
            Settings::Distribution(it) => {
                it.aliases = Some(set(&["example.org"]));
                it.certificate.as_mut().unwrap().minimum_tls = Some("TLSv1.3_2025".to_owned());
                it.logging = Some(Logging::default());
                it.waf_acl = Some(String::new());
                it.geo = Some(Geo::default());
                it.cache_tag_header = Some(String::new());
                it.error_pages = Some(BTreeMap::new());
                it.origins.get_mut("api").unwrap().port = Some(443);
                it.origins.get_mut("files").unwrap().shield = Some(String::new());
                let site = it.behaviors.get_mut("*").unwrap();
                (site.viewer_protocol, site.compress) = (ViewerProtocol::AllowAll, true);
                site.viewer_request.clear();
                site.response_headers_policy.clear();
                it.tags.insert("team".to_owned(), "web".to_owned());
            }
            Settings::BucketPolicy(it) => {
                it.statements.pop_last();
            }
        }
        let changed = site.update(wanted, &found).await.unwrap();
        let arn = site.known.get(Kind::Distribution, &site.name).and_then(|it| it.arn.clone()).unwrap_or_default();
        let settings = serde_json::to_value(&changed.settings).unwrap();
        assert_eq!(settings, expected(&wanted.settings, &arn), "{}", wanted.kind());
        assert!(wanted.kind() == Kind::Bucket || changed.version != found.version, "{}", wanted.kind());
        site.known.insert(&wanted.name, changed);
    }
    assert_valid(&site.proxy.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_removed_twice() {
    let (site, wanted) = Site::whole().await;
    for wanted in wanted.iter().rev() {
        let mut found = site.found(wanted);
        if wanted.kind() == Kind::Distribution {
            let error = site.provider.delete(&found).await.unwrap_err();
            assert!(error.message.contains("DistributionNotDisabled"), "{error}");
            let off = Settings::Distribution(Box::new(Distribution::disabled()));
            let off = resource(site.name.clone(), off);
            found = site.update(&off, &found).await.unwrap();
        }
        for _ in 0..2 {
            site.provider.delete(&found).await.unwrap();
        }
        assert_eq!(site.find(wanted).await, None, "{}", wanted.kind());
    }
    assert_valid(&site.proxy.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_emptied_of_every_version() {
    let mut site = Site::new().await;
    let wanted = site.wanted_of(Kind::Bucket);
    let found = site.create(&wanted).await.unwrap();
    let s3 = ministack().s3();
    let versioning = s3.get_bucket_versioning().bucket(&site.name).send().await.unwrap();
    assert_eq!(versioning.status, Some(BucketVersioningStatus::Enabled));
    for key in ["a", "a", "b/c", "d"] {
        s3.put_object().bucket(&site.name).key(key).send().await.unwrap();
    }
    s3.delete_object().bucket(&site.name).key("d").send().await.unwrap();
    let error = site.provider.delete(&found).await.unwrap_err();
    assert_eq!(error.rule, "bucket-not-empty", "{error}");
    assert_eq!(site.provider.empty_some(&found).await.unwrap(), 5);
    assert_eq!(site.provider.empty_some(&found).await.unwrap(), 0);
    site.provider.delete(&found).await.unwrap();
    assert_eq!(site.provider.empty_some(&found).await.unwrap(), 0);
    assert_valid(&site.proxy.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_was_saved_but_not_published() {
    let mut site = Site::new().await;
    let wanted = site.wanted_of(Kind::Function);
    site.create(&wanted).await.unwrap();
    let client = super::cloudfront();
    let stage = aws_sdk_cloudfront::types::FunctionStage::Development;
    let there = client.describe_function().name(&wanted.name).stage(stage).send().await.unwrap();
    let config = there.function_summary.unwrap().function_config.unwrap();
    let code = aws_sdk_cloudfront::primitives::Blob::new("function handler(event) { return null; }");
    let edit = client.update_function().name(&wanted.name).if_match(there.e_tag.unwrap()).function_config(config);
    edit.function_code(code).send().await.unwrap();
    let found = site.find(&wanted).await.unwrap();
    let Settings::Function(settings) = &found.settings else { panic!("{found:?}") };
    assert_eq!((settings.code, settings.published), (function("one").code, false), "what runs is what is shown");
    let mended = site.update(&wanted, &found).await.unwrap();
    assert_eq!(mended.settings, wanted.settings);
}
