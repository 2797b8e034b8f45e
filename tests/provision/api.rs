//! The API's function: made, reached through the distribution alone, put right, and removed.

use std::{
    cmp::Ordering,
    io::{Cursor, Write as _},
    time::Duration,
};

use aws_sdk_lambda::{
    Client,
    config::{BehaviorVersion, Region},
    primitives::Blob,
    types::Environment,
};
use serde_json::{Value, json};
use treebeard_cdn::{
    model::{digest::Digest, infrastructure::LIVE_ALIAS},
    plan::infrastructure::Names,
};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::world::World;
use crate::support::{
    proxy::Fate,
    servers::REGION,
    victim::{sample, suffer},
};

/// A site whose API ships with it.
pub const LAMBDA: &str = "api:\n  package: lambda\n  lambda:\n    binary: target/api\n    memory: 256MiB\n    \
                      environment: { RUST_LOG: info }\n    \
                      secrets: { DATABASE_URL: 'ssm:/site/url', JWT_SECRET: 'secretsmanager:site/jwt' }";

/// What such a site consists of, in the order in which it is made.
const KINDS: [&str; 12] = [
    "bucket",
    "origin-access-control",
    "response-headers-policy",
    "response-headers-policy",
    "cache-policy",
    "function",
    "role",
    "log-group",
    "lambda",
    "function-url",
    "distribution",
    "bucket-policy",
];

fn world() -> World {
    World::new("", LAMBDA)
}

