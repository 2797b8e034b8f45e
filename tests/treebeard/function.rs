//! One site with its API, through all that happens to it.

use serde_json::{Value, json};

use super::{timings, world::World};
use crate::{
    browser::browse,
    support::http::{Reply, get, get_with, request},
};

const CATALOG: &str = "/api/v1/plans/catalog?zip_code=77002&page_size=100";
const BILLS: &[u8] = b"date,kwh,cost_cents\n2026-07,1400,18200\n2026-08,1420,18460\n2026-09,1100,14300\n";
/// A page of a later release.
const LATER: &str = "<h1>later</h1>";
const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_site_and_its_api_go_live_together_and_come_back_together() {
    let mut world = World::new();
    let made = world.provision();
    assert!(kinds(&made).contains(&"lambda") && kinds(&made).contains(&"function-url"), "{made}");
    let before = get(world.site(), CATALOG);
    assert_eq!((before.status, before.header("retry-after")), (503, Some("60")), "{before:?}");

    let first = world.run(&["deploy"]);
    assert_eq!(first["api"]["published"], json!(true), "{first}");
    assert_eq!(get(world.site(), "/plans").status, 200);
    answers_as_the_api_does(&world);
    is_refused_without_the_distribution(&world);
    timings::measure(&world, CATALOG);
    let site = format!("http://localhost:{}", world.site());
    browse(&["--project=site", "account", "catalogue", "dialog"], |command| {
        command.env("BASE_URL", site).env("AUTH_MODE", "jwt")
    });

    a_sick_version_is_never_met(&world, &first);
    comes_back_with_its_pages(&world, &first);
    world.run(&["provision", "--destroy", "--with-content", "--yes"]);
}

/// Status, headers and bodies are those of the API, whatever is asked.
fn answers_as_the_api_does(world: &World) {
    let plain = world.same("GET", CATALOG, &[], b"");
    assert!(json_of(&plain)["items"].as_array().unwrap().len() > 20);
    for encoding in ["br", "gzip"] {
        let packed = world.same("GET", CATALOG, &[("Accept-Encoding", encoding)], b"");
        assert_eq!(packed.header("content-encoding"), Some(encoding), "{packed:?}");
        let tag = packed.header("etag").expect("an entity tag").to_owned();
        let headers = [("Accept-Encoding", encoding), ("If-None-Match", &*tag)];
        assert_eq!(world.same("GET", CATALOG, &headers, b"").status, 304);
    }
    assert_eq!(world.same("HEAD", CATALOG, &[], b"").status, 200);

    for (status, path) in [
        (404, "/api/v1/plans/plan_9999"),
        (404, "/api/v1/nothing"),
        (404, "/api/v1/%2e%2e/health"),
        (422, "/api/v1/plans/catalog?page=0"),
        (422, "/api/v1/plans/catalog?zip_code=%C3%A4"),
        (401, "/api/v1/users/profile"),
    ] {
        assert_eq!(world.same("GET", path, &[], b"").status, status, "{path}");
    }
    assert_eq!(world.same("DELETE", "/api/v1/users/profile", &[], b"").status, 405);
    assert_eq!(world.same("POST", "/api/v1/auth/login", &[JSON], b"{").status, 400);
    let long = json!({ "email": "ann@example.com", "password": "x".repeat(1024 * 1024) }).to_string();
    assert_eq!(world.same("POST", "/api/v1/auth/login", &[JSON], long.as_bytes()).status, 413);

    // What is written through the site is read past it.
    let form = json!({ "email": "ann@example.com", "password": "correct horse", "name": "Änn", "zip_code": "77002" });
    let registered = request(world.site(), "POST", "/api/v1/auth/register", &[JSON], form.to_string().as_bytes());
    assert_eq!(registered.status, 201, "{registered:?}");
    let bearer = format!("Bearer {}", json_of(&registered)["access_token"].as_str().unwrap());
    let signed = [("Authorization", &*bearer)];
    assert_eq!(json_of(&world.same("GET", "/api/v1/users/profile", &signed, b""))["name"], "Änn");
    let upload = [("Content-Type", "text/csv"), signed[0]];
    let uploaded = request(world.site(), "POST", "/api/v1/usage/upload", &upload, BILLS);
    assert!((200..300).contains(&uploaded.status), "{uploaded:?}");
    let history = world.same("GET", "/api/v1/usage/history?months=12", &signed, b"");
    assert_eq!(history.status, 200, "{history:?}");
}

fn is_refused_without_the_distribution(world: &World) {
    for path in ["/health", "/openapi.json", CATALOG] {
        for secret in ["", "a guess"] {
            let reply = world.directly(path, &[("X-Origin-Verify", secret)]);
            assert_eq!((reply.status, &json_of(&reply)["error"]["code"]), (403, &json!("forbidden")), "{reply:?}");
        }
    }
    // A viewer cannot know it, and what a viewer sends under its name is replaced.
    assert_eq!(get_with(world.site(), CATALOG, &[("X-Origin-Verify", "a guess")]).status, 200);
}

/// The real program, in whose environment the database is somewhere else.
fn a_sick_version_is_never_met(world: &World, live: &Value) {
    let program = world.project.path("sound");
    std::fs::copy(world.project.path("bootstrap"), &program).unwrap();
    let elsewhere = "export DATABASE_URL=postgres://nobody@127.0.0.1:1/none";
    let sick = format!("#!/bin/sh\n{elsewhere}\nexec '{}'\n", program.display());
    world.project.write("bootstrap", sick);
    world.project.write("frontend/dist/later.html", LATER);
    let error = world.refused(&["deploy", "--no-build"], 7, "smoke-failed");
    assert!(error["message"].as_str().unwrap().contains("\"database\":\"down\""), "{error}");
    let status = world.run(&["status"]);
    assert_eq!((&status["api"]["version"], &status["api"]["matches"]), (&live["api"]["version"], &json!(true)));
    assert_eq!(get(world.site(), CATALOG).status, 200);
    assert_ne!(get(world.site(), "/later.html").text(), LATER);
}

fn comes_back_with_its_pages(world: &World, first: &Value) {
    // The same program, and one byte that it never looks at.
    let mut program = std::fs::read(world.project.path("sound")).unwrap();
    program.push(0);
    world.project.write("bootstrap", program);
    let second = world.run(&["deploy", "--no-build"]);
    assert_ne!(second["api"]["digest"], first["api"]["digest"]);
    assert_eq!(get(world.site(), "/later.html").text(), LATER);
    assert_eq!(get(world.site(), CATALOG).status, 200);

    let back = world.run(&["rollback"]);
    assert_eq!((&back["release"], &back["api"]["digest"]), (&first["release"], &first["api"]["digest"]));
    assert_ne!(get(world.site(), "/later.html").text(), LATER);
    assert_eq!(world.same("GET", CATALOG, &[], b"").status, 200);
    assert_eq!(world.run(&["status"])["api"]["matches"], json!(true));
}

fn kinds(made: &Value) -> Vec<&str> {
    made["resources"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect()
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|cause| panic!("{cause}: {reply:?}"))
}
