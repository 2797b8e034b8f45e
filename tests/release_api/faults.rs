//! At each request that a release of both halves adds to one of pages alone: the program dies, or the request goes wrong.

use std::thread;

use serde_json::json;

use super::{
    program::Program,
    world::{Live, ROUTES, World},
};
use crate::{
    crash::{
        bucket::Objects,
        faults::{FAULTS, LATE},
        sites::{self, release},
    },
    support::{
        proxy::Fate,
        victim::{death_at, sample},
    },
};

/// The site before a command and after it.
struct Sides {
    before: (Objects, Live),
    after: (Objects, Live),
}

/// Which half must be new where the other one is.
#[derive(Clone, Copy)]
enum First {
    Api,
    Pages,
}

impl Sides {
    /// Fails unless each half is old or new, whole, and the one that serves both is ahead of the other.
    fn assert_works(&self, world: &World, first: First) {
        let (now, live) = (world.objects(), world.live());
        now.assert_mix_of(&self.before.0, &self.after.0);
        let (old_api, new_api) = (live.code == self.before.1.code, live.code == self.after.1.code);
        assert!(old_api || new_api, "{live:?}");
        match first {
            First::Api => {
                let new_pages = now.meets_of(&self.after.0, &self.before.0);
                assert!(!new_pages || new_api, "pages before their API: {live:?}");
            }
            // An earlier API is there only for pages that were published with it.
            First::Pages => {
                let later_pages = now.meets_of(&self.before.0, &self.after.0);
                assert!(!later_pages || old_api, "an earlier API before its pages: {live:?}");
            }
        }
    }

    /// Fails unless both halves are new, and everything is at rest.
    fn assert_done(&self, world: &World) {
        let (now, live) = (world.objects(), world.live());
        now.assert_at_rest();
        now.assert_promises(&self.after.0);
        assert_eq!(live.code, self.after.1.code);
        let api = now.api();
        assert_eq!((&api["digest"], &api["openapi"]), (&json!(live.code), &self.after.0.api()["openapi"]));
        assert_eq!(world.json(&["status"])["api"]["matches"], json!(true));
    }
}

/// Two releases that differ in both halves.
fn two_releases() -> (World, Sides) {
    let world = World::new();
    let before = (world.release(&Program::new("one", ROUTES), &release("a")), world.live());
    let after = (world.release(&Program::new("two", ROUTES), &release("b")), world.live());
    (world, Sides { before, after })
}

/// Runs `command` to its end, and gives the numbers of the requests by which a release of both halves differs from one of
/// pages alone: those to Lambda, the zip, and the steps of the pointer between them.
fn requests(world: &World, sides: &Sides, command: &[&str]) -> Vec<usize> {
    world.restore(&sides.before.0, &sides.before.1);
    world.proxy.record();
    world.json(command);
    let made = world.proxy.recorded();
    sides.assert_done(world);
    let is_ours = |line: &str| {
        let writes = line.starts_with("PUT ") && line.contains("/_tb/ledger/pointer.json");
        writes || line.contains("/2015-03-31/") || line.contains("/_tb/api/")
    };
    (1..).zip(made).filter(|(_, request)| is_ours(&request.line)).map(|(number, _)| number).collect()
}

/// Kills `command` at a sample of these requests, before or after the server carried it out.
fn kill(world: &World, sides: &Sides, command: &[&str], first: First, size: u32) {
    let requests = requests(world, sides, command);
    let points = requests.iter().flat_map(|&request| [false, true].map(|carried_out| (request, carried_out)));
    let points = sample(points.collect(), size);
    println!("{command:?}: killed at {} points of {}", points.len(), 2 * requests.len());
    for (number, carried_out) in points {
        world.restore(&sides.before.0, &sides.before.1);
        let run = world.suffer(command, death_at(number, carried_out));
        println!("killed at {number}, carried out: {carried_out}: {}", run.code);
        sides.assert_works(world, first);
        world.json(command);
        sides.assert_done(world);
    }
}

/// Spoils each of a sample of the requests of `command` once in each way.
fn spoil(world: &World, sides: &Sides, command: &[&str], first: First, size: u32) {
    let requests = requests(world, sides, command);
    let points = requests.iter().flat_map(|&request| FAULTS.map(|fault| (request, fault)));
    let points = sample(points.collect(), size);
    println!("{command:?}: {} points of {}", points.len(), FAULTS.len() * requests.len());
    for (number, (name, fate)) in points {
        world.restore(&sides.before.0, &sides.before.1);
        let run = world.suffer(command, move |request, _| match request.number == number {
            false => Fate::passes(),
            true if name == "late" => fate.clone().first(|| thread::sleep(LATE)),
            true => fate.clone(),
        });
        println!("request {number}, {name}: {}", run.code);
        if run.code != 0 {
            assert!([5, 6].contains(&run.code) && run.stderr.contains("help"), "{run:?}");
            sides.assert_works(world, first);
            world.json(command);
        }
        sides.assert_done(world);
    }
}

#[test]
fn a_deploy_of_both_halves_that_dies_leaves_a_pair_that_works_and_is_finished_by_the_next() {
    let (world, sides) = two_releases();
    kill(&world, &sides, &["deploy"], First::Api, 5);
}

#[test]
fn a_rollback_of_both_halves_that_dies_leaves_a_pair_that_works_and_is_finished_by_the_next() {
    let (world, sides) = two_releases();
    let (command, sides) = back(&world, sides);
    kill(&world, &sides, &command.each_ref().map(String::as_str), First::Pages, 4);
}

#[test]
fn a_deploy_of_both_halves_survives_any_single_fault() {
    let (world, sides) = two_releases();
    spoil(&world, &sides, &["deploy"], First::Api, 5);
}

#[test]
fn a_rollback_of_both_halves_survives_any_single_fault() {
    let (world, sides) = two_releases();
    let (command, sides) = back(&world, sides);
    spoil(&world, &sides, &command.each_ref().map(String::as_str), First::Pages, 4);
}

/// A rollback from the second release to the first, and the site before it and after it.
fn back(world: &World, sides: Sides) -> ([String; 2], Sides) {
    let command = ["rollback".to_owned(), sides.before.0.pointer()["live"].as_str().unwrap().to_owned()];
    world.json(&command.each_ref().map(String::as_str));
    let after = (world.objects(), world.live());
    sites::write(&world.project, &release("a"));
    (command, Sides { before: sides.after, after })
}
