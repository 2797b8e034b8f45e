//! A deploy while the edge runs: what is deployed is what viewers get, at once.

use std::process::Command;

use crate::support::{Project, Served};

fn get(url: &str) -> String {
    let output = Command::new("curl").args(["-s", url]).output().expect("curl starts: install curl");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_edit_is_visible_as_soon_as_its_deploy_ends() {
    let project = Project::with_site(&[("index.html", "<p>one")]);
    let served = Served::start(project.command(&["deploy", "--serve", "--port", "0"]));
    for text in ["<p>two", "<p>three", "<p>four"] {
        // Twice: the second answer comes from the edge's cache.
        get(&served.url);
        get(&format!("{}/a/client/route", served.url));
        project.write("dist/index.html", text);
        let deploy = project.json(&["deploy"]);
        assert_eq!(deploy["url"], served.url);
        assert_eq!(get(&served.url), text);
        assert_eq!(get(&format!("{}/a/client/route", served.url)), text);
    }
    let status = project.json(&["status"]);
    assert_eq!(status["edge"], served.url);
    assert_eq!(status["live"]["id"], project.json(&["releases"])[3]["id"]);
    assert_eq!(served.interrupt(), 130);
    assert!(project.json(&["status"])["edge"].is_null());
}

#[test]
fn invalidate_drops_what_the_edge_holds() {
    let project = Project::with_site(&[("index.html", "<p>one"), ("robots.txt", "one")]);
    project.write(
        "cdn-config.yml",
        "version: 1\nsite: { output: dist, spa: true }\ncache: [{ match: \"**\", cache_control: \"public, max-age=300\" }]\n\
         environments: { local: { target: local } }\n",
    );
    let served = Served::start(project.command(&["deploy", "--serve", "--port", "0"]));
    let x_cache = |path: &str| {
        let url = format!("{}{path}", served.url);
        let output = Command::new("curl").args(["-s", "-o", "/dev/null", "-w", "%header{x-cache}", &url]).output();
        String::from_utf8(output.expect("curl starts: install curl").stdout).unwrap()
    };
    assert_eq!(x_cache("/robots.txt"), "Miss from cloudfront");
    assert_eq!(x_cache("/robots.txt"), "Hit from cloudfront");
    project.json(&["invalidate", "/robots.txt"]);
    assert_eq!(x_cache("/robots.txt"), "Miss from cloudfront");
    assert_eq!(x_cache("/robots.txt"), "Hit from cloudfront");
    project.json(&["invalidate", "/other/*"]);
    assert_eq!(x_cache("/robots.txt"), "Hit from cloudfront");
}
