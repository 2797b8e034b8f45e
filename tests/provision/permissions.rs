//! The policies that `iam-policy` prints are enough, and each permission of them is needed or named when it lacks.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::{primitives::Blob, types::FunctionStage};
use aws_sdk_lambda::types::FunctionUrlAuthType;
use serde_json::{Value, json};
use treebeard_cdn::model::infrastructure::LIVE_ALIAS;

use super::{
    api::{LAMBDA, iam_client, lambda_client},
    world::{WHOLE, World},
};
use crate::{
    release_api::{program::Program, world::ROUTES},
    support::{
        servers::{Server, strict_ministack, user},
        victim::sample,
    },
};

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
            actions.push(json!(CREATE_WITH_TAGS));
        }
        if actions.iter().any(|it| it == "lambda:GetAlias" || it == "lambda:UpdateAlias") {
            actions.push(json!(ANY_ALIAS));
        }
        // And what has no id in its path it authorizes against every resource: creations, and tags.
        let without_id = ["cloudfront:CreateDistribution", "cloudfront:ListTagsForResource", "lambda:CreateFunction"];
        if actions.iter().any(|it| without_id.iter().any(|action| it == action)) {
            statement["Resource"] = json!("*");
        }
        // To the server a version is no resource of its own.
        if statement["Sid"] == "PruneApi" {
            let versions = statement["Resource"].as_str().unwrap();
            statement["Resource"] = json!(versions.strip_suffix(":*").unwrap());
        }
    }
    policy
}

/// What the server takes for every request about an alias but its creation.
const ANY_ALIAS: &str = "lambda:ListAliases";

const CREATE_WITH_TAGS: &str = "cloudfront:CreateDistributionWithTags";

