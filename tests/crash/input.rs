//! What is wrong before a deploy begins, or becomes wrong on the way: a clear error, and nothing has changed.

use super::{
    bucket::Object,
    sites::{self, release},
    world::World,
};
use crate::support::{Run, proxy::Fate};

/// Every command that needs the bucket.
const COMMANDS: &[&[&str]] = &[
    &["plan", "--only", "content"],
    &["deploy"],
    &["rollback"],
    &["releases"],
    &["status"],
    &["prune", "--yes"],
    &["unlock", "--force"],
    &["verify"],
];

/// Fails unless `run` refused for this reason, with words that contain these.
fn assert_refused(run: &Run, code: i32, rule: &str, words: &[&str]) {
    let error = &run.json()["error"];
    assert_eq!((run.code, error["rule"].as_str()), (code, Some(rule)), "{run:?}");
    assert_eq!(error["exit_code"], code);
    let help = error["help"].as_str();
    assert!(help.is_some_and(|help| !help.is_empty()), "{run:?}");
    for word in words {
        assert!(error["message"].as_str().unwrap().contains(word) || help.unwrap().contains(word), "{word}: {run:?}");
    }
}

#[test]
fn a_ledger_that_is_corrupt_or_newer_is_refused_with_a_way_out() {
    let world = World::new();
    world.release(&release("a"));
    sites::write(&world.project, &release("b"));
    for (document, rule, words) in [
        ("{", "ledger-corrupt", ["_tb/ledger/pointer.json", "--adopt"]),
        ("", "ledger-corrupt", ["_tb/ledger/pointer.json", "--adopt"]),
        ("{}", "ledger-corrupt", ["_tb/ledger/pointer.json", "--adopt"]),
        (r#"{"format":1}"#, "ledger-corrupt", ["_tb/ledger/pointer.json", "--adopt"]),
        (r#"{"format":2}"#, "ledger-newer", ["format 2", "update treebeard-cdn"]),
    ] {
        let pointer = world.get("_tb/ledger/pointer.json").unwrap();
        world.put("_tb/ledger/pointer.json", &Object { bytes: document.into(), ..pointer });
        let before = world.objects();
        for command in COMMANDS {
            let run = world.run(&[command, &["--json"][..]].concat());
            assert_refused(&run, 6, rule, &words);
        }
        assert_eq!(world.objects().0, before.0);
    }
}

#[test]
fn a_ledger_that_was_deleted_can_be_made_anew() {
    let world = World::new();
    let old = world.release(&release("a"));
    let keys: Vec<_> = old.0.keys().filter(|key| key.starts_with("_tb/ledger/")).cloned().collect();
    let mut without = old.clone();
    for key in keys {
        without.0.remove(&key);
    }
    world.restore(&without);
    let run = world.run(&["deploy", "--json"]);
    assert_refused(&run, 8, "foreign-object", &["index.html", "--adopt"]);
    world.succeed(&["deploy", "--adopt"]);
    world.assert_is(&old);
}

#[test]
fn a_bucket_that_does_not_exist_is_named() {
    let mut world = World::new();
    world.bucket.name = "no-such-bucket".to_owned();
    world.configure("cdn: none", "");
    sites::write(&world.project, &release("a"));
    for command in COMMANDS {
        let run = world.run(&[command, &["--json"][..]].concat());
        assert_refused(&run, 3, "bucket-missing", &["no-such-bucket", "provision"]);
    }
    // What would make it is no refusal.
    let plan = world.run(&["plan", "--detailed-exitcode", "--json"]);
    assert_eq!((plan.code, &plan.json()["infrastructure"][0]["action"]), (2, &"create".into()), "{plan:?}");
}

#[test]
fn credentials_that_are_wrong_missing_or_not_enough_are_told_apart() {
    let world = World::new();
    let before = world.release(&release("a"));
    sites::write(&world.project, &release("b"));
    let deploy = |set: &[(&str, &str)]| {
        let mut command = world.command(&["deploy", "--json"]);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(set.iter().copied());
        Run::of(&mut command)
    };
    let keys = |id, secret| deploy(&[("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]);
    assert_refused(&keys("seaweedkey", "wrong"), 5, "credentials-refused", &["SignatureDoesNotMatch"]);
    assert_refused(&keys("nobody", "wrong"), 5, "credentials-refused", &["InvalidAccessKeyId"]);
    let pointer = format!("arn:aws:s3:::{}/_tb/ledger/pointer.json", world.bucket.name);
    assert_refused(&keys("readerkey", "readersecret"), 5, "access-denied", &["s3:PutObject", &pointer]);
    assert_refused(&deploy(&[]), 5, "credentials-missing", &["AWS_ACCESS_KEY_ID", "OpenID Connect"]);
    assert_eq!(world.objects().0, before.0);
}

/// The program has looked at every file when it takes its lease, and has sent none.
#[test]
fn a_file_that_changes_or_vanishes_while_it_is_published_ends_the_deploy() {
    let world = World::new();
    let before = world.release(&release("a"));
    let after = world.release(&release("b"));
    let files = release("b");
    for (path, spoil, rule) in [
        ("index.html", Some("<p>other"), "file-changed"),
        ("theme.css", Some("body { content: 'x' }"), "file-changed"),
        ("assets/app.bbbbbbbb.js", None, "file-vanished"),
    ] {
        world.restore(&before);
        sites::write(&world.project, &files);
        let file = world.project.path(format!("dist/{path}"));
        let run = world.suffer(&mut world.command(&["deploy", "--json"]), move |request, _| {
            let file = file.clone();
            if !request.line.starts_with("PUT ") {
                return Fate::passes();
            }
            Fate::passes().first(move || match spoil {
                Some(content) => std::fs::write(&file, content).unwrap(),
                None => drop(std::fs::remove_file(&file)),
            })
        });
        assert_refused(&run, 4, rule, &[path]);
        let now = world.objects();
        now.assert_mix_of(&before, &after);
        assert_eq!(now.pointer().get("lease"), None);
        assert_eq!(now.live(), before.live());
        sites::write(&world.project, &files);
        world.succeed(&["deploy"]);
        world.assert_is(&after);
    }
}
