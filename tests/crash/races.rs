//! Several deploys at once, and one that slept.

use std::{
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::process::Signal;

use super::{
    bucket::Object,
    sites::{self, named, release},
    world::{World, sample},
};
use crate::support::{Project, Run, proxy::Fate};

const DEPLOYS: usize = 20;

const BUILDS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Which build's home page is served.
fn served(world: &World) -> &'static str {
    let page = world.get("index.html").unwrap();
    let page = String::from_utf8(page.bytes).unwrap();
    BUILDS.into_iter().find(|name| page.contains(&format!("home of {name}"))).unwrap()
}

/// Fails unless the bucket is at rest, and this build is live in it, whole.
fn assert_live(world: &World, name: &str) {
    let now = world.objects();
    now.assert_at_rest();
    now.assert_pages_load();
    for (path, content) in release(name) {
        assert_eq!(String::from_utf8_lossy(&now.0[&path].bytes), content, "{path}");
    }
    sites::write(&world.project, &release(name));
    world.assert_clean();
}

/// Reads the pointer again and again, and fails where it goes back or names no live release, once it named one.
fn watch(world: &World, over: &AtomicBool) -> usize {
    let (mut looks, mut generation, mut live) = (0, 0, None);
    while !over.load(Ordering::SeqCst) {
        let Some(found) = world.get("_tb/ledger/pointer.json") else { continue };
        let pointer: serde_json::Value = serde_json::from_slice(&found.bytes).unwrap();
        let now = pointer["generation"].as_u64().unwrap();
        assert!(now >= generation, "{pointer:#}");
        let named = pointer["live"].as_str().map(str::to_owned);
        assert!(named.is_some() || live.is_none(), "{pointer:#}");
        assert!(named == live || now > generation, "{pointer:#}");
        if let Some(id) = &named {
            let releases = pointer["releases"].as_array().unwrap();
            assert_eq!(releases.iter().filter(|release| release["id"] == id.as_str()).count(), 1, "{pointer:#}");
        }
        (looks, generation, live) = (looks + 1, now, named);
    }
    looks
}