/// The SDK's own client.
pub fn lambda_client(world: &World) -> Client {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(world.server.endpoint())
        .credentials_provider(world.server.credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

/// The function, past the tool.
struct Api<'a> {
    world: &'a World,
    client: Client,
    name: String,
}

impl<'a> Api<'a> {
    fn of(world: &'a World) -> Self {
        Self { world, client: lambda_client(world), name: Names::of(&world.bucket).lambda() }
    }

    /// The environment that viewers meet.
    fn environment(&self) -> std::collections::HashMap<String, String> {
        let asked = self.client.get_function_configuration().function_name(&self.name).qualifier(LIVE_ALIAS);
        let found = self.world.runtime.block_on(asked.send()).unwrap();
        found.environment.unwrap().variables.unwrap()
    }

    /// Digests of the secrets that the version which viewers meet accepts.
    fn accepts(&self) -> Vec<String> {
        self.environment()["ORIGIN_SECRET_SHA256"].split(',').map(str::to_owned).collect()
    }

    /// Somebody changes what viewers meet.
    fn meddle(&self, variables: &[(&str, &str)]) {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = Environment::builder().set_variables(Some(variables)).build();
        self.world.runtime.block_on(async {
            let change = self.client.update_function_configuration().function_name(&self.name);
            change.environment(environment).memory_size(1024).send().await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.publish().await;
        });
    }

    /// Somebody deploys a program that answers with `text`.
    fn deploy(&self, text: &str) {
        let script = format!(
            "#!/bin/sh\napi=\"http://${{AWS_LAMBDA_RUNTIME_API}}/2018-06-01/runtime/invocation\"\nwhile true; do\n  \
             id=$(curl -s -o /dev/null -D - \"$api/next\" | tr -d '\\r' | \
             sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p')\n  \
             curl -s -o /dev/null -d '{{\"statusCode\":200,\"body\":\"{text}\"}}' \"$api/$id/response\"\ndone\n"
        );
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(script.as_bytes()).unwrap();
        let zip = zip.finish().unwrap().into_inner();
        self.world.runtime.block_on(async {
            let key = format!("_tb/api/{}.zip", Digest::of(&zip));
            let put = self.world.server.s3().put_object().bucket(&self.world.bucket).key(key);
            put.body(zip.clone().into()).send().await.unwrap();
            let change = self.client.update_function_code().function_name(&self.name).zip_file(Blob::new(zip));
            change.send().await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.publish().await;
        });
    }

    async fn publish(&self) {
        let made = self.client.publish_version().function_name(&self.name).send().await.unwrap();
        let alias = self.client.update_alias().function_name(&self.name).name(LIVE_ALIAS);
        alias.function_version(made.version.unwrap()).send().await.unwrap();
    }

    /// The secret that the distribution sends.
    fn secret(&self) -> String {
        let client = self.world.cloudfront();
        self.world.runtime.block_on(async {
            let all = client.list_distributions().send().await.unwrap().distribution_list.unwrap();
            let origin = format!("{}.s3.", self.world.bucket);
            let ours = all
                .items
                .unwrap()
                .into_iter()
                .find(|it| it.origins.as_ref().unwrap().items.iter().any(|it| it.domain_name.starts_with(&origin)));
            let config = client.get_distribution_config().id(ours.unwrap().id).send().await.unwrap();
            let origins = config.distribution_config.unwrap().origins.unwrap().items;
            let api = origins.into_iter().find(|it| it.id == "treebeard-api").unwrap();
            api.custom_headers.unwrap().items.unwrap()[0].header_value.clone()
        })
    }

    /// Whether the function accepts what the distribution sends, and nothing else.
    fn assert_agreed(&self) {
        assert_eq!(self.accepts(), [Digest::of(self.secret().as_bytes()).to_string()]);
    }

    /// How many there are of role, log group, function and URL.
    fn count(&self) -> usize {
        let left = self.world.json(&["plan", "--only", "infra"]);
        let ours = ["role", "log-group", "lambda", "function-url"];
        let steps = left["infrastructure"].as_array().unwrap().iter();
        steps.filter(|it| ours.contains(&it["kind"].as_str().unwrap()) && it["action"] != "create").count()
    }
}

fn kinds(document: &Value) -> Vec<&str> {
    document["resources"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect()
}

fn ask(world: &World, made: &Value) -> crate::support::http::Reply {
    let domain = made["distribution"]["domain"].as_str().unwrap();
    world.view(domain, "POST", "/api/v1/anything", &[("Content-Type", "application/json")], b"{}")
}

#[test]
fn a_function_comes_with_the_site_and_answers_behind_it() {
    let world = world();
    let made = world.provision();
    assert_eq!(kinds(&made), KINDS);
    assert_eq!(world.drift(), Vec::<String>::new());
    assert_eq!(world.provision()["changes"], json!(false));
    let api = Api::of(&world);
    api.assert_agreed();
    assert_eq!(api.environment()["DATABASE_URL"], "ssm:/site/url");

    let reply = ask(&world, &made);
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("60")), "{reply:?}");
    assert!(reply.text().contains("not_deployed"), "{reply:?}");
    assert!(reply.header("cache-control").unwrap().contains("no-store"), "{reply:?}");
    api.deploy("one");
    assert_eq!(ask(&world, &made).text(), "one");

    // Settings change, and the code stays.
    world.configure("", &LAMBDA.replace("256MiB", "512MiB"));
    assert_eq!(world.drift(), ["lambda memory"]);
    world.provision();
    assert_eq!((world.drift(), ask(&world, &made).text()), (Vec::new(), "one".to_owned()));

    let status = world.json(&["status"]);
    let ids: Vec<_> = status["resources"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert!(ids.contains(&json!(api.name)) && ids.contains(&json!(format!("/aws/lambda/{}", api.name))), "{ids:?}");

    world.json(&["provision", "--destroy", "--with-content", "--yes"]);
    assert_eq!(api.count(), 0);
}

#[test]
fn what_somebody_changed_is_put_right_and_no_value_of_theirs_is_shown() {
    let world = world();
    let made = world.provision();
    let api = Api::of(&world);
    api.deploy("one");
    api.meddle(&[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("EXTRA", "hunter2")]);
    world.runtime.block_on(async {
        let all = api.client.add_permission().function_name(&api.name).qualifier(LIVE_ALIAS).statement_id("everybody");
        all.action("lambda:InvokeFunction").principal("*").send().await.unwrap();
    });
    let mut drift = world.drift();
    drift.sort();
    let expected = [
        "function-url statements.everybody",
        "lambda accepts",
        "lambda environment.DATABASE_URL",
        "lambda environment.EXTRA",
        "lambda environment.JWT_SECRET",
        "lambda environment.RUST_LOG",
        "lambda memory",
    ];
    assert_eq!(drift, expected);
    let seen = [&["plan", "--only", "infra", "-v"][..], &["status", "-v"]].map(|args| world.run(args));
    assert!(seen.iter().all(|run| run.code == 0 && !format!("{run:?}").contains("hunter2")), "{seen:?}");
    let mended = world.run(&["provision", "--yes", "-v"]);
    assert!(mended.code == 0 && !format!("{mended:?}").contains("hunter2"), "{mended:?}");
    assert_eq!((world.drift(), ask(&world, &made).text()), (Vec::new(), "one".to_owned()));
    api.assert_agreed();
}

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
    crate::support::aws_model::assert_valid(&sent);
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

#[test]
fn a_run_that_dies_or_is_disturbed_at_any_request_is_finished_by_the_next() {
    let first = world();
    first.proxy.calm();
    first.json(&["provision", "--yes"]);
    let requests = first.proxy.count();
    for (turn, at) in sample((1..=requests).collect(), 6).into_iter().enumerate() {
        println!("request {at} of {requests}");
        let world = world();
        let fate = [Fate::slow_down(), Fate::lost(), Fate::answer_lost(), Fate::answer_cut()][turn / 2 % 4].clone();
        suffer(&world.proxy, &mut world.command(&["provision", "--yes"]), move |request, victim| {
            let victim = victim.clone();
            match request.number.cmp(&at) {
                Ordering::Equal if turn % 2 == 0 => Fate::answer_lost().then(move || victim.kill()),
                Ordering::Greater if turn % 2 == 0 => Fate::lost(),
                Ordering::Equal => fate.clone(),
                _ => Fate::passes(),
            }
        });
        world.provision();
        assert_eq!((world.drift(), Api::of(&world).count()), (Vec::new(), 4));
        Api::of(&world).assert_agreed();
    }
}

#[test]
fn a_role_that_is_not_known_everywhere_yet_is_waited_for() {
    const BODY: &str = r#"{"Type":"User","message":"The role defined for the function cannot be assumed by Lambda."}"#;
    let world = world();
    let refusal = format!(
        "HTTP/1.1 400 Bad Request\r\nx-amzn-ErrorType: InvalidParameterValueException\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let refusal: &'static str = refusal.leak();
    let refused = std::sync::atomic::AtomicBool::new(false);
    world.proxy.script(move |request| {
        let creates = request.line.starts_with("POST /2015-03-31/functions HTTP");
        if creates && !refused.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Fate::refuses(refusal);
        }
        Fate::passes()
    });
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn viewers_of_another_api_are_led_to_the_function_once_it_has_code() {
    let elsewhere = "api_origin: https://api.example.com";
    let world = World::new(elsewhere, "api: { path: '/api/*' }");
    let made = world.provision();
    world.configure("", LAMBDA);
    let kept = world.json(&["provision", "--yes"]);
    assert!(kept["notes"].to_string().contains("api.example.com"), "{kept}");
    assert_eq!(world.drift(), Vec::<String>::new());
    let api = Api::of(&world);
    api.deploy("one");
    assert!(world.drift().contains(&"distribution origins.treebeard-api.domain".to_owned()));
    world.provision();
    assert_eq!(ask(&world, &made).text(), "one");
    api.assert_agreed();
    // And back again.
    world.configure(elsewhere, "api: { path: '/api/*' }");
    world.provision();
    world.json(&["provision", "--destroy", "--with-content", "--yes"]);
    world.configure("", LAMBDA);
    assert_eq!(api.count(), 0);
}
