//! Where the logs of the API's function are kept.

use std::collections::{BTreeMap, HashMap};

use super::{
    AwsProvider,
    failure::{Failure, changed, if_any},
};
use crate::{
    error::Result,
    model::infrastructure::{Found, Kind, LogGroup, Settings},
    remote::aws::fault::{Request, Target},
};

impl AwsProvider {
    fn logs<'a>(&'a self, verb: &'static str, action: &'static str, name: &'a str) -> Request<'a> {
        self.request(verb, action, Target::LogGroup(name))
    }

    pub(super) async fn find_log_group(&self, name: &str) -> Result<Option<Found>> {
        let request = self.logs("look for", "logs:DescribeLogGroups", name);
        let client = &self.logs.client;
        let mut pages = client.describe_log_groups().log_group_name_prefix(name).into_paginator().items().send();
        while let Some(group) = pages.next().await {
            let group = group.map_err(|failure| request.failed(&failure))?;
            if group.log_group_name.as_deref() != Some(name) {
                continue;
            }
            // The older of the two ends with `:*`, which no tags are kept under.
            let arn = request.answered(group.log_group_arn.or(group.arn))?.trim_end_matches(":*").to_owned();
            let request = self.logs("read the tags of", "logs:ListTagsForResource", name);
            let tags = client.list_tags_for_resource().resource_arn(&arn).send().await;
            let tags = if_any(tags.map_err(|failure| Failure::of(&request, &failure)))?.and_then(|it| it.tags);
            let retention_days = group.retention_in_days.and_then(|days| days.try_into().ok());
            let settings = LogGroup { retention_days, tags: tags.unwrap_or_default().into_iter().collect() };
            return Ok(Some(Found {
                id: name.to_owned(),
                arn: Some(arn),
                domain: None,
                version: None,
                settings: Settings::LogGroup(settings),
                oddities: Vec::new(),
            }));
        }
        Ok(None)
    }

    pub(super) async fn make_log_group(&self, name: &str, wanted: &LogGroup) -> Result<String, Failure> {
        let request = self.logs("create", "logs:CreateLogGroup", name);
        let asked = self.logs.once.create_log_group().log_group_name(name).set_tags(Some(sdk_tags(&wanted.tags)));
        asked.send().await.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(name.to_owned())
    }

    pub(super) async fn change_log_group(&self, name: &str, wanted: &LogGroup) -> Result<()> {
        match self.find_log_group(name).await? {
            Some(there) => self.furnish_log_group(&there, wanted).await,
            None => Err(changed(&format!("{} {name}", Kind::LogGroup))),
        }
    }

    /// Gives the log group that is `there` the settings that are wanted.
    pub(super) async fn furnish_log_group(&self, there: &Found, wanted: &LogGroup) -> Result<()> {
        let Found { id: name, arn: Some(arn), settings: Settings::LogGroup(there), .. } = there else {
            return Ok(());
        };
        if let Some(days) = wanted.retention_days.filter(|_| there.retention_days != wanted.retention_days) {
            let request = self.logs("change", "logs:PutRetentionPolicy", name);
            let days = i32::try_from(days).unwrap_or(i32::MAX);
            let asked = self.logs.client.put_retention_policy().log_group_name(name).retention_in_days(days);
            asked.send().await.map_err(|failure| request.failed(&failure))?;
        }
        let mut missing = wanted.tags.clone();
        missing.retain(|key, value| there.tags.get(key) != Some(value));
        if missing.is_empty() {
            return Ok(());
        }
        let request = self.logs("tag", "logs:TagResource", name);
        let tagged = self.logs.client.tag_resource().resource_arn(arn).set_tags(Some(sdk_tags(&missing))).send().await;
        tagged.map(drop).map_err(|failure| request.failed(&failure))
    }

    pub(super) async fn remove_log_group(&self, name: &str) -> Result<()> {
        let request = self.logs("delete", "logs:DeleteLogGroup", name);
        let removed = self.logs.client.delete_log_group().log_group_name(name).send().await;
        if_any(removed.map(drop).map_err(|failure| Failure::of(&request, &failure))).map(drop)
    }
}

fn sdk_tags(tags: &BTreeMap<String, String>) -> HashMap<String, String> {
    tags.clone().into_iter().collect()
}
