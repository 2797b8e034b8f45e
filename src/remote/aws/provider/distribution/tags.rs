//! Tags of a distribution.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types::{Tag, Tags};

use super::super::{AwsProvider, build::built, failure::Failure};
use crate::{error::Result, model::infrastructure::Kind};

impl AwsProvider {
    pub(super) async fn tags(&self, id: &str, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
        let action = "cloudfront:ListTagsForResource";
        let request = self.kept("read the tags of", action, Kind::Distribution, id, Some(id));
        let found = self.cloudfront.list_tags_for_resource().resource(arn).send().await;
        let found = found.map_err(|failure| Failure::of(&request, &failure))?.tags.and_then(|it| it.items);
        let found = found.unwrap_or_default().into_iter();
        Ok(found.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect())
    }

    /// Sets tags beside those that are there.
    pub(super) async fn tag(&self, id: &str, arn: &str, wanted: &BTreeMap<String, String>) -> Result<()> {
        let there = self.tags(id, arn).await?;
        let mut missing = wanted.clone();
        missing.retain(|key, value| there.get(key) != Some(value));
        if missing.is_empty() {
            return Ok(());
        }
        let request = self.kept("tag", "cloudfront:TagResource", Kind::Distribution, id, Some(id));
        let set = self.cloudfront.tag_resource().resource(arn).tags(sdk_tags(&missing)?).send().await;
        set.map(drop).map_err(|failure| request.failed(&failure))
    }
}

/// Tags as the SDK has them.
pub fn sdk_tags(tags: &BTreeMap<String, String>) -> Result<Tags> {
    let tag = |(key, value)| built(Tag::builder().key(key).value(value).build());
    Ok(Tags::builder().set_items(Some(tags.iter().map(tag).collect::<Result<_>>()?)).build())
}
