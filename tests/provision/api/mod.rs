//! The API's function: made, reached through the distribution alone, put right, and removed.

mod adopted;
mod answers;
mod faults;
mod life;
mod network;
mod refusals;
mod secret;

use std::{
    io::{Cursor, Write as _},
    time::Duration,
};

use aws_sdk_lambda::{Client, primitives::Blob, types::Environment};
use serde_json::{Value, json};
use treebeard_cdn::{
    model::{digest::Digest, infrastructure::LIVE_ALIAS},
    plan::infrastructure::Names,
};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::world::World;
use crate::support::http::Reply;

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
    Client::new(&world.server.sdk())
}

/// The same for what its role may do.
pub fn iam_client(world: &World) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::new(&world.server.sdk())
}

/// The same for its logs.
fn logs_client(world: &World) -> aws_sdk_cloudwatchlogs::Client {
    aws_sdk_cloudwatchlogs::Client::new(&world.server.sdk())
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

    /// Which of role, log group and function are still there.
    fn left(&self) -> Vec<&'static str> {
        let (iam, log_group) = (iam_client(self.world), Names::of(&self.world.bucket).log_group());
        self.world.runtime.block_on(async {
            let role = iam.get_role().role_name(&self.name).send().await.is_ok();
            let function = self.client.get_function().function_name(&self.name).send().await.is_ok();
            let groups = logs_client(self.world).describe_log_groups().log_group_name_prefix(&log_group).send().await;
            let logs = !groups.unwrap().log_groups.unwrap_or_default().is_empty();
            let all = [("role", role), ("log group", logs), ("function", function)];
            all.into_iter().filter(|(_, is_there)| *is_there).map(|(kind, _)| kind).collect()
        })
    }

    /// How many requests run at once at most.
    fn reserved(&self) -> Option<i32> {
        let asked = self.client.get_function_concurrency().function_name(&self.name);
        self.world.runtime.block_on(asked.send()).unwrap().reserved_concurrent_executions
    }

    /// Somebody takes that limit away.
    fn unreserve(&self) {
        let change = self.client.delete_function_concurrency().function_name(&self.name);
        self.world.runtime.block_on(change.send()).unwrap();
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

fn ask(world: &World, made: &Value) -> Reply {
    let domain = made["distribution"]["domain"].as_str().unwrap();
    world.view(domain, "POST", "/api/v1/anything", &[("Content-Type", "application/json")], b"{}")
}

/// How Lambda refuses a request, in the words of its API.
fn refusal(status: u16, code: &str, message: &str) -> &'static str {
    let body = json!({ "Type": "User", "message": message }).to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} Refused\r\nx-amzn-ErrorType: {code}\r\nContent-Length: {length}\r\n\r\n{body}").leak()
}
