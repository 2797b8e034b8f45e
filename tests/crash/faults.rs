//! Requests go wrong, and the program lives.

use std::{thread, time::Duration};

use super::{
    bucket::Objects,
    sites::release,
    world::{World, sample},
};
use crate::support::{Run, proxy::Fate};

/// Ways in which one request can go wrong.
pub const FAULTS: [(&str, Fate); 5] = [
    ("503", Fate::slow_down()),
    ("lost", Fate::lost()),
    ("answer lost", Fate::answer_lost()),
    ("answer cut", Fate::answer_cut()),
    ("late", Fate::passes()),
];

/// Longer than any pause of the network that a client should notice, shorter than its patience.
pub const LATE: Duration = Duration::from_millis(1_200);

/// Beyond the 30 seconds that a client waits for an answer.
const TOO_LATE: Duration = Duration::from_millis(31_500);

/// Spoils each of a sample of the requests of `command` once in each way, each time in the bucket as it was `before`.
fn sweep(world: &World, before: &Objects, after: &Objects, command: &[&str], size: u32) {
    world.restore(before);
    world.succeed(command);
    let requests = world.proxy.count();
    let points = (1..=requests).flat_map(|request| FAULTS.map(|fault| (request, fault)));
    let points = sample(points.collect(), size);
    println!("{command:?}: {} points of {}", points.len(), FAULTS.len() * requests);
    for (number, (name, fate)) in points {
        world.restore(before);
        let run = world.suffer(&mut world.command(command), move |request, _| match request.number == number {
            false => Fate::passes(),
            true if name == "late" => fate.clone().first(|| thread::sleep(LATE)),
            true => fate.clone(),
        });
        println!("request {number}, {name}: {}", run.code);
        judge(world, before, after, command, &run);
    }
}

/// A command that a fault hit succeeded, or said why not; the bucket is whole, and trying again succeeds.
fn judge(world: &World, before: &Objects, after: &Objects, command: &[&str], run: &Run) {
    if run.code == 0 {
        world.assert_is(after);
        return;
    }
    assert!([5, 6].contains(&run.code) && run.stderr.contains("help"), "{run:?}");
    world.objects().assert_mix_of(before, after);
    world.succeed(command);
    world.assert_is(after);
}

#[test]
fn a_deploy_survives_any_single_fault() {
    let world = World::new();
    let before = world.release(&release("a"));
    let after = world.release(&release("b"));
    sweep(&world, &before, &after, &["deploy"], 10);
}

#[test]
fn a_deploy_behind_cloudfront_survives_any_single_fault() {
    let world = World::behind_cloudfront();
    let before = world.release(&release("a"));
    let after = world.release(&release("b"));
    sweep(&world, &before, &after, &["deploy"], 4);
}

#[test]
fn a_rollback_survives_any_single_fault() {
    let world = World::new();
    let first = world.release(&release("a"));
    let before = world.release(&release("b"));
    let id = first.pointer()["live"].as_str().unwrap().to_owned();
    let back = ["rollback", id.as_str()];
    world.succeed(&back);
    let after = world.objects();
    super::sites::write(&world.project, &release("a"));
    sweep(&world, &before, &after, &back, 6);
}

#[test]
fn a_prune_survives_any_single_fault() {
    let world = World::new();
    world.release(&release("a"));
    world.release(&release("b"));
    let before = world.release(&release("c"));
    world.configure("cdn: none", "releases: { keep: 1, grace: 0s }");
    let prune = ["prune", "--yes"];
    world.succeed(&prune);
    let after = world.objects();
    sweep(&world, &before, &after, &prune, 6);
}

/// Some requests of one deploy each arrive when nobody waits for them any more: their second attempts were answered.
#[test]
fn requests_that_arrive_when_nobody_waits_any_more_do_no_harm() {
    let first = World::new();
    let before = first.release(&release("a"));
    let after = first.release(&release("b"));
    let requests = first.proxy.count();
    let numbers = sample((1..=requests).collect(), 3);
    println!("late by {TOO_LATE:?}: {} points of {requests}", numbers.len());
    for some in numbers.chunks(12) {
        thread::scope(|scope| {
            for &number in some {
                let (before, after) = (&before, &after);
                scope.spawn(move || {
                    let world = World::new();
                    world.restore(before);
                    super::sites::write(&world.project, &release("b"));
                    let run = world.suffer(&mut world.command(&["deploy"]), move |request, _| {
                        if request.number == number {
                            Fate::passes().first(|| thread::sleep(TOO_LATE))
                        } else {
                            Fate::passes()
                        }
                    });
                    println!("request {number}, too late: {}", run.code);
                    judge(&world, before, after, &["deploy"], &run);
                });
            }
        });
    }
}
