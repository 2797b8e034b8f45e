//! Deploys behind a distribution, as users run them: ministack plays CloudFront, the function and the origin.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use treebeard_cdn::{
    apply::{Ports, apply},
    config,
    error::{Class, Error, Result},
    plan,
    remote::{
        cdn::{Cdn, Delivery, Invalidation},
        local::LocalStore,
        process, state,
    },
    site,
};

use crate::support::{
    Project, Run,
    distribution::{foreign, managed},
    servers::{REGION, Server, ministack},
};

struct World {
    project: Project,
    server: &'static Server,
}

const APP: &str = "export const text = 'the same words again and again, the same words again and again';";

impl World {
    /// A project for a bucket behind a distribution, which treebeard-cdn manages or somebody else does.
    fn new(is_managed: bool) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = ministack();
        let project = Project::with_site(&[
            ("index.html", "<script type=module src=/assets/app.1a2b3c4d.js></script>one"),
            ("assets/app.1a2b3c4d.js", APP),
        ]);
        let bucket = runtime.block_on(server.bucket());
        let write = |id: &str| {
            project.write(
                "cdn-config.yml",
                format!(
                    "version: 1\nsite: {{ output: dist, spa: true }}\nenvironments:\n  local: {{ target: local }}\n  \
                     production: {{ bucket: {bucket}, region: {REGION}, distribution_id: {id}, endpoint_url: \"{}\" }}\n",
                    server.endpoint()
                ),
            );
        };
        write("E2QWRUHAPOMQZL");
        let config = config::load(&project.path("cdn-config.yml"), "production").unwrap();
        let wanted = plan::distribution::compile(&config);
        let (id, _) = if is_managed {
            runtime.block_on(managed(server, &bucket, &wanted))
        } else {
            runtime.block_on(foreign(server, &bucket))
        };
        write(&id);
        Self { project, server }
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.project.command(&[&["--env", "production"], args].concat());
        command.env("AWS_ACCESS_KEY_ID", self.server.access_key).env("AWS_SECRET_ACCESS_KEY", self.server.secret_key);
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_CONFIG_FILE", "/dev/null");
        Run::of(&mut command)
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        let run = self.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run.json()
    }
}

#[test]
fn a_deploy_back_and_forth_invalidates_every_time_and_an_unchanged_one_never() {
    let world = World::new(true);
    let mut ids = BTreeSet::new();
    for (turn, text) in ["one", "two", "one", "two"].into_iter().enumerate() {
        world.project.write("dist/index.html", text);
        // It verifies what it published through the distribution: bytes, encodings, routes, headers.
        let done = world.json(&["deploy"]);
        let paths = done["invalidation"]["paths"].as_array().unwrap();
        let expected =
            if turn == 0 { vec!["/*"] } else { vec!["/", "/_tb/br/index.html", "/_tb/gzip/index.html", "/index.html"] };
        assert_eq!(paths, &expected);
        ids.insert(done["invalidation"]["id"].as_str().unwrap().to_owned());
        let again = world.json(&["deploy"]);
        assert_eq!((&again["invalidation"], &again["requests"]["s3"]), (&serde_json::Value::Null, &1.into()));
    }
    assert_eq!(ids.len(), 4);
    let back = world.json(&["rollback", "--no-wait"]);
    assert!(ids.insert(back["invalidation"]["id"].as_str().unwrap().to_owned()), "a rollback asks for its own");
    let distribution = &world.json(&["status"])["distribution"];
    assert_eq!((&distribution["negotiates"], &distribution["ledger_is_open"]), (&true.into(), &false.into()));
    let report = world.json(&["verify", "--all"]);
    assert_eq!(report["failures"], serde_json::json!([]));
}

