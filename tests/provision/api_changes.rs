//! Changes of the API's function: viewers never meet settings that fail, and whatever failed can be mended.
//!
//! What AWS does and the server that stands for it does not, the proxy in between does.

use std::{
    io::{Cursor, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use treebeard_cdn::{model::digest::Digest, plan::infrastructure::Names};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{api::LAMBDA, world::World};
use crate::support::{
    http,
    proxy::{Fate, Request},
};

/// An API that can serve unless its database's address is a certain one.
const PROGRAM: &str = r#"#!/bin/sh
runtime="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
status=200
case $DATABASE_URL in *typo*) status=503 ;; esac
while true; do
    id=$(curl -s -o /dev/null -D - "$runtime/next" | tr -d '\r' | sed -n 's/^lambda-runtime-aws-request-id: *//Ip')
    curl -s -o /dev/null -d "{\"statusCode\":$status,\"body\":\"status $status\"}" "$runtime/$id/response"
done
"#;

/// The function, past the tool and the proxy.
#[derive(Clone)]
struct Function {
    port: u16,
    path: String,
}

impl Function {
    fn of(world: &World) -> Self {
        let path = format!("/2015-03-31/functions/{}", Names::of(&world.bucket).lambda());
        Self { port: world.server.port, path }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> http::Reply {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let scope =
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
        let headers = [("Authorization", scope), ("Content-Type", "application/json")];
        http::request(self.port, method, &format!("{}{path}", self.path), &headers, &body)
    }

    /// Does what must go well.
    fn does(&self, method: &str, path: &str, body: &Value) -> Value {
        let reply = self.ask(method, path, body);
        assert!((200..300).contains(&reply.status), "{method} {path}: {reply:?}");
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// The configuration that viewers meet.
    fn live(&self) -> Value {
        self.does("GET", "/configuration?Qualifier=live", &Value::Null)
    }

    fn accepts(configuration: &Value) -> &str {
        configuration["Environment"]["Variables"]["ORIGIN_SECRET_SHA256"].as_str().unwrap()
    }

    /// Publishes what is being worked on, and has viewers meet it.
    fn publish(&self) {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let made = self.does("POST", "/versions", &json!({}));
        self.does("PUT", "/aliases/live", &json!({ "FunctionVersion": made["Version"] }));
    }

    /// Somebody deploys the program.
    fn deploy(&self, world: &World) {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(PROGRAM.as_bytes()).unwrap();
        let zip = zip.finish().unwrap().into_inner();
        let key = format!("_tb/api/{}.zip", Digest::of(&zip));
        let put = world.server.s3().put_object().bucket(&world.bucket).key(key).body(zip.clone().into());
        world.runtime.block_on(put.send()).unwrap();
        self.does("PUT", "/code", &json!({ "ZipFile": BASE64_STANDARD.encode(&zip) }));
        self.publish();
    }

    /// Whether a request reads the function itself, or its version behind the alias.
    fn is_read_by(&self, request: &Request) -> bool {
        let mut words = request.line.split(' ');
        let path = words.nth(1).and_then(|path| path.split('?').next());
        request.line.starts_with("GET ") && path == Some(&self.path)
    }
}

fn answer(status: &str, error: &str, body: &Value) -> Fate {
    let body = body.to_string();
    let error = if error.is_empty() { String::new() } else { format!("x-amzn-ErrorType: {error}\r\n") };
    let length = body.len();
    let whole =
        format!("HTTP/1.1 {status}\r\n{error}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    Fate::refuses(whole.leak())
}

fn conflict(message: &str) -> Fate {
    answer("409 Conflict", "ResourceConflictException", &json!({ "Type": "User", "message": message }))
}

/// The secret that the distribution sends is accepted, and no other.
fn assert_agreed(world: &World, function: &Function) {
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    assert!(!Function::accepts(&function.live()).contains(','));
}

#[test]
fn of_two_runs_at_once_one_stops_before_viewers_are_refused() {
    let world = World::new("", LAMBDA);
    world.provision();
    let function = Function::of(&world);
    let before = function.live();
    let (other, done) = (function.clone(), Arc::new(AtomicBool::new(false)));
    let configures = format!("PUT {}/configuration", function.path);
    world.proxy.script(move |request| {
        if !request.line.starts_with(&configures) || done.swap(true, Ordering::SeqCst) {
            return Fate::passes();
        }
        // Another machine writes its own settings over those of this run, before this run publishes them.
        let other = other.clone();
        Fate::passes().then(move || {
            let mut variables = other.live()["Environment"]["Variables"].clone();
            let accepts = format!("{},{}", variables["ORIGIN_SECRET_SHA256"].as_str().unwrap(), "b".repeat(64));
            variables["ORIGIN_SECRET_SHA256"] = accepts.into();
            other.does("PUT", "/configuration", &json!({ "Environment": { "Variables": variables } }));
        })
    });
    world.refused(&["provision", "--rotate-origin-secret", "--yes"], 6, "changed-meanwhile");
    world.proxy.calm();
    assert_eq!(function.live()["Version"], before["Version"]);
    assert_agreed(&world, &function);
    assert_eq!(Function::accepts(&function.live()), Function::accepts(&before));
}

#[test]
fn a_secret_is_not_given_up_while_somebody_else_changes_the_distribution() {
    let world = World::new("", LAMBDA);
    world.provision();
    let function = Function::of(&world);
    // As a run leaves it that is about to have the distribution send another secret.
    let mut variables = function.live()["Environment"]["Variables"].clone();
    let before = variables["ORIGIN_SECRET_SHA256"].as_str().unwrap().to_owned();
    variables["ORIGIN_SECRET_SHA256"] = format!("{before},{}", "b".repeat(64)).into();
    function.does("PUT", "/configuration", &json!({ "Environment": { "Variables": variables } }));
    function.publish();
    let accepted = Function::accepts(&function.live()).to_owned();
    // Now it does, after this run has looked: whatever comes after the first question whether edges know it.
    let client = world.cloudfront();
    let id = world.json(&["plan", "--only", "infra"])["infrastructure"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["kind"] == "distribution")
        .unwrap()["id"]
        .clone();
    let id = id.as_str().unwrap().to_owned();
    let (reads, asks) = (Arc::new(AtomicUsize::new(0)), format!("GET /2020-05-31/distribution/{id} "));
    let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    world.proxy.script(move |request| {
        if !request.line.starts_with(&asks) || reads.fetch_add(1, Ordering::SeqCst) != 0 {
            return Fate::passes();
        }
        let (client, id, runtime) = (client.clone(), id.clone(), Arc::clone(&runtime));
        Fate::passes().then(move || {
            runtime.block_on(async {
                let found = client.get_distribution_config().id(&id).send().await.unwrap();
                let mut config = found.distribution_config.unwrap();
                config.comment = "changed".to_owned();
                let update = client.update_distribution().id(&id).if_match(found.e_tag.unwrap());
                update.distribution_config(config).send().await.unwrap();
            });
        })
    });
    world.refused(&["provision", "--yes"], 6, "changed-meanwhile");
    world.proxy.calm();
    assert_eq!(Function::accepts(&function.live()), accepted);
    assert_agreed(&world, &function);
}

#[test]
fn the_role_may_do_what_the_version_that_viewers_meet_needs() {
    let world = World::new("", LAMBDA);
    world.provision();
    world.configure("", &LAMBDA.replace("ssm:/site/url", "ssm:/other/url"));
    world.proxy.record();
    world.json(&["provision", "--yes"]);
    let sent = world.proxy.recorded();
    crate::support::aws_model::assert_valid(&sent);
    let text = |body: &[u8]| percent_encoding::percent_decode(body).decode_utf8_lossy().into_owned();
    let policies: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(at, request)| (at, text(&request.body)))
        .filter(|(_, body)| body.contains("Action=PutRolePolicy"))
        .map(|(at, body)| (at, ["site/url", "other/url"].map(|name| body.contains(&format!("parameter/{name}")))))
        .collect();
    let moved = sent.iter().position(|it| it.method() == "PUT" && it.target().contains("/aliases/")).unwrap();
    assert!(matches!(policies[..], [(wide, [true, true]), (narrow, [false, true])] if wide < moved && moved < narrow));
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn a_change_that_failed_is_mended_by_the_next() {
    let world = World::new("", LAMBDA);
    world.provision();
    let function = Function::of(&world);
    world.configure("", &LAMBDA.replace("256MiB", "512MiB"));
    // As after a change that Lambda took and could not carry out.
    let (there, sent) = (function.clone(), Arc::new(AtomicBool::new(false)));
    world.proxy.script(move |request| {
        if request.line.starts_with(&format!("PUT {}/configuration", there.path)) {
            sent.store(true, Ordering::SeqCst);
        }
        let is_of_latest = there.is_read_by(request) && !request.line.contains("Qualifier");
        if sent.load(Ordering::SeqCst) || !is_of_latest {
            return Fate::passes();
        }
        let mut found = there.does("GET", "", &Value::Null);
        found["Configuration"]["LastUpdateStatus"] = "Failed".into();
        found["Configuration"]["LastUpdateStatusReason"] = "there is no such subnet".into();
        answer("200 OK", "", &found)
    });
    world.provision();
    world.proxy.calm();
    assert_eq!(world.drift(), Vec::<String>::new());
    assert_eq!(function.live()["MemorySize"], 512);
}

#[test]
fn what_lambda_cannot_run_is_said_and_never_published() {
    let world = World::new("", LAMBDA);
    world.provision();
    let function = Function::of(&world);
    let before = function.live();
    world.configure("", &LAMBDA.replace("256MiB", "512MiB"));
    let (there, sent) = (function.clone(), Arc::new(AtomicBool::new(false)));
    world.proxy.script(move |request| {
        if request.line.starts_with(&format!("PUT {}/configuration", there.path)) {
            sent.store(true, Ordering::SeqCst);
        }
        if !sent.load(Ordering::SeqCst) || !there.is_read_by(request) {
            return Fate::passes();
        }
        let mut found = there.does("GET", "", &Value::Null);
        found["Configuration"]["LastUpdateStatus"] = "Failed".into();
        found["Configuration"]["LastUpdateStatusReason"] = "there is no such subnet".into();
        answer("200 OK", "", &found)
    });
    let error = world.refused(&["provision", "--yes"], 5, "function-failed");
    assert!(error["message"].as_str().unwrap().contains("there is no such subnet"), "{error}");
    world.proxy.calm();
    assert_eq!(function.live()["Version"], before["Version"]);
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn a_function_that_could_not_be_made_is_made_anew() {
    let world = World::new("", LAMBDA);
    let function = Function::of(&world);
    let (there, removed) = (function.clone(), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&removed);
    world.proxy.script(move |request| {
        if request.line.starts_with(&format!("DELETE {} ", there.path)) {
            seen.store(true, Ordering::SeqCst);
        }
        if seen.load(Ordering::SeqCst) || !there.is_read_by(request) {
            return Fate::passes();
        }
        let found = there.ask("GET", "", &Value::Null);
        if found.status != 200 {
            return Fate::passes();
        }
        let mut found: Value = serde_json::from_slice(&found.body).unwrap();
        found["Configuration"]["State"] = "Failed".into();
        found["Configuration"]["StateReason"] = "there is no such subnet".into();
        answer("200 OK", "", &found)
    });
    world.provision();
    world.proxy.calm();
    assert!(removed.load(Ordering::SeqCst));
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn settings_that_do_not_work_never_meet_viewers() {
    let world = World::new("", LAMBDA);
    world.provision();
    let function = Function::of(&world);
    function.deploy(&world);
    let before = function.live();
    world.configure("", &LAMBDA.replace("ssm:/site/url", "ssm:/site/typo"));
    let error = world.refused(&["provision", "--yes"], 7, "smoke-failed");
    assert!(error["message"].as_str().unwrap().contains("GET /health answered 503: status 503"), "{error}");
    assert_eq!(function.live(), before);
    // A deploy would publish what was refused.
    world.configure("", LAMBDA);
    assert!(world.drift().contains(&"lambda unpublished".to_owned()));
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    world.configure("", &LAMBDA.replace("ssm:/site/url", "ssm:/site/other"));
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    assert_ne!(function.live()["Version"], before["Version"]);
}

#[test]
fn what_lambda_says_of_no_version_is_asked_of_the_function() {
    let reserving = format!("{LAMBDA}\n    reserved_concurrency: 5");
    let world = World::new("", &reserving);
    let there = Function::of(&world);
    world.proxy.script(move |request| {
        if !there.is_read_by(request) || !request.line.contains("Qualifier") {
            return Fate::passes();
        }
        let query = request.line.split(' ').nth(1).and_then(|path| path.split_once('?')).unwrap().1;
        let found = there.ask("GET", &format!("?{query}"), &Value::Null);
        if found.status != 200 {
            return Fate::passes();
        }
        let mut found: Value = serde_json::from_slice(&found.body).unwrap();
        found.as_object_mut().unwrap().retain(|key, _| key != "Concurrency" && key != "Tags");
        answer("200 OK", "", &found)
    });
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    world.configure("", LAMBDA);
    assert_eq!(world.drift(), ["lambda reserved_concurrency"]);
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn what_is_refused_as_others_change_the_function_is_asked_for_again() {
    const BUSY: &str = "The function could not be updated due to a concurrent update operation.";
    let world = World::new("", LAMBDA);
    let (there, refused) = (Function::of(&world), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&refused);
    world.proxy.script(move |request| {
        let permits = request.line.starts_with(&format!("POST {}/policy", there.path));
        if permits && !seen.swap(true, Ordering::SeqCst) { conflict(BUSY) } else { Fate::passes() }
    });
    world.provision();
    assert!(refused.load(Ordering::SeqCst));
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn a_key_that_a_new_role_may_not_use_yet_is_waited_for() {
    const EARLY: &str = "Lambda was unable to configure access to your environment variables because the KMS key is \
                         invalid for CreateGrant. Please check your KMS key settings.";
    let world = World::new("", LAMBDA);
    let (there, refused) = (Function::of(&world), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&refused);
    world.proxy.script(move |request| {
        let makes = request.line.starts_with("POST /2015-03-31/functions HTTP")
            || request.line.starts_with(&format!("PUT {}/configuration", there.path));
        if makes && seen.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            let body = json!({ "Type": "User", "message": EARLY });
            return answer("400 Bad Request", "InvalidParameterValueException", &body);
        }
        Fate::passes()
    });
    world.provision();
    world.configure("", &LAMBDA.replace("256MiB", "512MiB"));
    world.provision();
    assert_eq!((refused.load(Ordering::SeqCst), world.drift()), (4, Vec::new()));
}

#[test]
fn a_role_that_iam_does_not_show_yet_is_looked_for_again() {
    const MISSING: &str = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
                           <Code>NoSuchEntity</Code><Message>no such role</Message></Error></ErrorResponse>";
    let world = World::new("", LAMBDA);
    let (made, hidden) = (AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&hidden);
    world.proxy.script(move |request| {
        let body = request.text();
        if body.contains("Action=CreateRole") {
            made.store(true, Ordering::SeqCst);
        }
        let looks = made.load(Ordering::SeqCst) && body.contains("Action=GetRole&");
        if looks && seen.fetch_add(1, Ordering::SeqCst) < 2 {
            let length = MISSING.len();
            let whole = format!(
                "HTTP/1.1 404 Not Found\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{MISSING}"
            );
            return Fate::refuses(whole.leak());
        }
        Fate::passes()
    });
    world.provision();
    assert!(hidden.load(Ordering::SeqCst) > 2);
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn all_viewers_meet_one_version() {
    let world = World::new("", LAMBDA);
    world.provision();
    world.configure("", &LAMBDA.replace("256MiB", "512MiB"));
    world.provision();
    let function = Function::of(&world);
    let weights = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "1": 0.5 } } });
    function.does("PUT", "/aliases/live", &weights);
    assert_eq!(world.drift(), ["lambda also_live"]);
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    let alias = function.does("GET", "/aliases/live", &Value::Null);
    assert!(alias["RoutingConfig"].is_null(), "{alias}");
}
