//! Ctrl-C, and what a CI system sends when a job is cancelled, while the API's half is under way.

use std::{
    process::{Child, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{
    program::Program,
    world::{Live, ROUTES, World},
};
use crate::{
    crash::{bucket::Objects, sites::release},
    support::proxy::Fate,
};

/// Fails unless viewers meet what they met before, and nobody holds the lease.
fn assert_given_up(world: &World, objects: &Objects, live: &Live) {
    let now = world.objects();
    let pointer = now.pointer();
    assert_eq!(&world.live(), live);
    assert_eq!(now.public(), objects.public());
    assert_eq!((pointer.get("lease"), &pointer["live"]), (None, &objects.pointer()["live"]), "{pointer:#}");
}

#[test]
fn a_deploy_that_is_told_to_end_leaves_the_version_that_viewers_meet_and_gives_its_lease_back() {
    let world = World::new();
    let objects = world.release(&Program::new("one", ROUTES), &release("a"));
    let live = world.live();
    for (name, line, signal, code) in [
        ("code", "PUT /code", Signal::INT, 130),
        ("version", "POST /versions", Signal::TERM, 143),
        ("smoke", "POST /invocations", Signal::INT, 130),
        // Its pages do not come to be live any more, so the alias goes back.
        ("alias", "PUT /aliases/live", Signal::TERM, 143),
    ] {
        world.build(&Program::new(name, ROUTES), &release("a"));
        let (method, part) = line.split_once(' ').unwrap();
        let once = AtomicBool::new(false);
        let run = world.suffer(&["deploy"], move |request, victim| {
            let victim = victim.clone();
            let is_it = request.line.starts_with(method) && request.line.contains(part);
            if !is_it || once.swap(true, Ordering::SeqCst) {
                return Fate::passes();
            }
            // It must have heard of the signal when the answer comes.
            Fate::passes().first(move || {
                victim.signal(signal);
                thread::sleep(Duration::from_millis(100));
            })
        });
        assert_eq!(run.code, code, "{name}: {run:?}");
        assert!(run.stderr.contains("interrupted"), "{name}: {run:?}");
        assert_given_up(&world, &objects, &live);
    }
    let after = world.release(&Program::new("two", ROUTES), &release("b"));
    after.assert_at_rest();
    assert_eq!(serde_json::json!(world.live().code), after.api()["digest"]);
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited for half a minute");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_build_or_migration_that_is_told_to_end_leaves_no_process_behind() {
    let world = World::new();
    let objects = world.release(&Program::new("one", ROUTES), &release("a"));
    let live = world.live();
    let sleep = "sleep 300 & echo $! > pid.new; mv pid.new pid; wait";
    let build = format!("smoke: [/plans]\n  lambda: {{ binary: api.sh, build: \"{sleep}\" }}");
    let migrate = format!("smoke: [/plans]\n  lambda: {{ binary: api.sh }}\n  migrate: \"{sleep}\"");
    for (step, signal, code) in [(build, Signal::TERM, 143), (migrate, Signal::INT, 130)] {
        world.configure_api(&step, "");
        world.build(&Program::new("two", ROUTES), &release("b"));
        let mut deploy: Child = world.command(&["deploy"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let pid = wait_for(|| std::fs::read_to_string(world.project.path("pid")).ok());
        kill_process(Pid::from_child(&deploy), signal).unwrap();
        assert_eq!(deploy.wait().unwrap().code(), Some(code), "{step}");
        let sleeper = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        wait_for(|| test_kill_process(sleeper).is_err().then_some(()));
        world.project.remove("pid");
        assert_given_up(&world, &objects, &live);
        world.objects().assert_at_rest();
        assert_eq!(world.versions().len(), 2);
    }
}
