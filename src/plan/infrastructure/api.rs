//! What runs the API: a role, a log group, a Lambda function, and the URL that leads to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Facts, Names, bucket::tags, secret::Exchange};
use crate::{
    config::{Aws, Config, Lambda as Configured},
    model::{
        infrastructure::{ACCOUNT, FunctionUrl, Lambda, LogGroup, Resource, Role, Settings, partition},
        secret_reference::SecretReference,
    },
};

/// Everything that runs the API, in the order in which it is made.
pub fn resources(config: &Config, aws: &Aws, configured: &Configured, facts: &Facts, names: &Names) -> Vec<Resource> {
    let tags = tags(config, aws, None);
    let of = |name: String, settings| Resource { name, id: None, settings };
    let log_group = LogGroup { retention_days: Some(configured.log_retention), tags: tags.clone() };
    vec![
        of(names.lambda(), Settings::Role(role(aws, configured, names, tags.clone()))),
        of(names.log_group(), Settings::LogGroup(log_group)),
        of(names.lambda(), Settings::Lambda(Box::new(function(config, aws, configured, facts, names)))),
        of(names.lambda(), Settings::FunctionUrl(url())),
    ]
}

/// The function once it need not know the distribution by any but one secret; none where that is so from the start.
pub fn settled(config: &Config, aws: &Aws, configured: &Configured, facts: &Facts, names: &Names) -> Option<Resource> {
    let Exchange { before, after, .. } = Exchange::of(config, facts);
    let accepts = (before != after).then_some(after)?;
    let settings = Lambda { accepts, ..function(config, aws, configured, facts, names) };
    Some(Resource { name: names.lambda(), id: None, settings: Settings::Lambda(Box::new(settings)) })
}

/// The same by name alone, of an API that ships no more.
pub fn nothing(names: &Names) -> Vec<Resource> {
    let of = |name: String, settings| Resource { name, id: None, settings };
    vec![
        of(names.lambda(), Settings::Role(Role::default())),
        of(names.log_group(), Settings::LogGroup(LogGroup::default())),
        of(names.lambda(), Settings::Lambda(Box::default())),
        of(names.lambda(), Settings::FunctionUrl(FunctionUrl::default())),
    ]
}

fn function(config: &Config, aws: &Aws, configured: &Configured, facts: &Facts, names: &Names) -> Lambda {
    let vpc = |ids: fn(&crate::config::api::Vpc) -> &Vec<String>| {
        configured.vpc.iter().flat_map(ids).cloned().collect::<BTreeSet<_>>()
    };
    let secrets = configured.secrets.iter().map(|(name, reference)| (name.clone(), reference.to_string()));
    Lambda {
        published: true,
        runtime: "provided.al2023".to_owned(),
        // Changing it alone would start the code of one kind of processor on another.
        architecture: facts.lambda.is_none().then(|| configured.architecture.to_string()),
        memory: configured.memory,
        timeout: configured.timeout,
        reserved_concurrency: configured.reserved_concurrency,
        role: names.lambda(),
        subnets: vpc(|it| &it.subnets),
        security_groups: vpc(|it| &it.security_groups),
        environment: configured.environment.clone().into_iter().chain(secrets).collect(),
        accepts: Exchange::of(config, facts).before,
        log_group: names.log_group(),
        log_format: "JSON".to_owned(),
        tags: tags(config, aws, None),
        deployed: false,
        plain: configured.environment.keys().cloned().collect(),
    }
}

/// Lambda lets everybody in, and the function asks for the secret: were requests to be signed, browsers would have to
/// hash the bodies that they send. Both permissions are needed since October 2025
/// (AWS Lambda Developer Guide, "Control access to Lambda function URLs").
fn url() -> FunctionUrl {
    let statement = |sid: &str, action: &str, operator: &str, key: &str, value: &str| {
        let statement = json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": "*",
            "Action": action,
            "Condition": { operator: { key: value } },
        });
        (sid.to_owned(), statement)
    };
    let statements = [
        statement("Url", "lambda:InvokeFunctionUrl", "StringEquals", "lambda:FunctionUrlAuthType", "NONE"),
        statement("Invoke", "lambda:InvokeFunction", "Bool", "lambda:InvokedViaFunctionUrl", "true"),
    ];
    FunctionUrl {
        auth: "NONE".to_owned(),
        invoke_mode: "BUFFERED".to_owned(),
        cors: false,
        statements: statements.into(),
    }
}

