//! Whatever happens while the API's resources are made or removed: the next run finishes the job.

use std::cmp::Ordering;

use super::{Api, world};
use crate::support::{
    proxy::Fate,
    servers::Received,
    victim::{death_at, sample, suffer},
};

#[test]
fn a_run_that_dies_or_is_disturbed_at_any_request_is_finished_by_the_next() {
    let first = world();
    first.proxy.calm();
    first.json(&["provision", "--yes"]);
    let requests = first.proxy.count();
    for (turn, at) in sample((1..=requests).collect(), 6).into_iter().enumerate() {
        println!("request {at} of {requests}");
        let world = world();
        let fate = [Fate::slow_down(), Fate::lost(), Fate::answer_lost(), Fate::answer_cut()][turn / 2 % 4].clone();
        suffer(&world.proxy, &mut world.command(&["provision", "--yes"]), move |request, victim| {
            let victim = victim.clone();
            match request.number.cmp(&at) {
                Ordering::Equal if turn % 2 == 0 => Fate::answer_lost().then(move || victim.kill()),
                Ordering::Greater if turn % 2 == 0 => Fate::lost(),
                Ordering::Equal => fate.clone(),
                _ => Fate::passes(),
            }
        });
        world.provision();
        assert_eq!((world.drift(), Api::of(&world).count()), (Vec::new(), 4));
        Api::of(&world).assert_agreed();
    }
}

/// Whether a request is about what runs the API: Lambda's paths begin with the date of their API, IAM and CloudWatch
/// Logs have one path for all.
fn is_for_api(line: &str) -> bool {
    line.contains("/functions/") || line.starts_with("POST / ")
}

#[test]
fn a_removal_that_dies_at_a_request_about_it_is_finished_by_the_next() {
    let first = world();
    first.provision();
    first.proxy.calm();
    first.proxy.record();
    first.json(&["provision", "--destroy", "--yes"]);
    let sent = first.proxy.recorded();
    let at = |(number, it): (usize, &Received)| is_for_api(&it.line).then_some(number + 1);
    let points: Vec<_> = sent.iter().enumerate().filter_map(at).flat_map(|at| [(at, false), (at, true)]).collect();
    let removals = sent.iter().filter(|it| it.line.starts_with("DELETE ") && is_for_api(&it.line)).count();
    assert_eq!(removals, 2, "the function and its URL");
    let of = points.len();
    for (at, carried_out) in sample(points, 6) {
        println!("request {at}, carried out: {carried_out}, one of {of}");
        let world = world();
        world.provision();
        suffer(&world.proxy, &mut world.command(&["provision", "--destroy", "--yes"]), death_at(at, carried_out));
        world.json(&["provision", "--destroy", "--yes"]);
        assert_eq!(Api::of(&world).left(), Vec::<&str>::new());
        assert!(world.inventory().iter().all(|(_, count)| *count == 0), "{:?}", world.inventory());
    }
}
