//! Deploys of both halves.

use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{
    crash::sites::release,
    support::{Run, aws_model::assert_valid},
};

#[test]
fn both_halves_go_live_as_one_release_and_an_unchanged_one_costs_a_look() {
    let world = World::new();
    let before = world.live();
    let program = Program::new("one", ROUTES);
    world.build(&program, &release("a"));
    world.proxy.record();
    let done = world.json(&["deploy"]);
    // The others are those of the verification, which asks as a viewer.
    let signed: Vec<_> = world.proxy.recorded().into_iter().filter(|request| request.signed_for().is_some()).collect();
    let operations = assert_valid(&signed);
    for name in ["UpdateFunctionCode", "PublishVersion", "Invoke", "UpdateAlias"] {
        assert!(operations.iter().any(|it| it.service == "lambda" && it.name == name), "{name}: {operations:?}");
    }

    let to_lambda = signed.iter().filter(|request| request.target().starts_with("/2015-03-31/")).count();
    assert_eq!(done["requests"]["lambda"], json!(to_lambda), "{done}");

    let live = world.live();
    let api = &done["api"];
    assert_eq!((api["published"].as_bool(), &api["replaced"]), (Some(true), &json!(before.version)));
    assert_eq!((&api["version"], &api["digest"]), (&json!(live.version), &json!(live.code)));
    let objects = world.objects();
    assert!(objects.0.contains_key(&format!("_tb/api/{}.zip", live.code)));
    assert_eq!(objects.api()["openapi"], json!(sha256(&program.document())));
    let listed = world.json(&["releases"]);
    assert_eq!(listed[0]["api"], objects.api());
    let status = world.json(&["status"]);
    assert_eq!((&status["api"]["version"], &status["api"]["matches"]), (&json!(live.version), &json!(true)));

    // The same again: one request to the bucket, two to the function, and none that writes.
    let asked = world.asked(|| {
        let unchanged = world.json(&["deploy"]);
        let requests = &unchanged["requests"];
        assert_eq!((&requests["s3"], &requests["lambda"]), (&json!(1), &json!(2)), "{unchanged}");
        assert_eq!(unchanged["api"]["published"], json!(false));
        assert_eq!(unchanged["release"], done["release"]);
    });
    assert_eq!(asked, ["GET /aliases/live".to_owned(), format!("GET /configuration?Qualifier={}", live.version)]);
}

#[test]
fn pages_alone_leave_the_api_alone() {
    let world = World::new();
    world.release(&Program::new("one", ROUTES), &release("a"));
    let (live, versions) = (world.live(), world.versions());
    let api = world.objects().api();
    let after = world.release(&Program::new("one", ROUTES), &release("b"));
    assert_eq!((world.live(), world.versions()), (live, versions));
    assert_eq!(after.api(), api);
}

#[test]
fn an_api_alone_is_a_release_and_comes_back_with_a_rollback() {
    let world = World::new();
    let first = world.release(&Program::new("one", ROUTES), &release("a"));
    let second = world.release(&Program::new("two", ROUTES), &release("a"));
    assert_eq!(first.public(), second.public());
    assert_eq!(first.live(), second.live());
    assert_ne!(first.pointer()["live"], second.pointer()["live"]);
    assert_ne!(first.api()["digest"], second.api()["digest"]);

    let back = world.json(&["rollback"]);
    assert_eq!(back["release"], first.pointer()["live"]);
    assert_eq!(json!(world.live().code), first.api()["digest"]);
    assert_eq!(world.json(&["rollback", second.pointer()["live"].as_str().unwrap()])["api"]["published"], json!(true));
    assert_eq!(json!(world.live().code), second.api()["digest"]);
}

#[test]
fn what_is_about_to_be_published_is_shown_and_nothing_is_done() {
    let world = World::new();
    let old = world.release(&Program::new("one", ROUTES), &release("a"));
    let live = world.live();
    world.build(&Program::new("two", ROUTES), &release("b"));
    let plan = world.run(&["plan", "--only", "content"]);
    assert!(plan.stdout.contains("API: a new version goes live instead of version"), "{plan:?}");
    for (args, code) in [
        (&["plan", "--only", "content"][..], 0),
        (&["plan", "--only", "content", "--detailed-exitcode"], 2),
        (&["deploy", "--dry-run"], 0),
    ] {
        let run = world.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, code, "{run:?}");
        let api = &run.json()["api"];
        assert_eq!((&api["published"], &api["replaced"]), (&json!(true), &json!(live.version)));
        assert_ne!(api["digest"], old.api()["digest"]);
    }
    assert_eq!((world.live(), world.objects().0), (live, old.0));
}

#[test]
fn an_api_alone_is_a_change_wherever_changes_are_shown() {
    let world = World::new();
    let provisioned = world.live().version;
    world.release(&Program::new("one", ROUTES), &release("a"));
    let live = world.live();
    let page = world.project.path("summary.md");
    let shown = |args: &[&str], code: i32| {
        let run = Run::of(world.command(args).env("GITHUB_STEP_SUMMARY", &page));
        assert_eq!(run.code, code, "{run:?}");
        let summary = std::fs::read_to_string(&page).unwrap();
        std::fs::remove_file(&page).unwrap();
        let whole = format!("{}{}{summary}", run.stdout, run.stderr).to_lowercase();
        assert!(!whole.contains("nothing to do"), "{whole}");
        [run.stdout, summary]
    };
    let goes = |before: &str| format!("a new version goes live instead of version {before}");
    // Somebody moved the alias by hand: the pages are live, and their API is not.
    world.point_to(&provisioned);
    for args in [&["plan", "--only", "content", "--detailed-exitcode"][..], &["deploy", "--dry-run"]] {
        let texts = shown(args, if args[0] == "plan" { 2 } else { 0 });
        assert!(texts.iter().all(|text| text.contains(&goes(&provisioned))), "{texts:?}");
    }
    assert_eq!(world.json(&["deploy", "--dry-run"])["live"], json!(false));
    let texts = shown(&["deploy"], 0);
    let went = format!("version {} went live instead of version {provisioned}", live.version);
    assert!(texts.iter().all(|text| text.contains(&went)), "{texts:?}");

    // The same pages with another API.
    world.build(&Program::new("two", ROUTES), &release("a"));
    let texts = shown(&["plan", "--only", "content", "--detailed-exitcode"], 2);
    assert!(texts.iter().all(|text| text.contains(&goes(&live.version))), "{texts:?}");
    let texts = shown(&["deploy"], 0);
    let went = format!("version {} went live instead of version {}", world.live().version, live.version);
    assert!(texts.iter().all(|text| text.contains(&went)), "{texts:?}");
}

pub fn sha256(text: &str) -> String {
    treebeard_cdn::model::digest::Digest::of(text.as_bytes()).to_string()
}
