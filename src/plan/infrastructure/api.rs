//! What runs the API: a role, a log group, a Lambda function, and the URL that leads to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Facts, Names, bucket::tags, secret::Exchange};
use crate::{
    config::{Aws, Config, Lambda as Configured},
    model::{
        digest::Digest,
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
        of(names.lambda(), Settings::Role(widened(role(aws, configured, names, tags), facts))),
        of(names.log_group(), Settings::LogGroup(log_group)),
        of(names.lambda(), Settings::Lambda(Box::new(function(config, aws, configured, facts, names)))),
        of(names.lambda(), Settings::FunctionUrl(url())),
    ]
}

/// The function and its role without what they need only until viewers meet the function as it should be: secrets but
/// the one that is sent from then on, permissions of the version before. None where they are so from the start.
pub fn narrowed(
    config: &Config,
    aws: &Aws,
    configured: &Configured,
    facts: &Facts,
    names: &Names,
) -> impl Iterator<Item = Resource> {
    let Exchange { before, after, .. } = Exchange::of(config, facts);
    let function = (before != after).then(|| {
        let settings = Lambda { accepts: after, ..function(config, aws, configured, facts, names) };
        Settings::Lambda(Box::new(settings))
    });
    let role = role(aws, configured, names, tags(config, aws, None));
    let role = (widened(role.clone(), facts) != role).then_some(Settings::Role(role));
    let of = |settings| Resource { name: names.lambda(), id: None, settings };
    function.into_iter().chain(role).map(of)
}

/// What an API that ships no more may have left behind. Whatever is there under these names is to go, so it is no
/// matter what it should be like.
pub fn by_name(names: &Names) -> Vec<Resource> {
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
        also_live: BTreeSet::new(),
        unpublished: false,
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

/// The role while viewers may still meet a version that needs what it may do now: the next one's permissions are
/// added to those.
fn widened(mut wanted: Role, facts: &Facts) -> Role {
    let Some(Settings::Role(found)) = facts.role.as_ref().filter(|_| facts.lambda.is_some()).map(|it| &it.settings)
    else {
        return wanted;
    };
    wanted.other_policies.clone_from(&found.other_policies);
    for (sid, statement) in &found.statements {
        if statement["Effect"] != "Allow" || wanted.statements.values().any(|it| it == statement) {
            continue;
        }
        let (mut sid, mut statement) = (sid.clone(), statement.clone());
        if wanted.statements.contains_key(&sid) {
            // No two statements of a policy may have the same one.
            sid.push_str(&Digest::of(statement.to_string().as_bytes()).short()[..8]);
            statement["Sid"] = sid.clone().into();
        }
        wanted.statements.insert(sid, statement);
    }
    wanted
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
