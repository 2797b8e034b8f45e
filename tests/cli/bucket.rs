//! Deploys to a bucket, as users run them.

use treebeard_cdn::{
    model::{headers::Headers, path::StorageKey},
    remote::{Body, Condition, ObjectStore},
};

use crate::support::{
    Project, Run,
    servers::{Server, seaweed},
};

/// A project, the bucket that it is deployed to, and the server that has it.
struct World {
    project: Project,
    bucket: String,
    server: &'static Server,
    runtime: tokio::runtime::Runtime,
}

const FILES: [(&str, &str); 4] = [
    ("index.html", "<script src=/assets/app.1a2b3c4d.js></script>one"),
    ("about.html", "about"),
    ("robots.txt", "robots"),
    ("assets/app.1a2b3c4d.js", "app()"),
];

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = seaweed();
        let bucket = runtime.block_on(server.bucket());
        let project = Project::with_site(&FILES);
        let world = Self { project, bucket, server, runtime };
        world.configure("");
        world
    }

    fn configure(&self, more: &str) {
        let (bucket, endpoint) = (&self.bucket, self.server.endpoint());
        self.project.write(
            "cdn-config.yml",
            format!(
                "version: 1\nsite: {{ output: dist, spa: false }}\n{more}\nenvironments:\n  \
                 production: {{ bucket: {bucket}, region: us-east-1, cdn: none, endpoint_url: \"{endpoint}\" }}\n"
            ),
        );
    }

    fn run(&self, args: &[&str]) -> Run {
        let args = [&["--env", "production"], args].concat();
        let mut command = self.project.command(&args);
        command.env("AWS_ACCESS_KEY_ID", self.server.access_key).env("AWS_SECRET_ACCESS_KEY", self.server.secret_key);
        for (name, value) in [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/dev/null")] {
            command.env(name, value);
        }
        Run::of(&mut command)
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        let run = self.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run.json()
    }

    fn refused(&self, args: &[&str]) -> (i32, String) {
        let run = self.run(&[args, &["--json"]].concat());
        (run.code, run.json()["error"]["rule"].as_str().unwrap_or_default().to_owned())
    }

    fn store(&self) -> impl ObjectStore {
        self.runtime.block_on(self.server.connection()).store(&self.bucket)
    }

    fn put(&self, key: &str, bytes: &str) {
        let headers =
            Headers { content_type: "text/plain".into(), cache_control: "no-cache".into(), content_encoding: None };
        let body = Body::Bytes(bytes.as_bytes().to_vec());
        self.runtime.block_on(self.store().put(&StorageKey::new(key), body, &headers, Condition::None)).unwrap();
    }

    fn get(&self, key: &str) -> Option<String> {
        let store = self.store();
        let found = self.runtime.block_on(treebeard_cdn::remote::read_document(&store, &StorageKey::new(key))).unwrap();
        found.map(|(_, bytes)| String::from_utf8(bytes).unwrap())
    }

    fn keys(&self) -> Vec<String> {
        let listed = self.runtime.block_on(self.store().list("")).unwrap();
        let mut keys: Vec<_> = listed.into_iter().map(|it| it.key.to_string()).collect();
        keys.sort();
        keys
    }
}

#[test]
fn a_site_goes_to_a_bucket_and_back() {
    let world = World::new();
    let first = world.json(&["deploy"]);
    assert_eq!(
        (&first["live"], &first["objects"]["uploaded"], &first["invalidation"]),
        (&true.into(), &4.into(), &serde_json::Value::Null)
    );
    let unchanged = world.json(&["deploy"]);
    assert_eq!((&unchanged["requests"]["s3"], &unchanged["objects"]["uploaded"]), (&1.into(), &0.into()));

    world.project.write("dist/index.html", "two");
    world.project.remove("dist/about.html");
    let second = world.json(&["deploy"]);
    assert_eq!((&second["objects"]["uploaded"], &second["objects"]["deleted"]), (&1.into(), &1.into()));
    assert_eq!((world.get("index.html").as_deref(), world.get("about.html")), (Some("two"), None));
    assert_eq!(world.run(&["verify"]).code, 0);

    let back = world.json(&["rollback"]);
    assert_eq!(back["release"], first["release"]);
    assert_eq!(
        (world.get("index.html").as_deref(), world.get("about.html").as_deref()),
        (Some(FILES[0].1), Some("about"))
    );
    let releases = world.json(&["releases"]);
    let live: Vec<_> = releases.as_array().unwrap().iter().map(|release| release["live"].as_bool().unwrap()).collect();
    assert_eq!(live, [true, false]);
    assert_eq!(world.refused(&["rollback"]), (3, "no-earlier-release".into()));
    assert_eq!(world.json(&["rollback", second["release"].as_str().unwrap()])["release"], second["release"]);
    assert_eq!(world.get("index.html").as_deref(), Some("two"));
    let status = world.json(&["status"]);
    assert_eq!(status["lock"], serde_json::Value::Null);
    let actions: Vec<_> = status["history"].as_array().unwrap().iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions, ["deploy", "deploy", "rollback", "rollback"], "the audit trail");
}