#[test]
fn without_our_function_only_the_files_themselves_are_published_and_the_plan_says_what_that_costs() {
    let world = World::new(false);
    let plan = world.json(&["plan"]);
    let keys: Vec<_> = plan["writes"].as_array().unwrap().iter().map(|write| write["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["assets/app.1a2b3c4d.js", "index.html"]);
    let notes = plan["notes"].to_string();
    assert!(notes.contains("br inactive: ") && notes.contains("a visit") && notes.contains("provision"), "{notes}");
    assert_eq!(world.json(&["deploy"])["objects"]["uploaded"], 2);
    let report = world.json(&["verify"]);
    assert_eq!(report["failures"], serde_json::json!([]), "{report}");
    let status = world.json(&["status"]);
    let distribution = &status["distribution"];
    assert_eq!((&distribution["negotiates"], &distribution["ledger_is_open"]), (&false.into(), &true.into()));
    let hidden = distribution["statement"]["Resource"].as_array().unwrap();
    assert!(hidden.iter().any(|it| it.as_str().unwrap().ends_with("/_tb/ledger/*")), "{status}");
}

/// A CDN that refuses as long as it is told to, and writes down what it is asked.
struct Refusing {
    refuses: Mutex<bool>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Cdn for Refusing {
    async fn invalidate(&self, paths: &[String], reference: &str) -> Result<Invalidation> {
        if *self.refuses.lock().unwrap() {
            return Err(Error::new(Class::Remote, "throttled", "CloudFront is throttling"));
        }
        self.asked.lock().unwrap().push(reference.to_owned());
        let (id, created_at) = ("I1".to_owned(), String::new());
        Ok(Invalidation { id, created_at, reference: reference.to_owned(), paths: paths.to_vec() })
    }

    async fn finished(&self, _id: &str) -> Result<bool> {
        Ok(true)
    }

    async fn delivery(&self) -> Result<Delivery> {
        Ok(Delivery { domain: None, negotiates: true, encodings: Vec::new(), adds_headers: true })
    }

    async fn in_progress(&self) -> Result<Vec<Invalidation>> {
        Ok(Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalidation_that_fails_is_owed_and_the_next_deploy_pays_it() {
    let project = Project::with_site(&[("index.html", "one")]);
    let config = config::load(&project.path("cdn-config.yml"), "local").unwrap();
    let store = Arc::new(LocalStore::open(config.store_dir()).unwrap());
    let cdn = Arc::new(Refusing { refuses: Mutex::new(true), asked: Mutex::default() });
    let deploy = async || {
        let site = site::build(&config, site::Options { run_commands: false }, &(Arc::new(|_| {}) as _)).await.unwrap();
        let loaded = state::load_pointer(store.as_ref()).await.unwrap();
        let state = state::load(store.as_ref(), loaded.pointer.clone()).await.unwrap();
        let facts = plan::Facts {
            now: std::time::SystemTime::now(),
            commit: None,
            api: None,
            adopt: false,
            invalidation: Some(config.invalidation),
            negotiates: true,
            encodings: Vec::new(),
            saving: None,
            max_deletes: 9,
        };
        let plan = plan::plan(&site, plan::built(&site, true), &state, &facts).unwrap();
        let ports = Ports {
            store: Arc::clone(&store) as _,
            cdn: Arc::clone(&cdn) as _,
            listener: Arc::new(|_| {}),
            holder: process::this("deploy"),
            stop: tokio_util::sync::CancellationToken::new(),
            wait: true,
        };
        let done = apply(&plan, None, &loaded, &ports).await;
        (done, state::load_pointer(store.as_ref()).await.unwrap().pointer)
    };
    let (failed, pointer) = deploy().await;
    let error = failed.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Remote, "invalidation-owed"));
    assert!(pointer.live.is_some() && pointer.lease.is_none(), "the release is live all the same");
    let owed: Vec<_> = pointer.owed.iter().map(|owed| owed.reference.clone()).collect();
    assert_eq!(owed.len(), 1);
    assert_eq!(deploy().await.0.unwrap_err().rule, "invalidation-owed", "it is not forgotten");

    *cdn.refuses.lock().unwrap() = false;
    let (paid, pointer) = deploy().await;
    paid.unwrap();
    assert!(pointer.owed.is_empty());
    assert_eq!(*cdn.asked.lock().unwrap(), owed, "by the reference that it was first asked with");
}
