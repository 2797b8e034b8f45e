//! CloudFront functions: saved as DEVELOPMENT, run as LIVE once they are published.

use async_trait::async_trait;
use aws_sdk_cloudfront::{
    primitives::Blob,
    types::{FunctionConfig, FunctionRuntime, FunctionStage},
};

use super::{
    AwsProvider,
    build::built,
    document::{self, Document},
    failure::{Failure, Meaning, changed, if_any},
};
use crate::{
    error::Result,
    model::{
        digest::Digest,
        infrastructure::{Found, Function, Kind, Settings},
    },
};

const KIND: Kind = Kind::Function;

/// What is saved of a function as one stage of it.
struct Stage {
    etag: String,
    arn: String,
    saved: Saved,
}

/// A function's configuration and code.
#[derive(Clone, PartialEq)]
pub struct Saved {
    config: FunctionConfig,
    code: Vec<u8>,
}

/// The function that is being worked on.
struct Draft<'a> {
    provider: &'a AwsProvider,
    name: &'a str,
}

impl AwsProvider {
    async fn stage(&self, name: &str, stage: FunctionStage) -> Result<Stage, Failure> {
        let request = self.kept("read", "cloudfront:DescribeFunction", KIND, name, Some(name));
        let described = self.cloudfront.describe_function().name(name).stage(stage.clone()).send().await;
        let described = described.map_err(|failure| Failure::of(&request, &failure))?;
        let summary = request.answered(described.function_summary)?;
        let config = request.answered(summary.function_config)?;
        let request = self.kept("read", "cloudfront:GetFunction", KIND, name, Some(name));
        let found = self.cloudfront.get_function().name(name).stage(stage).send().await;
        let found = found.map_err(|failure| Failure::of(&request, &failure))?;
        let code = found.function_code.map(Blob::into_inner).unwrap_or_default();
        let arn = request.answered(summary.function_metadata)?.function_arn;
        Ok(Stage { etag: request.answered(found.e_tag)?, arn, saved: Saved { config, code } })
    }

    pub(super) async fn find_function(&self, name: &str) -> Result<Option<Found>> {
        let Some(draft) = if_any(self.stage(name, FunctionStage::Development).await)? else { return Ok(None) };
        let live = if_any(self.stage(name, FunctionStage::Live).await)?;
        let published = live.as_ref().is_some_and(|live| live.saved == draft.saved);
        let runs = live.map_or(draft.saved, |live| live.saved);
        let settings = Function {
            code: Digest::of(&runs.code),
            source: String::from_utf8_lossy(&runs.code).into_owned(),
            runtime: runs.config.runtime.as_str().to_owned(),
            published,
        };
        Ok(Some(Found {
            id: name.to_owned(),
            arn: Some(draft.arn),
            domain: None,
            version: Some(draft.etag),
            settings: Settings::Function(settings),
            oddities: Vec::new(),
        }))
    }

    pub(super) async fn make_function(&self, name: &str, wanted: &Function) -> Result<String, Failure> {
        let request = self.kept("create", "cloudfront:CreateFunction", KIND, name, None);
        let config = FunctionConfig::builder().comment("").runtime(wanted.runtime.as_str().into());
        let asked = self.once.create_function().name(name).function_config(built(config.build())?);
        let made = asked.function_code(Blob::new(wanted.source.as_bytes())).send().await;
        made.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(name.to_owned())
    }

    pub(super) async fn change_function(&self, name: &str, wanted: &Function, version: Option<&str>) -> Result<()> {
        let lay = |saved: &mut Saved| {
            saved.config.runtime = FunctionRuntime::from(wanted.runtime.as_str());
            saved.code = wanted.source.clone().into_bytes();
            Ok(())
        };
        document::change(&Draft { provider: self, name }, version, lay).await?;
        self.publish_function(name, wanted).await
    }

    /// Lets what is saved run, provided that it is what is wanted.
    pub(super) async fn publish_function(&self, name: &str, wanted: &Function) -> Result<()> {
        let Some(draft) = self.unpublished(name).await? else { return Ok(()) };
        if Digest::of(&draft.saved.code) != wanted.code {
            return Err(changed(&format!("{KIND} {name}")));
        }
        let request = self.kept("publish", "cloudfront:PublishFunction", KIND, name, Some(name));
        let published = self.cloudfront.publish_function().name(name).if_match(draft.etag).send().await;
        match published.map_err(|failure| Failure::of(&request, &failure)) {
            // A first attempt may have gone well, and its answer been lost.
            Err(Failure { meaning: Meaning::Stale, .. }) => match self.unpublished(name).await? {
                Some(_) => Err(changed(&format!("{KIND} {name}"))),
                None => Ok(()),
            },
            other => Ok(other.map(drop)?),
        }
    }

    /// What is saved, unless it is what runs.
    async fn unpublished(&self, name: &str) -> Result<Option<Stage>> {
        let draft = self.stage(name, FunctionStage::Development).await?;
        let live = if_any(self.stage(name, FunctionStage::Live).await)?;
        Ok(live.is_none_or(|live| live.saved != draft.saved).then_some(draft))
    }

    /// As [`publish_function`](Self::publish_function), unless somebody else made the function, with other code.
    pub(super) async fn publish_if_ours(&self, name: &str, wanted: &Function) -> Result<()> {
        let draft = self.stage(name, FunctionStage::Development).await?;
        if Digest::of(&draft.saved.code) == wanted.code { self.publish_function(name, wanted).await } else { Ok(()) }
    }

    pub(super) async fn remove_function(&self, name: &str) -> Result<()> {
        document::remove(&Draft { provider: self, name }).await
    }
}

#[async_trait]
impl Document for Draft<'_> {
    type Config = Saved;

    fn label(&self) -> String {
        format!("{KIND} {}", self.name)
    }

    async fn read(&self) -> Result<(Saved, String), Failure> {
        let draft = self.provider.stage(self.name, FunctionStage::Development).await?;
        Ok((draft.saved, draft.etag))
    }

    async fn write(&self, saved: Saved, etag: &str) -> Result<(), Failure> {
        let request = self.provider.kept("change", "cloudfront:UpdateFunction", KIND, self.name, Some(self.name));
        let asked = self.provider.cloudfront.update_function().name(self.name).if_match(etag);
        let changed = asked.function_config(saved.config).function_code(Blob::new(saved.code)).send().await;
        changed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }

    async fn remove(&self, etag: &str) -> Result<(), Failure> {
        let request = self.provider.kept("delete", "cloudfront:DeleteFunction", KIND, self.name, Some(self.name));
        let removed = self.provider.cloudfront.delete_function().name(self.name).if_match(etag).send().await;
        removed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }
}
