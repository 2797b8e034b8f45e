//! The local edge and ministack's CloudFront give the same answers, but for what is written down here.

mod answer;
mod differences;
mod requests;
mod world;

use std::collections::BTreeSet;

use self::{
    differences::{Difference, KNOWN},
    requests::{APP, DRESSED, FILES, OF_THE_APP, OF_THE_DRESSED, OF_THE_PAGES, PAGES, Request},
    world::World,
};

/// Asks both the same, and gives what differs unexpectedly, and what should differ and does not.
fn compare(world: &World, request: &Request) -> Vec<String> {
    let [ours, theirs] = world.ask(request);
    let known = |part: &str| KNOWN.iter().find(|difference| difference.is_of(request, part));
    let expected = KNOWN.iter().filter(|it| it.groups.contains(&request.group)).flat_map(|it| it.parts);
    let parts: BTreeSet<&str> = ours.keys().chain(theirs.keys()).map(String::as_str).chain(expected.copied()).collect();
    let faults = parts.into_iter().filter_map(|part| {
        let (ours, theirs) = (ours.get(part), theirs.get(part));
        let fault = match known(part) {
            None if ours == theirs => return None,
            Some(difference) if ours != theirs && difference.is(ours, theirs) => return None,
            None => "differs".to_owned(),
            Some(Difference { reason, .. }) => format!("does not differ as known ({reason})"),
        };
        Some(format!("{} {request}: {part} {fault}\n    edge:      {ours:?}\n    ministack: {theirs:?}", request.group))
    });
    faults.collect()
}

fn assert_parity(site: &str, requests: &[Request]) {
    let world = World::new(site, FILES);
    let faults: Vec<_> = requests.iter().flat_map(|request| compare(&world, request)).collect();
    assert!(faults.is_empty(), "{} of {} requests:\n{}", faults.len(), requests.len(), faults.join("\n"));
}

#[test]
fn a_single_page_app_is_served_alike() {
    assert!(OF_THE_APP.len() >= 150);
    assert_parity(APP, OF_THE_APP);
}

#[test]
fn a_site_of_pages_is_served_alike() {
    assert_parity(PAGES, OF_THE_PAGES);
}

#[test]
fn what_cloudfront_adds_and_replaces_is_alike() {
    assert_parity(DRESSED, OF_THE_DRESSED);
}

#[test]
fn every_known_difference_is_asked_for_once() {
    let requests = || [OF_THE_APP, OF_THE_PAGES, OF_THE_DRESSED].into_iter().flatten();
    for known in KNOWN {
        for group in known.groups {
            assert!(requests().any(|request| request.group == *group), "nothing is asked in {group}: {known:?}");
        }
        assert!(known.reason.starts_with("emulator: ") || known.reason.starts_with("ours: "), "{known:?}");
    }
    for request in requests() {
        for part in KNOWN.iter().filter(|it| it.groups.contains(&request.group)).flat_map(|it| it.parts) {
            let rows = KNOWN.iter().filter(|known| known.is_of(request, part)).count();
            assert_eq!(rows, 1, "{} {part}", request.group);
        }
    }
}
