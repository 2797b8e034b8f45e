//! Whatever happens while resources are made: the next run finishes the job, and nothing is there twice.

use std::cmp::Ordering;

use super::world::{WHOLE, World};
use crate::support::{
    distribution::edit,
    proxy::Fate,
    victim::{death_at, sample, suffer},
};

/// How many requests a whole run takes.
fn requests() -> usize {
    let world = World::new("", "");
    world.proxy.calm();
    world.provision();
    world.proxy.count()
}

fn assert_whole(world: &World) {
    world.provision();
    assert_eq!(world.inventory(), WHOLE);
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn a_run_that_dies_at_any_request_is_finished_by_the_next() {
    let deaths: Vec<_> = (1..=requests()).flat_map(|at| [(at, false), (at, true)]).collect();
    let of = deaths.len();
    let deaths = sample(deaths, 6);
    println!("killed at {} points of {of}", deaths.len());
    for (at, carried_out) in deaths {
        println!("request {at}, carried out: {carried_out}");
        let world = World::new("", "");
        suffer(&world.proxy, &mut world.command(&["provision", "--yes"]), death_at(at, carried_out));
        assert_whole(&world);
    }
}

#[test]
fn a_request_that_is_throttled_lost_or_unanswered_once_does_no_harm() {
    let faults = [
        ("throttled", Fate::slow_down()),
        ("lost", Fate::lost()),
        ("unanswered", Fate::answer_lost()),
        ("cut", Fate::answer_cut()),
    ];
    let points: Vec<_> = (1..=requests()).flat_map(|at| faults.clone().map(|(name, fate)| (at, name, fate))).collect();
    let of = points.len();
    let points = sample(points, 8);
    println!("disturbed at {} points of {of}", points.len());
    for (at, name, fate) in points {
        println!("request {at} {name}");
        let world = World::new("", "");
        world.proxy.script(move |request| if request.number == at { fate.clone() } else { Fate::passes() });
        let run = world.run(&["provision", "--yes", "--json"]);
        assert!(matches!(run.code, 0 | 5), "{run:?}");
        world.proxy.calm();
        assert_whole(&world);
    }
}

#[test]
fn a_removal_that_dies_is_finished_by_the_next() {
    let world = World::new("", "");
    world.provision();
    world.proxy.calm();
    world.json(&["provision", "--destroy", "--yes"]);
    let requests = world.proxy.count();
    for at in sample((1..=requests).collect(), 4) {
        println!("request {at} of {requests}");
        let world = World::new("", "");
        world.provision();
        suffer(&world.proxy, &mut world.command(&["provision", "--destroy", "--yes"]), move |request, victim| {
            let victim = victim.clone();
            match request.number.cmp(&at) {
                Ordering::Less => Fate::passes(),
                Ordering::Greater => Fate::lost(),
                Ordering::Equal => Fate::answer_lost().then(move || victim.kill()),
            }
        });
        world.json(&["provision", "--destroy", "--yes"]);
        assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
    }
}

#[test]
fn an_edit_of_somebody_else_between_plan_and_change_is_not_lost() {
    let world = World::new("", "");
    let made = world.provision();
    let id = made["distribution"]["id"].as_str().unwrap().to_owned();
    world.configure("", "price_class: PriceClass_100");
    let (client, handle) = (world.cloudfront(), world.runtime.handle().clone());
    let target = format!("PUT /2020-05-31/distribution/{id}/config");
    let edited = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    world.proxy.script(move |request| {
        if !request.line.starts_with(&target) || edited.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Fate::passes();
        }
        let (client, id, handle) = (client.clone(), id.clone(), handle.clone());
        Fate::passes().first(move || {
            handle.block_on(async {
                edit(&client, &id, |config| {
                    config.comment = "somebody else's".into();
                })
                .await;
            });
        })
    });
    world.refused(&["provision", "--yes"], 6, "changed-meanwhile");
    world.proxy.calm();
    world.provision();
    let id = made["distribution"]["id"].as_str().unwrap();
    let now = world.runtime.block_on(world.cloudfront().get_distribution_config().id(id).send()).unwrap();
    let config = now.distribution_config.unwrap();
    assert_eq!((config.comment.as_str(), config.price_class.unwrap().as_str()), ("somebody else's", "PriceClass_100"));
}
