//! The role that the API's function acts as: who may take it on, and one inline policy.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    AwsProvider,
    build::built,
    creation::PAUSES,
    failure::{Failure, changed, if_any},
    statement::{listed, worded},
};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Digest,
        infrastructure::{ACCOUNT, Found, Kind, Role, Settings},
    },
    remote::aws::fault::{Request, Target},
};

impl AwsProvider {
    fn iam<'a>(&'a self, verb: &'static str, action: &'static str, name: &'a str) -> Request<'a> {
        self.request(verb, action, Target::Role(name))
    }

    pub(super) async fn find_role(&self, name: &str, wanted: &Role) -> Result<Option<Found>> {
        let request = self.iam("read", "iam:GetRole", name);
        let found = self.iam.client.get_role().role_name(name).send().await;
        let found = if_any(found.map_err(|failure| Failure::of(&request, &failure)))?;
        let Some(role) = found.and_then(|it| it.role) else { return Ok(None) };
        let account = account(&role.arn)?;
        let trust = statements(name, role.assume_role_policy_document.as_deref(), account)?;
        let trust = worded(&wanted.trust, trust);
        let request = self.iam("read", "iam:GetRolePolicy", name);
        let policy = self.iam.client.get_role_policy().role_name(name).policy_name(Role::POLICY).send().await;
        let policy = if_any(policy.map_err(|failure| Failure::of(&request, &failure)))?.map(|it| it.policy_document);
        let settings = Role {
            trust,
            statements: worded(&wanted.statements, statements(name, policy.as_deref(), account)?),
            other_policies: self.other_policies(name).await?,
            tags: role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
        };
        Ok(Some(Found {
            id: name.to_owned(),
            version: Some(version(&settings)),
            arn: Some(role.arn),
            domain: None,
            settings: Settings::Role(settings),
            oddities: Vec::new(),
        }))
    }

    /// Inline policies beside ours by their names, attached ones by their ARNs.
    async fn other_policies(&self, name: &str) -> Result<BTreeSet<String>> {
        let client = &self.iam.client;
        let mut others = BTreeSet::new();
        let request = self.iam("read", "iam:ListRolePolicies", name);
        let mut pages = client.list_role_policies().role_name(name).into_paginator().items().send();
        while let Some(policy) = pages.next().await {
            others.insert(policy.map_err(|failure| request.failed(&failure))?);
        }
        others.remove(Role::POLICY);
        let request = self.iam("read", "iam:ListAttachedRolePolicies", name);
        let mut pages = client.list_attached_role_policies().role_name(name).into_paginator().items().send();
        while let Some(policy) = pages.next().await {
            others.extend(policy.map_err(|failure| request.failed(&failure))?.policy_arn);
        }
        Ok(others)
    }

    pub(super) async fn make_role(&self, name: &str, wanted: &Role) -> Result<String, Failure> {
        let request = self.iam("create", "iam:CreateRole", name);
        let asked = self.iam.once.create_role().role_name(name).set_tags(Some(sdk_tags(&wanted.tags)?));
        let made = asked.assume_role_policy_document(document(&wanted.trust, None)).send().await;
        made.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(name.to_owned())
    }

    /// Gives a role that was made the settings that are wanted, once IAM shows it.
    pub(super) async fn furnish_role(&self, name: &str, wanted: &Role) -> Result<()> {
        for pause in PAUSES {
            if let Some(found) = self.find_role(name, wanted).await? {
                return self.change_role(&found, wanted).await;
            }
            tokio::time::sleep(pause).await;
        }
        Err(changed(&format!("{} {name}", Kind::Role)))
    }

