//! Nothing is made twice, whatever becomes of a request and its answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use treebeard_cdn::{
    error::Class,
    model::infrastructure::{Kind, Resource},
    remote::provider::Provider as _,
};

use super::{Site, cloudfront, function, resource};
use crate::support::{
    proxy::{Fate, Request},
    servers::ministack,
};

/// Whether a request makes this kind of resource.
fn makes(request: &Request, kind: Kind) -> bool {
    let line = &request.line;
    match kind {
        Kind::Bucket => line.starts_with("PUT /") && !line.contains('?') || line.contains("x-id=CreateBucket"),
        Kind::OriginAccessControl => line.starts_with("POST /2020-05-31/origin-access-control"),
        Kind::ResponseHeadersPolicy => line.starts_with("POST /2020-05-31/response-headers-policy"),
        Kind::CachePolicy => line.starts_with("POST /2020-05-31/cache-policy"),
        Kind::Function => line.starts_with("POST /2020-05-31/function "),
        Kind::Distribution => line.starts_with("POST /2020-05-31/distribution?"),
        Kind::BucketPolicy => line.starts_with("PUT /") && line.contains("?policy"),
        Kind::Role | Kind::LogGroup | Kind::Lambda | Kind::FunctionUrl => {
            unreachable!("this site has no API of its own")
        }
    }
}

/// How many distributions there are for the site.
async fn distributions(site: &Site) -> usize {
    let listed = cloudfront().list_distributions().send().await.unwrap().distribution_list.unwrap();
    let domain = format!("{}.s3.", site.name);
    let is_ours = |it: &aws_sdk_cloudfront::types::DistributionSummary| {
        it.origins.as_ref().unwrap().items.iter().any(|origin| origin.domain_name.starts_with(&domain))
    };
    listed.items.unwrap_or_default().iter().filter(|it| is_ours(it)).count()
}

/// Makes everything while each first creation meets `fate`, and gives how often each was asked for.
async fn made_despite(fate: fn() -> Fate) -> (Site, Vec<(Kind, usize)>) {
    let mut site = Site::new().await;
    let mut asked = Vec::new();
    for wanted in site.wanted() {
        let kind = wanted.kind();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        site.proxy.script(move |request| {
            if makes(request, kind) && counted.fetch_add(1, Ordering::SeqCst) == 0 { fate() } else { Fate::passes() }
        });
        let made = site.create(&wanted).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        site.proxy.calm();
        assert_eq!(site.find(&wanted).await, Some(made), "{kind}");
        asked.push((kind, count.load(Ordering::SeqCst)));
    }
    (site, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_no_second_one() {
    let (site, asked) = made_despite(Fate::answer_lost).await;
    let more: Vec<_> = asked.into_iter().filter(|(kind, count)| *count != 1 && *kind != Kind::BucketPolicy).collect();
    assert_eq!(more, [], "asked for more than once");
    assert_eq!(distributions(&site).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_did_not_arrive_is_repeated() {
    for fate in [Fate::lost, Fate::slow_down] {
        let (site, asked) = made_despite(fate).await;
        assert!(asked.iter().all(|(_, count)| *count == 2), "{asked:?}");
        assert_eq!(distributions(&site).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_into_being_meanwhile_is_what_is_given() {
    let (mut site, wanted) = Site::whole().await;
    for wanted in &wanted {
        let there = site.found(wanted);
        let made = site.create(wanted).await.unwrap();
        assert_eq!(made, there, "{}", wanted.kind());
    }
    assert_eq!(distributions(&site).await, 1);
    // As it is, even if it is another one than was wanted.
    let edge = Resource { settings: super::Settings::Function(function("two")), ..site.wanted_of(Kind::Function) };
    assert_eq!(site.create(&edge).await.unwrap().settings, site.wanted_of(Kind::Function).settings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_answers_late_gets_its_settings() {
    let mut site = Site::new().await;
    let wanted = site.wanted_of(Kind::Bucket);
    // What answers first is a server that does not know the bucket yet.
    let gone = Arc::new(AtomicBool::new(false));
    let name = site.name.clone();
    site.proxy.script(move |request| {
        let is_head = request.line.starts_with("HEAD ");
        if is_head && !gone.swap(true, Ordering::SeqCst) {
            let name = name.clone();
            let s3 = || ministack().s3();
            let (hidden, shown) = (name.clone(), name);
            return Fate::passes()
                .first(move || {
                    super::now(|| async { drop(s3().delete_bucket().bucket(&hidden).send().await.unwrap()) });
                })
                .then(move || {
                    super::now(|| async { drop(s3().create_bucket().bucket(&shown).send().await.unwrap()) });
                });
        }
        Fate::passes()
    });
    let made = site.create(&wanted).await.unwrap();
    assert_eq!(made.settings, wanted.settings);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_distributions_of_one_site_are_for_a_person_to_tell_apart() {
    let mut site = Site::prepared().await;
    let wanted = site.wanted_of(Kind::Distribution);
    let one = site.create(&wanted).await.unwrap();
    let client = cloudfront();
    let there = client.get_distribution_config().id(&one.id).send().await.unwrap();
    let mut config = there.distribution_config.unwrap();
    config.caller_reference = format!("{}-by-hand", site.name);
    let made = client.create_distribution().distribution_config(config).send().await.unwrap().distribution.unwrap();
    assert_eq!(site.find(&wanted).await.unwrap().id, one.id, "without the tag it is somebody else's");
    let tag = aws_sdk_cloudfront::types::Tag::builder().key(super::SITE_TAG).value(&site.name).build().unwrap();
    let tags = aws_sdk_cloudfront::types::Tags::builder().items(tag).build();
    client.tag_resource().resource(&made.arn).tags(tags).send().await.unwrap();
    let error = site.provider.find(&wanted, &site.known).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Conflict, "distribution-ambiguous"));
    assert!(error.message.contains(&one.id) && error.message.contains(&made.id), "{error}");
    assert!(error.help.unwrap().contains("distribution_id"));
    // Another site's bucket may begin with the same name.
    let longer = resource(site.name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), wanted.settings);
    assert_eq!(site.find(&longer).await, None);
}
