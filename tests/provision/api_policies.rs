//! The ARNs that printed policies name, where the server that stands for AWS would take others as well.

use serde_json::{Value, json};
use treebeard_cdn::plan::infrastructure::Names;

use super::{api::LAMBDA, world::World};
use crate::support::proxy::Fate;

/// What the policy for `purpose` lets be done by `action`.
fn resources(world: &World, purpose: &str, action: &str) -> Value {
    let policy = world.json(&["iam-policy", "--for", purpose]);
    let statements = policy["Statement"].as_array().unwrap().iter();
    let of = statements.filter(|it| it["Action"].as_array().unwrap().contains(&json!(action)));
    of.map(|it| it["Resource"].clone()).collect()
}

#[test]
fn what_is_made_is_named_as_aws_names_it() {
    let world = World::new("", LAMBDA);
    let name = Names::of(&world.bucket).lambda();
    let function = format!("arn:aws:lambda:us-east-1:*:function:{name}");
    let versions = json!([function, format!("{function}:*")]);
    for action in ["CreateFunction", "GetFunction", "ListTags", "InvokeFunction", "UpdateAlias"] {
        let action = format!("lambda:{action}");
        assert_eq!(resources(&world, "provision", &action), json!([versions]), "{action}");
    }
    // CloudWatch Logs API Reference, `LogGroup`: tags are of the ARN without `:*`, all else is of the other.
    let group = format!("arn:aws:logs:us-east-1:*:log-group:/aws/lambda/{name}");
    let both = json!([group, format!("{group}:*")]);
    for action in ["CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource", "ListTagsForResource"] {
        let action = format!("logs:{action}");
        assert_eq!(resources(&world, "provision", &action), json!([both]), "{action}");
    }
    assert_eq!(resources(&world, "read", "logs:ListTagsForResource"), json!([both]));
    assert_eq!(resources(&world, "read", "logs:DescribeLogGroups"), json!(["*"]));
    let role = format!("arn:aws:iam::*:role/{name}");
    assert_eq!(resources(&world, "provision", "iam:PassRole"), json!([role]));
}

#[test]
fn a_missing_permission_is_named_with_the_arn_that_it_takes() {
    const DENIED: &str = "HTTP/1.1 400 Bad Request\r\nx-amzn-ErrorType: AccessDeniedException\r\n\
                          Content-Length: 16\r\n\r\n{\"message\":\"no\"}";
    let world = World::new("", LAMBDA);
    let group = format!("log-group:/aws/lambda/{}", Names::of(&world.bucket).lambda());
    let denied = |operation: &'static str| {
        world.proxy.script(move |request| {
            let target = request.header("x-amz-target").unwrap_or_default();
            if target.ends_with(operation) { Fate::refuses(DENIED) } else { Fate::passes() }
        });
        let error = world.refused(&["provision", "--yes"], 5, "access-denied");
        error["message"].as_str().unwrap().to_owned()
    };
    assert!(denied(".CreateLogGroup").contains(&format!("{group}:* is denied")));
    assert!(denied(".ListTagsForResource").contains(&format!("{group} is denied")));
}
