//! The secret by which the API knows the distribution, and how it is exchanged.

use std::cmp::Ordering;

use serde_json::{Value, json};
use treebeard_cdn::model::digest::Digest;

use super::{Api, ask, world};
use crate::{
    provision::world::World,
    support::{
        aws_model::assert_valid,
        http::get,
        proxy::Fate,
        victim::{sample, suffer},
    },
};

#[test]
fn a_secret_is_exchanged_in_an_order_that_refuses_nobody_and_is_never_shown() {
    let world = world();
    world.provision();
    let api = Api::of(&world);
    let first = api.secret();
    world.proxy.record();
    let turned = world.run(&["provision", "--rotate-origin-secret", "--yes", "-v"]);
    assert_eq!(turned.code, 0, "{turned:?}");
    let sent = world.proxy.recorded();
    assert_valid(&sent);
    let second = api.secret();
    assert_ne!(first, second);
    api.assert_agreed();
    let moves: Vec<_> = sent.iter().filter(|it| it.method() == "PUT").collect();
    let moves: Vec<_> = moves.into_iter().map(|it| it.target().contains("/distribution/")).collect();
    let distribution = moves.iter().position(|it| *it).expect("the distribution is changed");
    // Configuration and alias before it, and again after it.
    assert_eq!((distribution, moves.len()), (2, 5), "{moves:?}");
    // One request of all has it, and nothing that is printed.
    let with = |secret: &str| {
        let has = |body: &[u8]| body.windows(secret.len()).any(|it| it == secret.as_bytes());
        sent.iter().filter(|it| has(&it.body)).count()
    };
    assert_eq!((with(&first), with(&second)), (0, 1));
    let runs = [
        &["plan", "--only", "infra", "-v"][..],
        &["plan", "--only", "infra", "--json"],
        &["status", "--json"],
        &["provision", "--yes", "-v"],
    ];
    let shown = runs.map(|args| world.run(args));
    assert!(shown.iter().all(|run| run.code == 0), "{shown:?}");
    let shown = format!("{turned:?}{shown:?}");
    for secret in [first, second] {
        assert!(!shown.contains(&secret));
    }
}

#[test]
fn an_exchange_that_dies_anywhere_leaves_what_is_sent_accepted() {
    let world = world();
    world.provision();
    world.proxy.calm();
    world.json(&["provision", "--rotate-origin-secret", "--yes"]);
    let requests = world.proxy.count();
    let api = Api::of(&world);
    for at in sample((1..=requests).collect(), 5) {
        println!("request {at} of {requests}");
        suffer(
            &world.proxy,
            &mut world.command(&["provision", "--rotate-origin-secret", "--yes"]),
            move |request, victim| {
                let victim = victim.clone();
                match request.number.cmp(&at) {
                    Ordering::Less => Fate::passes(),
                    Ordering::Greater => Fate::lost(),
                    Ordering::Equal => Fate::answer_lost().then(move || victim.kill()),
                }
            },
        );
        assert!(api.accepts().contains(&Digest::of(api.secret().as_bytes()).to_string()));
        world.provision();
        api.assert_agreed();
        assert_eq!(world.drift(), Vec::<String>::new());
    }
}

/// From now on the distribution's changes do not reach every edge.
fn never_settles(world: &World, id: &str) {
    let (port, path) = (world.server.port, format!("/2020-05-31/distribution/{id}"));
    let line = format!("GET {path} HTTP");
    world.proxy.script(move |request| {
        if !request.line.starts_with(&line) {
            return Fate::passes();
        }
        let now = get(port, &path);
        let etag = now.header("etag").unwrap().to_owned();
        let body = now.text().replace("<Status>Deployed<", "<Status>InProgress<");
        assert!(body.contains("InProgress"), "{body}");
        let length = body.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n");
        Fate::refuses((answer + &body).leak())
    });
}

#[test]
fn an_exchange_that_nobody_waits_for_is_finished_by_a_later_run() {
    let world = world();
    let made = world.provision();
    let api = Api::of(&world);
    api.deploy("one");
    let digest_of = |secret: &str| Digest::of(secret.as_bytes()).to_string();
    let first = digest_of(&api.secret());
    let id = made["distribution"]["id"].as_str().unwrap();
    never_settles(&world, id);
    let turned = world.json(&["provision", "--rotate-origin-secret", "--no-wait", "--yes"]);
    let second = digest_of(&api.secret());
    assert_ne!(first, second);
    let both = || {
        let accepted = api.accepts();
        accepted.len() == 2 && accepted.contains(&first) && accepted.contains(&second)
    };
    assert!(both(), "{:?}", api.accepts());
    let actions = |document: &Value| {
        let steps = document["resources"].as_array().unwrap().iter().filter(|it| it["action"] != "keep");
        steps
            .map(|it| format!("{} {}", it["action"].as_str().unwrap(), it["kind"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(actions(&turned), ["update lambda", "update distribution", "defer lambda"]);
    assert!(turned["notes"].to_string().contains("run `provision` again"), "{turned}");

    // As long as an edge may send it, it stays; and nothing is said to have been changed.
    let again = world.json(&["provision", "--no-wait", "--yes"]);
    assert_eq!((actions(&again), &again["changes"]), (vec!["defer lambda".to_owned()], &json!(false)));
    let said = world.run(&["provision", "--no-wait", "--yes"]);
    assert!(said.stdout.starts_with("infrastructure: 1 left for a later run, 12 as they should be\n"), "{said:?}");
    assert!(both(), "{:?}", api.accepts());
    assert_eq!(ask(&world, &made).text(), "one");

    world.proxy.calm();
    let settled = world.provision();
    assert_eq!((actions(&settled), &settled["notes"]), (vec!["update lambda".to_owned()], &json!([])));
    assert_eq!(api.accepts(), [second]);
    assert_eq!(world.drift(), Vec::<String>::new());
}