#[test]
fn each_command_needs_no_more_than_its_policy() {
    let mut site = World::on(Server { ..*strict_ministack() }, "", "");
    let (provisioner, deployer, reader) =
        (world_of("provision", &site), world_of("deploy", &site), world_of("read", &site));
    site.server = Server { ..provisioner };
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
    site.server = provisioner;
    site.json(&["provision", "--destroy", "--with-content", "--yes"]);
    site.server = Server { ..*strict_ministack() };
    assert_eq!(site.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
}

#[test]
fn a_function_needs_no_more_than_the_policies() {
    let mut site = World::on(Server { ..*strict_ministack() }, "", LAMBDA);
    let (provisioner, reader) = (world_of("provision", &site), world_of("read", &site));
    site.server = Server { ..provisioner };
    site.provision();
    assert_eq!(site.provision()["changes"], false);
    site.json(&["provision", "--rotate-origin-secret", "--yes"]);
    site.server = reader;
    for command in [&["plan", "--only", "infra"][..], &["status"]] {
        assert_eq!(site.json(command)["notes"], json!([]));
    }
    let refused = site.refused(&["provision", "--rotate-origin-secret", "--yes"], 5, "access-denied");
    assert!(refused["message"].as_str().unwrap().contains("lambda:"), "{refused}");
    site.server = provisioner;
    site.json(&["provision", "--destroy", "--yes"]);
}

#[test]
fn an_api_is_published_and_pruned_with_no_more_than_the_policy_for_deploys() {
    let top = format!("releases: {{ keep: 1, grace: 0s }}\n{LAMBDA}");
    let mut site = World::on(Server { ..*strict_ministack() }, "", &top);
    let whole = policy(&site, "deploy");
    let [deployer, without_pruning] =
        [whole.clone(), without(&whole, "lambda:DeleteFunction")].map(|policy| user(strict_ministack(), &policy));
    site.provision();
    site.server = without_pruning;
    for name in ["one", "two"] {
        site.project.write("target/api", Program::new(name, ROUTES).script());
        assert_eq!(site.json(&["deploy"])["api"]["published"], true);
    }
    let refused = site.refused(&["prune", "--yes"], 5, "access-denied");
    let text = refused.to_string();
    assert!(text.contains("lambda:DeleteFunction") && text.contains(":*"), "{refused}");
    site.server = deployer;
    assert_eq!(site.json(&["prune", "--yes"])["versions"], json!(["1", "2"]));
    site.server = Server { ..*strict_ministack() };
    site.json(&["provision", "--destroy", "--with-content", "--yes"]);
}

#[test]
fn a_log_group_is_named_as_each_permission_wants_it() {
    let site = World::new("", LAMBDA);
    let mut seen = 0;
    for statement in policy(&site, "provision")["Statement"].as_array().unwrap() {
        let of_group = |action: &str| action.starts_with("logs:") && action != "logs:DescribeLogGroups";
        for action in statement["Action"].as_array().unwrap().iter().filter_map(Value::as_str).filter(|it| of_group(it))
        {
            // Permissions for tags name the group itself, those for everything else what is in it, too.
            let suffix = if action.contains("Tag") { "-api" } else { "-api:*" };
            assert!(statement["Resource"].to_string().contains(&format!("{suffix}\"")), "{action}: {statement}");
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

/// What names things that the policy for `provision` has statements for.
const NAMES_OTHERS: &str = "logging: { bucket: example-logs }\n\
     waf_acl: arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/473e64fd";

/// Permissions that a site can live without on this server, and why they are in the policy.
const EXCUSED: &[(&str, &str)] = &[
    ("iam:PassRole", "Lambda asks for it where a function is given a role; the server does not"),
    ("lambda:DeleteFunctionConcurrency", "to the server it is the permission to reserve concurrency"),
    ("lambda:DeleteFunctionUrlConfig", "to the server it is the permission to create one"),
    ("lambda:GetAlias", "to the server it is the permission to list aliases"),
    (
        "lambda:GetFunctionConfiguration",
        "a deploy cannot do without it; `status` then leaves out which version is live",
    ),
    ("lambda:InvokeFunction", "asked for where code was deployed: a new version of that is tried out"),
    ("lambda:ListTags", "Lambda leaves the tags out without it; the server does not"),
    ("lambda:UpdateAlias", "to the server it is the permission to list aliases"),
    ("lambda:UpdateFunctionUrlConfig", "to the server it is the permission to create one"),
    ("lambda:UpdateFunctionCode", "asked for where a deploy died and left code behind that is not live"),
    ("cloudfront:GetInvalidation", "`status` asks after what is under way, and here each invalidation is over at once"),
    ("s3:PutBucketAcl", "CloudFront asks for it where logs are switched on; the server does not"),
    ("s3:PutEncryptionConfiguration", "S3 encrypts every bucket since 2023, and so does the server; others may not"),
    ("wafv2:GetWebACL", "CloudFront asks for it where a web ACL is named; the server does not"),
];

/// `policy` without an action.
fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in &mut *statements {
        let actions = statement["Action"].as_array_mut().unwrap();
        actions.retain(|it| it != action && (it != CREATE_WITH_TAGS || action != "cloudfront:CreateDistribution"));
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

/// The first refusal in the life of a site: it is made, changed, put right after others changed it, looked at, and
/// removed.
fn refusal(site: &mut World, provisioner: &Server) -> Option<Value> {
    fn refused(site: &mut World, provisioner: &Server, args: &[&str]) -> Option<Value> {
        site.server = Server { ..*provisioner };
        let run = site.run(&[args, &["--json"]].concat());
        site.server = Server { ..*strict_ministack() };
        (run.code != 0).then(|| run.json()["error"].clone())
    }
    if let Some(error) = refused(site, provisioner, &["provision", "--yes"]) {
        return Some(error);
    }
    // Pages alone: there is no program to ship.
    site.configure("", NAMES_OTHERS);
    site.json(&["deploy"]);
    change(site);
    let more = "price_class: PriceClass_100\ntags: { team: web }\nresponse_headers: { X-Own: 'yes' }";
    site.runtime.block_on(change_api(site));
    site.configure("", &format!("{NAMES_OTHERS}\n{LAMBDA}\n{more}"));
    let rest: [&[&str]; 3] =
        [&["provision", "--yes"], &["status"], &["provision", "--destroy", "--with-content", "--yes"]];
    rest.iter().find_map(|args| refused(site, provisioner, args))
}

/// Changes by hand what no setting changes.
fn change(site: &World) {
    let (client, s3) = (site.cloudfront(), site.server.s3());
    let part = site.bucket.replace('.', "-");
    site.runtime.block_on(async {
        let functions = client.list_functions().stage(FunctionStage::Live).send().await.unwrap().function_list.unwrap();
        let mut functions = functions.items.unwrap().into_iter();
        let function = functions.find(|it| it.name.contains(&part)).unwrap();
        let etag = client
            .describe_function()
            .name(&function.name)
            .stage(FunctionStage::Development)
            .send()
            .await
            .unwrap()
            .e_tag
            .unwrap();
        let code = Blob::new("function handler(event) { return event.request; }");
        let update = client.update_function().name(&function.name).if_match(etag).function_code(code);
        update.function_config(function.function_config.unwrap()).send().await.unwrap();

        let caches = client.list_cache_policies().send().await.unwrap().cache_policy_list.unwrap().items.unwrap();
        let mut caches = caches.into_iter().filter_map(|it| it.cache_policy);
        let is_ours = |it: &aws_sdk_cloudfront::types::CachePolicy| {
            it.cache_policy_config.as_ref().is_some_and(|config| config.name.contains(&part))
        };
        let id = caches.find(is_ours).unwrap().id;
        let found = client.get_cache_policy().id(&id).send().await.unwrap();
        let mut config = found.cache_policy.unwrap().cache_policy_config.unwrap();
        config.min_ttl = 60;
        let update = client.update_cache_policy().id(id).if_match(found.e_tag.unwrap());
        update.cache_policy_config(config).send().await.unwrap();

        let controls = client.list_origin_access_controls().send().await.unwrap().origin_access_control_list.unwrap();
        let id = controls.items.unwrap().into_iter().find(|it| it.name.contains(&part)).unwrap().id;
        let found = client.get_origin_access_control().id(&id).send().await.unwrap();
        let mut config = found.origin_access_control.unwrap().origin_access_control_config.unwrap();
        config.signing_behavior = "never".into();
        let update = client.update_origin_access_control().id(id).if_match(found.e_tag.unwrap());
        update.origin_access_control_config(config).send().await.unwrap();

        // New buckets have these, here as at AWS.
        s3.delete_public_access_block().bucket(&site.bucket).send().await.unwrap();
        s3.delete_bucket_ownership_controls().bucket(&site.bucket).send().await.unwrap();
    });
}

/// The same for what runs the API.
async fn change_api(site: &World) {
    let name = treebeard_cdn::plan::infrastructure::Names::of(&site.bucket).lambda();
    let iam = iam_client(site);
    let document = |effect: &str, more: Value| {
        let mut statement = json!({ "Effect": effect, "Action": "sts:AssumeRole" });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    let trust = document("Allow", json!({ "Principal": { "Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"] } }));
    iam.update_assume_role_policy().role_name(&name).policy_document(trust).send().await.unwrap();
    let policy = document("Deny", json!({ "Resource": "*" }));
    iam.put_role_policy().role_name(&name).policy_name("other").policy_document(policy).send().await.unwrap();
    let attached = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    iam.attach_role_policy().role_name(&name).policy_arn(attached).send().await.unwrap();
    let lambda = lambda_client(site);
    let url = lambda.update_function_url_config().function_name(&name).qualifier(LIVE_ALIAS);
    url.auth_type(FunctionUrlAuthType::AwsIam).send().await.unwrap();
    let all = lambda.add_permission().function_name(&name).qualifier(LIVE_ALIAS).statement_id("everybody");
    all.action("lambda:InvokeFunction").principal("*").send().await.unwrap();
}

#[test]
fn each_permission_is_needed_and_named_when_it_lacks() {
    let top = &format!("{NAMES_OTHERS}\n{LAMBDA}\n    reserved_concurrency: 5");
    let site = World::on(Server { ..*strict_ministack() }, "", top);
    let whole = policy(&site, "provision");
    let actions: BTreeSet<_> = whole["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap().to_owned())
        .filter(|action| action != CREATE_WITH_TAGS && action != ANY_ALIAS)
        .collect();
    for (action, _) in EXCUSED {
        assert!(actions.contains(*action), "{action} is excused, and nobody is given it");
    }
    let of = actions.len();
    let actions = sample(actions.into_iter().collect(), 6);
    println!("without {} permissions of {of}", actions.len());
    let mut wrong = Vec::new();
    for action in actions {
        let mut site = World::on(Server { ..*strict_ministack() }, "", top);
        let less = without(&policy(&site, "provision"), &action);
        let provisioner = user(strict_ministack(), &less);
        let refused = refusal(&mut site, &provisioner);
        let excuse = EXCUSED.iter().find(|(excused, _)| *excused == action);
        match (&refused, excuse) {
            (None, Some(_)) => {}
            (Some(error), None)
                if error["rule"] == "access-denied" && error["message"].as_str().unwrap().contains(&action) => {}
            _ => wrong.push(format!("{action}, excused: {excuse:?}: {refused:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
