//! The program dies.

use super::{
    bucket::Objects,
    sites::{self, release},
    world::{World, sample},
};
use crate::support::proxy::Fate;

/// A moment in which a process dies: at its n-th request, before or after the server carried it out.
#[derive(Debug, Clone, Copy)]
struct Death {
    request: usize,
    carried_out: bool,
}

/// Kills `command` at a sample of its requests, each time in the bucket as it was `before`; then `check` looks.
fn sweep(world: &World, before: &Objects, command: &[&str], size: u32, check: impl Fn(Death)) {
    world.restore(before);
    world.succeed(command);
    let requests = world.proxy.count();
    let deaths = (1..=requests).flat_map(|request| [false, true].map(|carried_out| Death { request, carried_out }));
    let deaths = sample(deaths.collect(), size);
    println!("{command:?}: killed at {} points of {}", deaths.len(), 2 * requests);
    for death in deaths {
        world.restore(before);
        world.proxy.posted();
        let run = world.suffer(&mut world.command(command), move |request, victim| {
            let victim = victim.clone();
            match request.number.cmp(&death.request) {
                std::cmp::Ordering::Less => Fate::passes(),
                // What was on its way when the process died gets there or does not.
                std::cmp::Ordering::Greater => Fate::lost(),
                std::cmp::Ordering::Equal if death.carried_out => Fate::answer_lost().then(move || victim.kill()),
                std::cmp::Ordering::Equal => Fate::lost().first(move || victim.kill()),
            }
        });
        println!("{death:?}: {}", run.code);
        check(death);
    }
}

/// Two releases, one after the other, in one bucket.
fn two_releases(world: &World) -> (Objects, Objects) {
    (world.release(&release("a")), world.release(&release("b")))
}

#[test]
fn a_deploy_that_dies_leaves_the_old_release_or_the_new_one_and_is_finished_by_the_next() {
    let world = World::new();
    let (old, new) = two_releases(&world);
    sweep(&world, &old, &["deploy"], 6, |death| {
        world.objects().assert_mix_of(&old, &new);
        if death.carried_out {
            world.succeed(&["deploy"]);
        } else {
            // Another release takes the place of the one that did not finish.
            sites::write(&world.project, &release("c"));
            world.succeed(&["deploy"]);
            world.objects().assert_at_rest();
            world.assert_clean();
            sites::write(&world.project, &release("b"));
            world.succeed(&["deploy"]);
            let now = world.objects();
            now.assert_at_rest();
            now.assert_promises(&new);
            world.assert_clean();
            return;
        }
        world.assert_is(&new);
        // And what was overwritten comes back.
        world.succeed(&["rollback"]);
        let now = world.objects();
        now.assert_at_rest();
        now.assert_promises(&old);
    });
}

#[test]
fn a_first_deploy_that_dies_is_finished_by_the_next() {
    let world = World::new();
    let empty = world.objects();
    let new = world.release(&release("a"));
    sweep(&world, &empty, &["deploy"], 4, |_| {
        world.objects().assert_mix_of(&empty, &new);
        world.succeed(&["deploy"]);
        world.assert_is(&new);
    });
}

#[test]
fn a_rollback_that_dies_leaves_either_release_and_is_finished_by_the_next() {
    let world = World::new();
    let (first, second) = two_releases(&world);
    let id = first.pointer()["live"].as_str().unwrap().to_owned();
    let back = ["rollback", id.as_str()];
    world.succeed(&back);
    let rolled_back = world.objects();
    rolled_back.assert_promises(&first);
    sweep(&world, &second, &back, 5, |death| {
        world.objects().assert_mix_of(&second, &rolled_back);
        if death.carried_out {
            world.succeed(&back);
            sites::write(&world.project, &release("a"));
            world.assert_is(&rolled_back);
        } else {
            // Or the release that is live is deployed again.
            sites::write(&world.project, &release("b"));
            world.succeed(&["deploy"]);
            world.objects().assert_at_rest();
            world.objects().assert_promises(&second);
            world.assert_clean();
        }
    });
}

#[test]
fn a_prune_that_dies_takes_nothing_that_is_needed_and_is_finished_by_the_next() {
    let world = World::new();
    let old = world.release(&release("a"));
    world.release(&release("b"));
    let before = world.release(&release("c"));
    world.configure("cdn: none", "releases: { keep: 1, grace: 0s }");
    let prune = ["prune", "--yes"];
    world.succeed(&prune);
    let pruned = world.objects();
    assert!(pruned.beyond_the_ledger().len() < before.beyond_the_ledger().len());
    sweep(&world, &before, &prune, 5, |death| {
        world.objects().assert_mix_of(&before, &pruned);
        if death.carried_out {
            world.succeed(&prune);
            world.assert_is(&pruned);
        } else {
            // A release of which some objects are gone already is deployed again.
            sites::write(&world.project, &release("a"));
            world.succeed(&["deploy"]);
            world.objects().assert_at_rest();
            world.objects().assert_promises(&old);
            world.assert_clean();
            sites::write(&world.project, &release("c"));
        }
    });
}

#[test]
fn a_repair_that_dies_is_finished_by_the_next() {
    let world = World::new();
    world.release(&release("a"));
    let new = world.release(&release("b"));
    let mut spoilt = new.clone();
    spoilt.0.get_mut("index.html").unwrap().bytes = b"edited by hand".to_vec();
    spoilt.0.get_mut("theme.css").unwrap().cache_control = None;
    for key in ["docs/guide.html", "robots.txt", "assets/shared.01234567.css"] {
        spoilt.0.remove(key);
    }
    let repair = ["deploy", "--repair"];
    world.restore(&spoilt);
    world.succeed(&repair);
    world.assert_is(&new);
    sweep(&world, &spoilt, &repair, 3, |_| {
        world.succeed(&repair);
        world.assert_is(&new);
    });
}

#[test]
fn behind_cloudfront_all_that_changed_is_invalidated_in_the_end() {
    let world = World::behind_cloudfront();
    let (first, second) = two_releases(&world);
    assert_eq!(first.0["_tb/br/index.html"].content_encoding.as_deref(), Some("br"));
    let differs = |key: &&&str| first.0.get(**key) != second.0.get(**key);
    let changed: Vec<_> = first.public().keys().filter(differs).map(|key| format!("/{key}")).collect();
    assert!(changed.len() >= 15, "{changed:?}");

    let id = first.pointer()["live"].as_str().unwrap().to_owned();
    let back = ["rollback", id.as_str()];
    world.succeed(&back);
    let rolled_back = world.objects();
    rolled_back.assert_promises(&first);
    for (command, before, after, files, size) in
        [(&["deploy"][..], &first, &second, "b", 2), (&back, &second, &rolled_back, "a", 2)]
    {
        sites::write(&world.project, &release("b"));
        sweep(&world, before, command, size, |_| {
            world.objects().assert_mix_of(before, after);
            world.succeed(command);
            sites::write(&world.project, &release(files));
            world.assert_is(after);
            let posted = world.proxy.posted().concat();
            for path in &changed {
                assert!(posted.contains(&format!("<Path>{path}</Path>")), "{path} was not invalidated: {posted}");
            }
        });
    }
}