    pub(super) async fn change_role(&self, found: &Found, wanted: &Role) -> Result<()> {
        let name = &found.id;
        let now = self.find_role(name, wanted).await?.filter(|now| now.version == found.version);
        let Some(Found { arn: Some(arn), settings: Settings::Role(there), .. }) = now else {
            return Err(changed(&format!("{} {name}", Kind::Role)));
        };
        let account = account(&arn)?;
        if there.trust != wanted.trust {
            let request = self.iam("change", "iam:UpdateAssumeRolePolicy", name);
            let asked = self.iam.client.update_assume_role_policy().role_name(name);
            let sent = asked.policy_document(document(&wanted.trust, Some(account))).send().await;
            sent.map_err(|failure| request.failed(&failure))?;
        }
        if there.statements != wanted.statements {
            let request = self.iam("change", "iam:PutRolePolicy", name);
            let asked = self.iam.client.put_role_policy().role_name(name).policy_name(Role::POLICY);
            let sent = asked.policy_document(document(&wanted.statements, Some(account))).send().await;
            sent.map_err(|failure| request.failed(&failure))?;
        }
        self.take_away(name, &there.other_policies).await?;
        let mut missing = wanted.tags.clone();
        missing.retain(|key, value| there.tags.get(key) != Some(value));
        if missing.is_empty() {
            return Ok(());
        }
        let request = self.iam("tag", "iam:TagRole", name);
        let sent = self.iam.client.tag_role().role_name(name).set_tags(Some(sdk_tags(&missing)?)).send().await;
        sent.map(drop).map_err(|failure| request.failed(&failure))
    }

    async fn take_away(&self, name: &str, policies: &BTreeSet<String>) -> Result<()> {
        for policy in policies {
            let taken = if policy.starts_with("arn:") {
                let request = self.iam("change", "iam:DetachRolePolicy", name);
                let sent = self.iam.client.detach_role_policy().role_name(name).policy_arn(policy).send().await;
                sent.map(drop).map_err(|failure| Failure::of(&request, &failure))
            } else {
                let request = self.iam("change", "iam:DeleteRolePolicy", name);
                let sent = self.iam.client.delete_role_policy().role_name(name).policy_name(policy).send().await;
                sent.map(drop).map_err(|failure| Failure::of(&request, &failure))
            };
            if_any(taken)?;
        }
        Ok(())
    }

    /// Removes the role with its policies, without which IAM keeps it.
    pub(super) async fn remove_role(&self, name: &str) -> Result<()> {
        let Some(found) = self.find_role(name, &Role::default()).await? else { return Ok(()) };
        let Settings::Role(role) = found.settings else { return Ok(()) };
        let ours = (!role.statements.is_empty()).then(|| Role::POLICY.to_owned());
        self.take_away(name, &role.other_policies.into_iter().chain(ours).collect()).await?;
        let request = self.iam("delete", "iam:DeleteRole", name);
        let removed = self.iam.client.delete_role().role_name(name).send().await;
        if_any(removed.map(drop).map_err(|failure| Failure::of(&request, &failure))).map(drop)
    }
}

/// The account's number in the ARN of what it has.
fn account(arn: &str) -> Result<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty()).ok_or_else(|| {
        Error::new(Class::Remote, "aws", format!("{arn} names no account"))
            .help("this server does not speak AWS's protocols as they are documented; use another one")
    })
}

/// Statements of a policy by their `Sid`, or their number, with [`ACCOUNT`] for the account's. IAM gives policies
/// percent-encoded (IAM API Reference, `GetRolePolicy`).
fn statements(role: &str, document: Option<&str>, account: &str) -> Result<BTreeMap<String, Value>> {
    let Some(document) = document else { return Ok(BTreeMap::new()) };
    let text =
        percent_decode_str(document).decode_utf8_lossy().replace(&format!(":{account}:"), &format!(":{ACCOUNT}:"));
    let document: Value = serde_json::from_str(&text).map_err(|cause| {
        Error::new(Class::Remote, "aws", format!("a policy of role {role} is no JSON: {cause}"))
            .help("look at it with `aws iam get-role` and `aws iam get-role-policy`")
    })?;
    let sid = |(number, statement): (usize, Value)| {
        let sid = statement["Sid"].as_str().map_or_else(|| number.to_string(), str::to_owned);
        (sid, statement)
    };
    Ok(listed(&document).into_iter().enumerate().map(sid).collect())
}

fn document(statements: &BTreeMap<String, Value>, account: Option<&str>) -> String {
    let statements: Vec<_> = statements.values().collect();
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    account.map_or(text.clone(), |account| text.replace(ACCOUNT, account))
}

/// IAM has no entity tag for a role.
fn version(settings: &Role) -> String {
    let document = serde_json::to_vec(settings).expect("settings are plain data");
    Digest::of(&document).to_string()
}

fn sdk_tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect()
}
