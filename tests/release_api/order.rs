//! What stops a deploy, and how little has happened by then.

use serde_json::json;

use super::{
    program::Program,
    world::{Live, ROUTES, World},
};
use crate::{
    crash::{bucket::Objects, sites::release},
    support::proxy::Fate,
};

/// A site with a release, before another one.
fn deployed() -> (World, Objects, Live) {
    let world = World::new();
    let objects = world.release(&Program::new("one", ROUTES), &release("a"));
    let live = world.live();
    (world, objects, live)
}

/// Fails unless viewers meet what they met before, the books included, and the next deploy goes well.
fn assert_untouched(world: &World, objects: &Objects, live: &Live) {
    let now = world.objects();
    assert_eq!(&world.live(), live);
    assert_eq!(now.public(), objects.public());
    let books = |objects: &Objects| {
        let pointer = objects.pointer();
        (pointer["live"].clone(), pointer["releases"].clone(), pointer["history"].clone())
    };
    assert_eq!(books(&now), books(objects));
    now.assert_at_rest();
    let good = world.release(&Program::new("good", ROUTES), &release("b"));
    good.assert_at_rest();
    assert_eq!(json!(world.live().code), good.api()["digest"]);
}

#[test]
fn a_version_that_does_not_work_never_goes_live() {
    let (world, objects, live) = deployed();
    let good = Program::new("two", ROUTES);
    let ill = Program { health: 503, ..good.clone() };
    let dead_read = Program { plans: 404, ..good.clone() };
    for (program, why) in [(ill, "GET /health answered 503"), (dead_read, "GET /plans answered 404")] {
        world.build(&program, &release("b"));
        let error = world.refused(&["deploy"], 7, "smoke-failed");
        assert!(error["message"].as_str().unwrap().contains(why), "{error}");
        assert_eq!(world.live(), live);
    }
    // One that ends at once.
    world.build(&good, &release("b"));
    world.project.write("api.sh", "#!/bin/sh\nexit 1\n");
    let error = world.refused(&["deploy"], 7, "smoke-failed");
    assert!(error["message"].as_str().unwrap().contains("GET /health answered 502"), "{error}");
    assert_untouched(&world, &objects, &live);
}

#[test]
fn what_the_build_leaves_must_be_a_program_for_lambda() {
    let (world, objects, live) = deployed();
    world.build(&Program::new("two", ROUTES), &release("b"));
    let asked = world.asked(|| {
        world.project.write("api.sh", "MZ no program for Linux");
        world.refused(&["deploy"], 4, "api-program");
        world.project.remove("api.sh");
        world.refused(&["deploy"], 4, "api-program");
    });
    assert!(asked.iter().all(|line| line.starts_with("GET ")), "{asked:?}");
    assert_untouched(&world, &objects, &live);
}

#[test]
fn the_api_is_built_by_its_command_unless_told_otherwise() {
    let world = World::new();
    let program = Program::new("built", ROUTES);
    world.build(&program, &release("a"));
    std::fs::rename(world.project.path("api.sh"), world.project.path("source.sh")).unwrap();
    let build = |command: &str| {
        world.configure_api(&format!("lambda: {{ binary: api.sh, build: \"{command}\" }}"), "");
    };
    build("cp source.sh api.sh");
    world.refused(&["deploy", "--no-build"], 4, "api-program");
    world.json(&["deploy"]);
    build("echo no compiler; exit 3");
    let error = world.refused(&["deploy"], 4, "api-build-failed");
    assert_eq!((&error["details"]["code"], &error["details"]["output"]), (&json!(3), &json!("no compiler")));
    assert_eq!(world.json(&["deploy", "--no-build"])["api"]["published"], json!(false));
}

