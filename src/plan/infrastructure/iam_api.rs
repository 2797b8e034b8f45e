//! Which permissions the API's function takes.
//!
//! Actions, and the resources that they can be limited to: Service Authorization Reference, for AWS Lambda, AWS Identity
//! and Access Management, Amazon CloudWatch Logs and Amazon EC2.

use serde_json::{Value, json};

use super::{Names, iam::allow};
use crate::{
    config::{Aws, Lambda},
    model::infrastructure::partition,
};

/// To look at what runs the API.
pub fn read(aws: &Aws) -> [Value; 4] {
    [
        on_every_version(allow("ReadApi", READ_FUNCTION, ""), aws),
        allow("ReadApiRole", READ_ROLE, &role(aws)),
        // A list has no resource that a policy could name.
        allow("FindApiLogs", &["logs:DescribeLogGroups"], "*"),
        on_log_group(allow("ReadApiLogGroup", &["logs:ListTagsForResource"], ""), aws),
    ]
}

/// To publish versions of it, and to delete old ones: those alone, since the function itself is not among its versions.
pub fn publish(aws: &Aws) -> [Value; 3] {
    [
        on_every_version(allow("PublishApi", PUBLISH, ""), aws),
        allow("ListApiVersions", &["lambda:ListVersionsByFunction"], &function(aws)),
        allow("PruneApi", &["lambda:DeleteFunction"], &format!("{}:*", function(aws))),
    ]
}

/// To make, change and remove what runs it.
pub fn make(aws: &Aws, lambda: &Lambda) -> Vec<Value> {
    let mut pass = allow("HandOverApiRole", &["iam:PassRole"], &role(aws));
    pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } });
    let mut statements = vec![
        on_every_version(allow("MakeApi", MAKE_FUNCTION, ""), aws),
        allow("MakeApiRole", MAKE_ROLE, &role(aws)),
        pass,
        on_log_group(allow("MakeApiLogGroup", MAKE_LOG_GROUP, ""), aws),
    ];
    if lambda.vpc.is_some() {
        // Lambda looks these up as whoever configures the function.
        statements.push(allow("JoinNetwork", JOIN_NETWORK, "*"));
    }
    statements
}

/// A version or an alias is a resource of its own to whoever describes or invokes it.
fn on_every_version(mut statement: Value, aws: &Aws) -> Value {
    statement["Resource"] = json!([function(aws), format!("{}:*", function(aws))]);
    statement
}

fn function(aws: &Aws) -> String {
    let name = Names::of(&aws.bucket).lambda();
    format!("arn:{}:lambda:{}:*:function:{name}", partition(&aws.region), aws.region)
}

fn role(aws: &Aws) -> String {
    format!("arn:{}:iam::*:role/{}", partition(&aws.region), Names::of(&aws.bucket).lambda())
}

/// A log group is one resource with two ARNs: what is about tags takes the one without `:*`, all else the other
/// (CloudWatch Logs API Reference, `LogGroup`).
fn on_log_group(mut statement: Value, aws: &Aws) -> Value {
    let name = Names::of(&aws.bucket).log_group();
    let group = format!("arn:{}:logs:{}:*:log-group:{name}", partition(&aws.region), aws.region);
    statement["Resource"] = json!([group, format!("{group}:*")]);
    statement
}

const READ_FUNCTION: &[&str] = &[
    "lambda:GetAlias",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "lambda:GetFunctionUrlConfig",
    "lambda:GetPolicy",
    // Without it, `GetFunction` leaves the tags out.
    "lambda:ListTags",
];

const READ_ROLE: &[&str] =
    &["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"];

const PUBLISH: &[&str] =
    &["lambda:InvokeFunction", "lambda:PublishVersion", "lambda:UpdateAlias", "lambda:UpdateFunctionCode"];

const MAKE_FUNCTION: &[&str] = &[
    "lambda:AddPermission",
    "lambda:CreateAlias",
    "lambda:CreateFunction",
    "lambda:CreateFunctionUrlConfig",
    "lambda:DeleteFunction",
    "lambda:DeleteFunctionConcurrency",
    "lambda:DeleteFunctionUrlConfig",
    "lambda:InvokeFunction",
    "lambda:PublishVersion",
    "lambda:PutFunctionConcurrency",
    "lambda:RemovePermission",
    "lambda:TagResource",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "lambda:UpdateFunctionUrlConfig",
];

const MAKE_ROLE: &[&str] = &[
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
];

const MAKE_LOG_GROUP: &[&str] =
    &["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"];

const JOIN_NETWORK: &[&str] = &["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"];