fn role(aws: &Aws, configured: &Configured, names: &Names, tags: BTreeMap<String, String>) -> Role {
    let trust = json!({
        "Effect": "Allow",
        "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": "sts:AssumeRole",
    });
    let mut statements = may_log(aws, names);
    statements.extend(may_read(aws, configured.secrets.values()));
    if configured.vpc.is_some() {
        statements.extend(may_join_networks(aws, names));
    }
    let keyed = |(sid, mut statement): (&str, Value)| {
        statement["Sid"] = sid.into();
        (sid.to_owned(), statement)
    };
    Role {
        trust: [("Lambda", trust)].map(keyed).into(),
        statements: statements.into_iter().map(keyed).collect(),
        other_policies: BTreeSet::new(),
        tags,
    }
}

/// The ARN of what is in the account and region of the function.
fn arn(aws: &Aws, service: &str, resource: &str) -> String {
    format!("arn:{}:{service}:{}:{ACCOUNT}:{resource}", partition(&aws.region), aws.region)
}

fn allow(actions: &[&str], resources: &[String]) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

fn may_log(aws: &Aws, names: &Names) -> Vec<(&'static str, Value)> {
    let streams = arn(aws, "logs", &format!("log-group:{}:*", names.log_group()));
    vec![("Log", allow(&["logs:CreateLogStream", "logs:PutLogEvents"], &[streams]))]
}

/// The secrets that are named, and the keys that they may be encrypted with, as far as the services use them.
fn may_read<'a>(
    aws: &Aws,
    secrets: impl Iterator<Item = &'a SecretReference> + Clone,
) -> impl Iterator<Item = (&'static str, Value)> {
    let parameters: BTreeSet<_> = secrets
        .clone()
        .filter_map(|it| match it {
            SecretReference::Parameter(name) => {
                Some(arn(aws, "ssm", &format!("parameter/{}", name.trim_start_matches('/'))))
            }
            SecretReference::Secret(_) => None,
        })
        .collect();
    // ARNs of secrets end with a hyphen and six characters that nobody chooses.
    let kept: BTreeSet<_> = secrets
        .filter_map(|it| match it {
            SecretReference::Secret(name) => Some(arn(aws, "secretsmanager", &format!("secret:{name}-??????"))),
            SecretReference::Parameter(_) => None,
        })
        .collect();
    let mut keys = allow(&["kms:Decrypt"], &[arn(aws, "kms", "key/*")]);
    let via = [("ssm", &parameters), ("secretsmanager", &kept)].into_iter().filter(|(_, used)| !used.is_empty());
    let via: Vec<_> = via.map(|(service, _)| format!("{service}.{}.amazonaws.com", aws.region)).collect();
    keys["Condition"] = json!({ "StringEquals": { "kms:ViaService": via } });
    let statement = |sid, action, resources: BTreeSet<String>| {
        let resources: Vec<_> = resources.into_iter().collect();
        (!resources.is_empty()).then(|| (sid, allow(&[action], &resources)))
    };
    let decrypts = !via.is_empty();
    [
        statement("Parameters", "ssm:GetParameters", parameters),
        statement("Secrets", "secretsmanager:GetSecretValue", kept),
        decrypts.then_some(("Decrypt", keys)),
    ]
    .into_iter()
    .flatten()
}

/// Lambda makes the network's interfaces as the role; the code, which has the same role, need not
/// (AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC").
fn may_join_networks(aws: &Aws, names: &Names) -> [(&'static str, Value); 2] {
    const INTERFACES: [&str; 6] = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ];
    let everywhere = ["*".to_owned()];
    let mut not_the_code = allow(&INTERFACES, &everywhere);
    not_the_code["Effect"] = "Deny".into();
    let function = arn(aws, "lambda", &format!("function:{}", names.lambda()));
    not_the_code["Condition"] = json!({ "ArnEquals": { "lambda:SourceFunctionArn": [function] } });
    [("Network", allow(&INTERFACES, &everywhere)), ("NotTheCode", not_the_code)]
}