#[test]
fn a_migration_that_fails_or_breaks_stops_the_deploy_before_the_function_is_touched() {
    let (world, objects, live) = deployed();
    let migrate = |command: &str| world.configure(&format!("migrate: \"{command}\""), "");
    world.build(&Program::new("two", ROUTES), &release("b"));
    let asked = world.asked(|| {
        migrate("echo cannot connect; exit 1");
        let error = world.refused(&["deploy"], 4, "migrate-failed");
        assert!(error["message"].as_str().unwrap().contains("cannot connect"), "{error}");
        migrate("echo drops plans.price; exit 8");
        let error = world.refused(&["deploy"], 8, "breaking-migration");
        assert!(error["message"].as_str().unwrap().contains("drops plans.price"), "{error}");
    });
    let look = || ["GET /aliases/live".to_owned(), format!("GET /configuration?Qualifier={}", live.version)];
    assert_eq!(asked, [look(), look()].concat());
    assert_eq!((world.live(), world.objects().public()), (live.clone(), objects.public()));
    // Allowed, it goes on, and says so to the command.
    migrate("test $ALLOW_BREAKING = 1 && touch migrated");
    world.json(&["deploy", "--allow-breaking"]);
    assert!(world.project.path("migrated").exists());
    assert_ne!(world.live(), live);
}

#[test]
fn nothing_is_migrated_for_code_that_is_live() {
    let (world, _, _) = deployed();
    world.configure("migrate: \"touch migrated\"", "");
    world.release(&Program::new("one", ROUTES), &release("b"));
    assert!(!world.project.path("migrated").exists());
    world.release(&Program::new("two", ROUTES), &release("b"));
    assert!(world.project.path("migrated").exists());
}

#[test]
fn pages_that_need_routes_which_the_api_lacks_are_refused() {
    let (world, objects, live) = deployed();
    let more = Program::new("more", &["/plans", "/plans/{plan_id}", "/users/{id}"]);
    world.project.write("openapi.json", more.document());
    world.configure("openapi: openapi.json", "");
    // A new API that lacks them, then none but new pages.
    for program in [Program::new("two", ROUTES), Program::new("one", ROUTES)] {
        world.build(&program, &release("b"));
        let error = world.refused(&["deploy"], 8, "api-lacks-routes");
        assert_eq!(error["details"]["routes"], json!(["GET /users/{id}"]));
        assert!(error["message"].as_str().unwrap().contains("GET /users/{id}"), "{error}");
    }
    assert_eq!((world.live(), world.objects().public()), (live, objects.public()));
    let after = world.release(&more, &release("b"));
    assert_eq!(json!(world.live().code), after.api()["digest"]);
    // Whether pages need more than they did is seen without asking the API.
    let version = world.live().version;
    let asked = world.asked(|| drop(world.release(&more, &release("c"))));
    assert_eq!(asked, ["GET /aliases/live".to_owned(), format!("GET /configuration?Qualifier={version}")]);
}

#[test]
fn pages_that_cannot_be_published_take_the_api_back() {
    let (world, objects, live) = deployed();
    world.build(&Program::new("two", ROUTES), &release("b"));
    let run = world.suffer(&["deploy", "--json"], |request, _| {
        // Files that only the new pages name are refused, again and again.
        if request.line.starts_with("PUT ") && request.line.contains("/assets/app.bbbbbbbb.js") {
            Fate::slow_down()
        } else {
            Fate::passes()
        }
    });
    assert_eq!(run.code, 5, "{run:?}");
    assert_eq!(run.json()["error"]["rule"], "throttled");
    assert_eq!(world.live(), live);
    assert_eq!(world.objects().pointer()["live"], objects.pointer()["live"]);
    let after = world.release(&Program::new("two", ROUTES), &release("b"));
    after.assert_at_rest();
    assert_eq!(json!(world.live().code), after.api()["digest"]);
}

#[test]
fn a_zip_that_is_not_what_its_name_says_is_not_published() {
    let (world, objects, live) = deployed();
    let forged = world.objects().0[&format!("_tb/api/{}.zip", live.code)].clone();
    world.build(&Program::new("two", ROUTES), &release("b"));
    let digest = world.json(&["deploy", "--dry-run"])["api"]["digest"].as_str().unwrap().to_owned();
    world.put(&format!("_tb/api/{digest}.zip"), &forged);
    world.refused(&["deploy"], 6, "api-changed");
    assert_eq!((world.live(), world.objects().public()), (live, objects.public()));
}