#[test]
fn of_twenty_deploys_at_once_one_wins_at_a_time() {
    let world = World::new();
    let projects: Vec<Project> = (0..DEPLOYS)
        .map(|number| {
            let project = world.colleague();
            sites::write(&project, &release(BUILDS[number % BUILDS.len()]));
            project
        })
        .collect();
    // The first time into an empty bucket.
    let mut published = [false; BUILDS.len()];
    for round in 0..3 {
        let over = AtomicBool::new(false);
        let (runs, looks) = thread::scope(|scope| {
            let watching = scope.spawn(|| watch(&world, &over));
            let start = |project| {
                let mut command = world.command_in(project, &["deploy", "--json"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            };
            let children: Vec<Child> = projects.iter().map(start).collect();
            let runs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
            over.store(true, Ordering::SeqCst);
            (runs, watching.join().unwrap())
        });
        let (mut won, mut lost) = (0, 0);
        for (number, output) in runs.into_iter().enumerate() {
            let stdout = String::from_utf8(output.stdout).unwrap();
            let document: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_default();
            match output.status.code() {
                Some(0) => {
                    won += 1;
                    published[number % BUILDS.len()] = true;
                }
                Some(6) => {
                    lost += 1;
                    let rule = document["error"]["rule"].as_str().unwrap();
                    assert!(["locked", "lock-lost", "remote-changed"].contains(&rule), "{document:#}");
                }
                code => panic!("{code:?}: {document:#} {}", String::from_utf8_lossy(&output.stderr)),
            }
        }
        println!("round {round}: {won} won, {lost} lost, {looks} looks at the pointer");
        assert!(won > 0 && lost > 0);

        // Whoever lost has left nothing, and who won last is live.
        let now = world.objects();
        for (name, published) in BUILDS.iter().zip(published) {
            for asset in named(&release(name)["docs/guide.html"]) {
                assert_eq!(now.0.contains_key(&asset), published, "{asset}");
            }
        }
        assert_live(&world, served(&world));
    }
}

/// A deploy of `b` over `a` is stopped at its n-th request, and goes on when another has deployed `c`: that request
/// arrives last of all. `take_over` deploys `c`.
fn sleeper(name: &str, size: u32, take_over: fn(&World, &Project)) {
    let world = Arc::new(World::new());
    let before = world.release(&release("a"));
    world.release(&release("b"));
    let requests = world.proxy.count();
    let other = Arc::new(world.colleague());
    sites::write(&other, &release("c"));
    let points = sample((1..=requests).collect(), size);
    println!("{name}: stopped at {} points of {requests}", points.len());
    for number in points {
        world.restore(&before);
        sites::write(&world.project, &release("b"));
        let (inside, colleague) = (Arc::clone(&world), Arc::clone(&other));
        let run = world.suffer(&mut world.command(&["deploy", "--json"]), move |request, victim| {
            if request.number != number {
                return Fate::passes();
            }
            let (victim, world, other) = (victim.clone(), Arc::clone(&inside), Arc::clone(&colleague));
            Fate::passes().first(move || {
                victim.signal(Signal::STOP);
                take_over(&world, &other);
                victim.signal(Signal::CONT);
            })
        });
        println!("request {number}: {}", run.code);
        match run.code {
            6 => assert_live(&world, "c"),
            // It had only begun to read and followed, or it was live already and the other followed.
            0 => assert_live(&world, if number == 1 { "b" } else { "c" }),
            _ => panic!("{run:?}"),
        }
    }
}

#[test]
fn a_deploy_that_slept_while_its_lock_was_ended_loses() {
    sleeper("unlock", 4, |world, other| {
        let unlocked = Run::of(&mut world.command_in(other, &["unlock", "--force"]));
        assert_eq!(unlocked.code, 0, "{unlocked:?}");
        let deploy = Run::of(&mut world.command_in(other, &["deploy"]));
        assert_eq!(deploy.code, 0, "{deploy:?}");
    });
}

/// The store's clock alone says how old a lease is.
#[test]
fn a_deploy_that_slept_until_its_lease_ran_out_loses() {
    sleeper("run out", 4, |world, other| {
        let held = world.get("_tb/ledger/pointer.json").is_some_and(|pointer| {
            serde_json::from_slice::<serde_json::Value>(&pointer.bytes).unwrap().get("lease").is_some()
        });
        if held {
            let early = Run::of(&mut world.command_in(other, &["deploy"]));
            assert_eq!(early.code, 6, "{early:?}");
        }
        world.proxy.ahead(Duration::from_mins(1));
        let deploy = Run::of(&mut world.command_in(other, &["deploy"]));
        world.proxy.ahead(Duration::ZERO);
        assert_eq!(deploy.code, 0, "{deploy:?}");
    });
}

/// What a pointer refers to is taken away by whoever deploys next: that is no damage.
#[test]
fn a_deploy_that_reads_the_ledger_while_another_one_finishes_is_told_so() {
    let world = Arc::new(World::new());
    world.release(&release("a"));
    sites::write(&world.project, &release("b"));
    let other = Arc::new(world.colleague());
    sites::write(&other, &release("c"));
    let inside = Arc::clone(&world);
    let once = Arc::new(AtomicBool::new(false));
    let run = world.suffer(&mut world.command(&["deploy", "--json"]), move |request, _| {
        if !request.line.contains("/ledger/inventory/") || once.swap(true, Ordering::SeqCst) {
            return Fate::passes();
        }
        let (world, other) = (Arc::clone(&inside), Arc::clone(&other));
        Fate::passes().first(move || {
            let deploy = Run::of(&mut world.command_in(&other, &["deploy"]));
            assert_eq!(deploy.code, 0, "{deploy:?}");
        })
    });
    assert_eq!((run.code, run.json()["error"]["rule"].as_str()), (6, Some("remote-changed")), "{run:?}");
    assert_live(&world, "c");
}

/// Whether a process of another machine still lives cannot be known: its lease holds until it runs out.
#[test]
fn a_lease_of_another_machine_holds_until_it_runs_out_or_is_ended() {
    let world = World::new();
    let before = world.release(&release("a"));
    sites::write(&world.project, &release("b"));
    let lock = |machine: Option<&str>| {
        let mut pointer = before.pointer();
        let mut holder = serde_json::json!({
            "run": "0123456789abcdef", "command": "deploy", "host": "builder-7", "machine": "elsewhere",
            "pid": 1, "job": "https://ci.example/42",
        });
        if let Some(machine) = machine {
            holder["machine"] = machine.into();
            holder["pid"] = i32::MAX.into();
        }
        pointer["lease"] = serde_json::json!({ "holder": holder, "beat": 3 });
        let object = world.get("_tb/ledger/pointer.json").unwrap();
        world.put("_tb/ledger/pointer.json", &Object { bytes: pointer.to_string().into(), ..object });
    };

    lock(None);
    let locked = world.objects();
    for command in [&["deploy"][..], &["rollback"], &["prune", "--yes"], &["unlock"]] {
        let run = world.run(&[command, &["--json"]].concat());
        let error = &run.json()["error"];
        assert_eq!((run.code, error["rule"].as_str()), (6, Some("locked")), "{run:?}");
        for words in ["builder-7", "process 1", "https://ci.example/42"] {
            assert!(error["message"].as_str().unwrap().contains(words), "{run:?}");
        }
        assert!(error["help"].as_str().unwrap().contains("unlock --force"), "{run:?}");
    }
    assert_eq!(world.objects().0, locked.0);
    assert!(world.succeed(&["status"]).stdout.contains("builder-7"));

    world.proxy.ahead(Duration::from_mins(1));
    world.succeed(&["deploy"]);
    world.proxy.ahead(Duration::ZERO);
    assert_live(&world, "b");

    world.restore(&before);
    lock(None);
    world.succeed(&["unlock", "--force"]);
    sites::write(&world.project, &release("b"));
    world.succeed(&["deploy"]);
    assert_live(&world, "b");

    // One of this machine whose process is gone needs no waiting.
    world.restore(&before);
    let this = treebeard_cdn::remote::process::this("test").machine;
    lock(Some(&this));
    world.succeed(&["deploy"]);
    assert_live(&world, "b");
}