#[test]
fn somebody_elses_objects_are_never_touched() {
    let world = World::new();
    world.put("index.html", "theirs");
    world.put("elsewhere/page.html", "theirs");
    let before = world.keys();
    assert_eq!(world.refused(&["deploy"]), (8, "foreign-object".into()));
    assert_eq!(world.keys(), before, "nothing was written");
    world.json(&["deploy", "--adopt"]);
    assert_eq!(world.get("index.html").as_deref(), Some(FILES[0].1));
    world.project.write("dist/index.html", "two");
    world.json(&["deploy"]);
    world.json(&["prune", "--yes"]);
    assert_eq!(world.get("elsewhere/page.html").as_deref(), Some("theirs"));
}

#[test]
fn what_somebody_changed_by_hand_is_shown_and_mended_on_request() {
    let world = World::new();
    world.json(&["deploy"]);
    world.put("robots.txt", "edited");
    let store = world.store();
    world.runtime.block_on(store.delete(&StorageKey::new("about.html"), Condition::None)).unwrap();

    let seen = world.json(&["plan", "--refresh"]);
    assert_eq!(seen["drift"], serde_json::json!({ "about.html": "missing", "robots.txt": "bytes" }));
    assert_eq!(world.run(&["plan", "--refresh", "--detailed-exitcode"]).code, 2);

    // A deploy that would overwrite the edit stops; one that has nothing to do there goes on.
    world.project.write("dist/robots.txt", "newer");
    assert_eq!(world.refused(&["deploy"]), (6, "object-changed".into()));
    assert_eq!(world.get("robots.txt").as_deref(), Some("edited"));

    world.json(&["deploy", "--repair"]);
    assert_eq!(
        (world.get("robots.txt").as_deref(), world.get("about.html").as_deref()),
        (Some("newer"), Some("about"))
    );
    let seen = world.json(&["plan", "--refresh"]);
    assert_eq!((&seen["drift"], &seen["changes"]), (&serde_json::json!({}), &false.into()));
}

#[test]
fn a_prune_says_what_it_does_and_does_it() {
    let world = World::new();
    world.configure("releases: { keep: 1, grace: 0s }");
    for content in ["one", "two", "three"] {
        world.project.write("dist/index.html", content);
        world.json(&["deploy"]);
    }
    assert_eq!(world.refused(&["prune"]), (3, "confirmation".into()));
    assert_eq!(world.refused(&["prune", "--yes", "--max-deletes", "1"]), (8, "max-deletes".into()));
    let told = world.json(&["prune", "--dry-run"]);
    let before = world.keys();
    let done = world.json(&["prune", "--yes"]);
    assert_eq!((&told["deleted"], &told["releases"]), (&done["deleted"], &done["releases"]));
    assert_eq!(done["releases"].as_array().unwrap().len(), 2);
    let after = world.keys();
    let gone: Vec<_> =
        before.iter().filter(|key| !after.contains(key) && !key.starts_with("_tb/ledger/")).cloned().collect();
    assert_eq!(serde_json::json!(gone), done["deleted"]);
    assert_eq!(world.json(&["releases"]).as_array().unwrap().len(), 1);
    assert_eq!(world.json(&["prune", "--yes"])["deleted"], serde_json::json!([]));
    assert_eq!(world.run(&["verify"]).code, 0);
}

#[test]
fn a_bucket_that_is_not_there_is_an_error_that_says_so() {
    let world = World::new();
    let endpoint = world.server.endpoint();
    world.project.write(
        "cdn-config.yml",
        format!(
            "version: 1\nsite: {{ output: dist }}\nenvironments:\n  \
             production: {{ bucket: no-such-bucket, region: us-east-1, cdn: none, endpoint_url: \"{endpoint}\" }}\n"
        ),
    );
    assert_eq!(world.refused(&["deploy"]), (3, "bucket-missing".into()));
}

#[test]
fn without_credentials_or_with_wrong_ones_the_error_says_so() {
    let world = World::new();
    let refused = |set_up: &dyn Fn(&mut std::process::Command)| {
        let mut command = world.project.command(&["--env", "production", "deploy", "--json"]);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"] {
            command.env_remove(name);
        }
        for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            command.env(name, "/dev/null");
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        set_up(&mut command);
        let run = Run::of(&mut command);
        let error = run.json()["error"].clone();
        assert!(error["help"].as_str().is_some_and(|help| !help.is_empty()), "{run:?}");
        (run.code, error["rule"].as_str().unwrap().to_owned())
    };
    assert_eq!(refused(&|_| {}), (5, "credentials-missing".into()));
    let wrong = |command: &mut std::process::Command| {
        command.env("AWS_ACCESS_KEY_ID", world.server.access_key).env("AWS_SECRET_ACCESS_KEY", "wrong");
    };
    assert_eq!(refused(&wrong), (5, "credentials-refused".into()));
    let no_token = |command: &mut std::process::Command| {
        command
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such/token")
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x");
    };
    assert_eq!(refused(&no_token).0, 5);
    assert_eq!(world.keys(), Vec::<String>::new());
}