#[test]
fn an_api_that_cannot_be_taken_back_serves_the_old_pages_until_the_next_deploy() {
    let (world, objects, live) = deployed();
    world.build(&Program::new("two", ROUTES), &release("b"));
    let moves = std::sync::atomic::AtomicUsize::new(0);
    let run = world.suffer(&["deploy", "--json"], move |request, _| {
        let put = |what: &str| request.line.starts_with("PUT ") && request.line.contains(what);
        let back = put("/aliases/live") && moves.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
        if back || put("/assets/app.bbbbbbbb.js") { Fate::slow_down() } else { Fate::passes() }
    });
    let error = &run.json()["error"];
    assert_eq!((run.code, &error["rule"]), (5, &json!("throttled")), "{run:?}");
    assert!(error["message"].as_str().unwrap().contains("could not be taken back to version"), "{error}");
    assert_ne!(world.live(), live);
    assert_eq!(world.objects().pointer()["live"], objects.pointer()["live"]);
    assert_eq!(world.json(&["deploy"])["api"]["published"], json!(false));
    assert_eq!(json!(world.live().code), world.objects().api()["digest"]);
}

#[test]
fn reads_are_asked_for_once_more_where_viewers_ask() {
    let world = World::new();
    world.configure_api("smoke: [/plans, /api/plans]\n  lambda: { binary: api.sh }", "");
    world.build(&Program::new("one", ROUTES), &release("a"));
    // This distribution leads to an object of that name, and there is none.
    let error = world.refused(&["deploy"], 7, "api-unreachable");
    assert!(error["message"].as_str().unwrap().contains("/api/plans"), "{error}");
    let object = world.objects().0["robots.txt"].clone();
    world.put("api/plans", &object);
    world.build(&Program::new("two", ROUTES), &release("a"));
    world.json(&["deploy"]);
}

#[test]
fn an_alias_that_somebody_moved_meanwhile_is_left_alone() {
    let (world, objects, live) = deployed();
    world.build(&Program::new("two", ROUTES), &release("b"));
    let first = "1".to_owned();
    let run = std::thread::scope(|scope| {
        let (ready, moved) = (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
        let (world, first) = (&world, &first);
        scope.spawn(move || {
            ready.1.recv().unwrap();
            world.point_to(first);
            moved.0.send(()).unwrap();
        });
        let (ready, moved) = (std::sync::Mutex::new(ready.0), std::sync::Mutex::new(moved.1));
        let published = std::sync::atomic::AtomicBool::new(false);
        world.suffer(&["deploy", "--json"], move |request, _| {
            let posts = request.line.starts_with("POST ") && request.line.contains("/versions");
            let before = published.fetch_or(posts, std::sync::atomic::Ordering::SeqCst);
            if before && request.line.starts_with("GET ") && request.line.contains("/aliases/live") {
                let _ = ready.lock().unwrap().send(());
                let _ = moved.lock().unwrap().recv();
            }
            Fate::passes()
        })
    });
    assert_eq!((run.code, &run.json()["error"]["rule"]), (6, &json!("api-changed")), "{run:?}");
    assert_eq!(world.live().version, first);
    assert_eq!(world.objects().public(), objects.public());
    // The live release's API was not what viewers met: a deploy puts that right without another release.
    world.build(&Program::new("one", ROUTES), &release("a"));
    let status = world.json(&["status"]);
    assert_eq!(status["api"]["matches"], json!(false), "{status}");
    let mended = world.json(&["deploy"]);
    assert_eq!((&mended["release"], &mended["api"]["published"]), (&objects.pointer()["live"], &json!(true)));
    assert_eq!(world.live().code, live.code);
    assert_eq!(world.objects().api()["version"], json!(world.live().version));
}
