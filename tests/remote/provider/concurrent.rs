//! What somebody else changed between the plan and its execution is not overwritten.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_sdk_cloudfront::{primitives::Blob, types::FunctionStage};
use serde_json::json;
use treebeard_cdn::{
    error::{Class, Error},
    model::infrastructure::{Found, Kind, Resource, Settings},
};

use super::{Site, cloudfront, function, map, now, set};
use crate::support::{proxy::Fate, servers::ministack};

/// Other settings than those that were made.
fn other(site: &Site, kind: Kind) -> Resource {
    let mut wanted = site.wanted_of(kind);
    match &mut wanted.settings {
        Settings::ResponseHeadersPolicy(it) => it.headers = map(&[("X-Robots-Tag", "noindex")]),
        Settings::CachePolicy(it) => it.default_ttl = 60,
        Settings::Function(it) => *it = function("two"),
        Settings::Distribution(it) => it.aliases = Some(set(&["other.example.com"])),
        Settings::BucketPolicy(it) => {
            it.statements.pop_last();
        }
        _ => unreachable!("without a version or settings"),
    }
    wanted
}

/// What somebody else does to the resource, which nothing of ours speaks of; of the function, to its code.
async fn edit(kind: Kind, id: &str) {
    let client = cloudfront();
    match kind {
        Kind::ResponseHeadersPolicy => {
            let there = client.get_response_headers_policy_config().id(id).send().await.unwrap();
            let mut config = there.response_headers_policy_config.unwrap();
            config.comment = Some("edited".to_owned());
            let edit = client.update_response_headers_policy().id(id).if_match(there.e_tag.unwrap());
            edit.response_headers_policy_config(config).send().await.unwrap();
        }
        Kind::CachePolicy => {
            let there = client.get_cache_policy_config().id(id).send().await.unwrap();
            let mut config = there.cache_policy_config.unwrap();
            config.comment = Some("edited".to_owned());
            let edit = client.update_cache_policy().id(id).if_match(there.e_tag.unwrap());
            edit.cache_policy_config(config).send().await.unwrap();
        }
        Kind::Function => {
            let there = client.describe_function().name(id).stage(FunctionStage::Development).send().await.unwrap();
            let config = there.function_summary.unwrap().function_config.unwrap();
            let edit = client.update_function().name(id).if_match(there.e_tag.unwrap()).function_config(config);
            edit.function_code(Blob::new("function handler(event) { return null; }")).send().await.unwrap();
        }
        Kind::Distribution => {
            let there = client.get_distribution_config().id(id).send().await.unwrap();
            let mut config = there.distribution_config.unwrap();
            "edited".clone_into(&mut config.comment);
            let edit = client.update_distribution().id(id).if_match(there.e_tag.unwrap());
            edit.distribution_config(config).send().await.unwrap();
        }
        Kind::BucketPolicy => {
            let s3 = ministack().s3();
            let there = s3.get_bucket_policy().bucket(id).send().await.unwrap().policy.unwrap();
            let mut policy: serde_json::Value = serde_json::from_str(&there).unwrap();
            policy["Statement"].as_array_mut().unwrap().push(json!({
                "Sid": "Edited", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::{id}/secret/*"),
            }));
            s3.put_bucket_policy().bucket(id).policy(policy.to_string()).send().await.unwrap();
        }
        _ => unreachable!("without a version or settings"),
    }
}

#[track_caller]
fn refused(result: Result<Found, Error>, kind: Kind, name: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Conflict, "changed-meanwhile"), "{kind}: {error}");
    assert!(error.message.contains(name) && error.message.contains(&kind.to_string()), "{error}");
    assert!(error.help.unwrap().contains("`plan`"));
}

const KINDS: [Kind; 5] =
    [Kind::ResponseHeadersPolicy, Kind::CachePolicy, Kind::Function, Kind::Distribution, Kind::BucketPolicy];

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_after_the_plan_is_refused_and_stays() {
    let (site, wanted) = Site::whole().await;
    for kind in KINDS {
        let wanted = wanted.iter().find(|it| it.kind() == kind).unwrap();
        let found = site.found(wanted);
        edit(kind, &found.id).await;
        let edited = site.find(wanted).await.unwrap();
        assert_ne!(edited.version, found.version, "{kind}");
        let name = if kind == Kind::Distribution { &found.id } else { &wanted.name };
        refused(site.update(&other(&site, kind), &found).await, kind, name);
        assert_eq!(site.find(wanted).await.unwrap(), edited, "{kind}");
        // The next plan sees it, and its execution keeps it.
        site.update(&other(&site, kind), &edited).await.unwrap();
    }
    let comment = cloudfront().get_distribution_config().id(&site.found(&wanted[5]).id).send().await.unwrap();
    assert_eq!(comment.distribution_config.unwrap().comment, "edited");
    let policy = ministack().s3().get_bucket_policy().bucket(&site.name).send().await.unwrap().policy.unwrap();
    assert!(policy.contains("Edited"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_between_reading_and_writing_is_refused_and_stays() {
    let (site, wanted) = Site::whole().await;
    for kind in KINDS.into_iter().filter(|kind| *kind != Kind::BucketPolicy) {
        let wanted = wanted.iter().find(|it| it.kind() == kind).unwrap();
        let found = site.found(wanted);
        let id = Arc::new(found.id.clone());
        site.proxy.script(move |request| {
            let id = Arc::clone(&id);
            if request.line.starts_with("PUT ") {
                Fate::passes().first(move || now(|| async { edit(kind, &id).await }))
            } else {
                Fate::passes()
            }
        });
        let name = if kind == Kind::Distribution { &found.id } else { &wanted.name };
        refused(site.update(&other(&site, kind), &found).await, kind, name);
        site.proxy.calm();
        let settings = site.find(wanted).await.unwrap().settings;
        if let (Settings::Function(it), Settings::Function(was)) = (&settings, &wanted.settings) {
            assert_eq!((it.code, it.published), (was.code, false));
        } else {
            assert_eq!(settings, found.settings, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_was_lost_is_no_conflict() {
    let (site, wanted) = Site::whole().await;
    for kind in KINDS {
        let wanted = wanted.iter().find(|it| it.kind() == kind).unwrap();
        let found = site.found(wanted);
        site.proxy.script(|request| {
            let is_first = request.line.starts_with("PUT ") && request.number < 6;
            if is_first { Fate::answer_lost() } else { Fate::passes() }
        });
        let other = other(&site, kind);
        let changed = site.update(&other, &found).await.unwrap();
        site.proxy.calm();
        assert_ne!(changed.version, found.version, "{kind}");
        assert_eq!(changed, site.find(&other).await.unwrap(), "{kind}");
        if !matches!(kind, Kind::BucketPolicy) {
            assert_eq!(changed.settings, other.settings, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_whose_answer_was_lost_is_no_conflict() {
    let (site, wanted) = Site::whole().await;
    let wanted = wanted.iter().find(|it| it.kind() == Kind::Function).unwrap();
    let lost = Arc::new(AtomicBool::new(false));
    site.proxy.script(move |request| {
        let is_publication = request.line.contains("/publish");
        if is_publication && !lost.swap(true, Ordering::SeqCst) { Fate::answer_lost() } else { Fate::passes() }
    });
    let other = other(&site, Kind::Function);
    let changed = site.update(&other, &site.found(wanted)).await.unwrap();
    assert_eq!(changed.settings, other.settings);
}
