//! APIs that take a moment to start: a shell script that speaks Lambda's runtime interface.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

/// An API.
#[derive(Debug, Clone)]
pub struct Program {
    /// What it says of itself.
    pub name: &'static str,
    /// Status of `/health`.
    pub health: u16,
    /// Status of `/plans`.
    pub plans: u16,
    /// The routes that its document names.
    pub routes: &'static [&'static str],
}

impl Program {
    /// One that works, with these routes.
    pub fn new(name: &'static str, routes: &'static [&'static str]) -> Self {
        Self { name, health: 200, plans: 200, routes }
    }

    /// Its OpenAPI document.
    pub fn document(&self) -> String {
        let paths: serde_json::Map<_, _> =
            self.routes.iter().map(|path| ((*path).to_owned(), serde_json::json!({ "get": {} }))).collect();
        serde_json::json!({ "openapi": "3.1.0", "info": { "title": "x", "version": self.name }, "paths": paths })
            .to_string()
    }

    /// What Lambda starts.
    pub fn script(&self) -> String {
        let Self { name, health, plans, .. } = self;
        let document = self.document();
        format!(
            r#"#!/bin/sh
# Answers one event after the other.
runtime="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
head=$(mktemp)
answer() {{ printf '{{"statusCode":%s,"body":"%s"}}' "$1" "$(printf '%s' "$2" | sed 's/"/\\"/g')"; }}
while event=$(curl -sS -D "$head" "$runtime/next"); do
    id=$(grep -i '^lambda-runtime-aws-request-id:' "$head" | tr -d '\r' | cut -d ' ' -f 2)
    case $event in
        *'"rawPath"'*'"/health"'*) reply=$(answer {health} '{{"status":"{name}"}}') ;;
        *'"rawPath"'*'"/openapi.json"'*) reply=$(answer 200 '{document}') ;;
        *'"rawPath"'*'"/plans"'* | *'"rawPath"'*'"/api/plans"'*) reply=$(answer {plans} 'plans of {name}') ;;
        *) reply=$(answer 404 'nothing here') ;;
    esac
    curl -sS -o /dev/null --data-raw "$reply" "$runtime/$id/response"
done
"#
        )
    }
}
