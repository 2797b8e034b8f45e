//! The policies that `iam-policy` prints are enough, and each permission of them is needed or named when it lacks.

use serde_json::{Value, json};

use super::world::World;
use crate::support::servers::{Server, strict_ministack, user};

/// A world whose commands run as a user with the policy for `purpose`.
fn world_of(purpose: &str, site: &World) -> Server {
    user(strict_ministack(), &policy(site, purpose))
}

/// What `iam-policy` prints. The server has an action of its own for the creation of tagged distributions; at AWS it is
/// those of `CreateDistribution` and `TagResource`.
fn policy(site: &World, purpose: &str) -> Value {
    let mut policy = site.json(&["iam-policy", "--for", purpose]);
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let actions = statement["Action"].as_array_mut().unwrap();
        if actions.contains(&json!("cloudfront:CreateDistribution")) {
            actions.push(json!("cloudfront:CreateDistributionWithTags"));
        }
        // And what has no id in its path it authorizes against every resource: creations, and tags.
        if actions.iter().any(|it| it == "cloudfront:CreateDistribution" || it == "cloudfront:ListTagsForResource") {
            statement["Resource"] = json!("*");
        }
    }
    policy
}

#[test]
fn each_command_needs_no_more_than_its_policy() {
    let mut site = World::on(Server { ..*strict_ministack() }, "", "");
    let (provisioner, deployer, reader) =
        (world_of("provision", &site), world_of("deploy", &site), world_of("read", &site));
    site.server = provisioner;
    site.provision();
    assert_eq!(site.provision()["changes"], false);
    site.server = deployer;
    site.json(&["deploy"]);
    site.project.write("dist/index.html", "<script type=module src=/assets/app.1a2b3c4d.js></script>two");
    site.json(&["deploy"]);
    site.json(&["rollback"]);
    site.json(&["prune", "--yes"]);
    let refused = site.refused(&["provision", "--destroy", "--with-content", "--yes"], 5, "access-denied");
    assert!(refused["help"].as_str().unwrap().contains("\"Effect\""), "{refused}");
    site.server = reader;
    for command in ["plan", "status", "releases"] {
        site.json(&[command]);
    }
    site.project.write("dist/index.html", "three");
    let refused = site.refused(&["deploy"], 5, "access-denied");
    assert!(refused["message"].as_str().unwrap().contains("s3:PutObject"), "{refused}");
}
