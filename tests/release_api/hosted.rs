//! An API that is hosted elsewhere.

use serde_json::json;

use super::{deploy::sha256, program::Program, world::ROUTES};
use crate::support::{
    Project, Run,
    http::free_port,
    servers::{Answer, REGION, Scripted, Server, seaweed},
};

fn run(project: &Project, server: &Server, args: &[&str]) -> Run {
    let mut command = project.command(&[&["--env", "production", "--json"], args].concat());
    Run::of(command.envs(server.environment()).env_remove("AWS_ENDPOINT_URL"))
}

#[test]
fn pages_are_published_when_the_api_at_its_origin_has_what_they_need() {
    let server = seaweed();
    let bucket = tokio::runtime::Runtime::new().unwrap().block_on(server.bucket());
    let offered = Program::new("1.2.3", ROUTES).document();
    let api = Scripted::new({
        let offered = offered.clone();
        move |_, _| Answer::new(200, offered.clone())
    });
    let project = Project::with_site(&[("index.html", "one")]);
    let configure = |origin: &str| {
        let endpoint = server.endpoint();
        project.write(
            "cdn-config.yml",
            format!(
                "version: 1\nsite: {{ output: dist, spa: true }}\napi: {{ openapi: openapi.json }}\nenvironments:\n  \
                 production: {{ bucket: {bucket}, region: {REGION}, cdn: none, endpoint_url: \"{endpoint}\", api_origin: \"{origin}\" }}\n"
            ),
        );
    };
    configure(&format!("http://127.0.0.1:{}", api.server.port));

    // Parameters may be called differently.
    project.write("openapi.json", Program::new("x", &["/plans/{plan_id}"]).document());
    let done = run(&project, server, &["deploy"]);
    assert_eq!(done.code, 0, "{done:?}");
    let recorded = json!({ "version": "1.2.3", "openapi": sha256(&offered) });
    assert_eq!(run(&project, server, &["releases"]).json()[0]["api"], recorded);

    project.write("openapi.json", Program::new("x", &["/plans", "/users"]).document());
    project.write("dist/index.html", "two");
    let refused = run(&project, server, &["deploy"]);
    let error = &refused.json()["error"];
    assert_eq!((refused.code, &error["rule"]), (8, &json!("api-lacks-routes")), "{refused:?}");
    assert_eq!(error["details"]["routes"], json!(["GET /users"]));

    configure(&format!("http://127.0.0.1:{}", free_port()));
    let refused = run(&project, server, &["deploy"]);
    assert_eq!((refused.code, &refused.json()["error"]["rule"]), (7, &json!("api-unknown")), "{refused:?}");

    project.write("openapi.json", "[]");
    let refused = run(&project, server, &["deploy"]);
    assert_eq!((refused.code, &refused.json()["error"]["rule"]), (4, &json!("api-openapi")), "{refused:?}");
    let releases = run(&project, server, &["releases"]).json();
    assert_eq!(releases.as_array().unwrap().len(), 1);
}
