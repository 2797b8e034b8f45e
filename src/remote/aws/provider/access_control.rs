//! Origin access control: CloudFront signs what it asks of the bucket.

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{
    OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    OriginAccessControlSigningProtocols,
};

use super::{AwsProvider, build::built, document::Document, failure::Failure};
use crate::{
    error::Result,
    model::infrastructure::{AccessControl as Control, Kind, Settings},
};

/// An origin access control.
pub struct AccessControl<'a> {
    pub provider: &'a AwsProvider,
    pub name: &'a str,
    pub id: &'a str,
}

const KIND: Kind = Kind::OriginAccessControl;

impl AwsProvider {
    /// The id of the origin access control of that name.
    pub(super) async fn access_control_id(&self, name: &str) -> Result<Option<String>> {
        let request = self.kept("look for", "cloudfront:ListOriginAccessControls", KIND, name, None);
        let mut pages = self.cloudfront.list_origin_access_controls().into_paginator().items().send();
        while let Some(listed) = pages.next().await {
            let listed = listed.map_err(|failure| request.failed(&failure))?;
            if listed.name == name {
                return Ok(Some(listed.id));
            }
        }
        Ok(None)
    }

    pub(super) async fn make_access_control(&self, name: &str, wanted: &Control) -> Result<String, Failure> {
        let request = self.kept("create", "cloudfront:CreateOriginAccessControl", KIND, name, None);
        let config = OriginAccessControlConfig::builder()
            .name(name)
            .signing_protocol(OriginAccessControlSigningProtocols::from(wanted.protocol.as_str()))
            .signing_behavior(OriginAccessControlSigningBehaviors::from(wanted.signing.as_str()))
            .origin_access_control_origin_type(OriginAccessControlOriginTypes::from(wanted.origin_type.as_str()));
        let asked = self.once.create_origin_access_control().origin_access_control_config(built(config.build())?);
        let made = asked.send().await.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(request.answered(made.origin_access_control)?.id)
    }
}

/// The settings of an origin access control.
pub fn settings(config: &OriginAccessControlConfig) -> Settings {
    Settings::OriginAccessControl(Control {
        origin_type: config.origin_access_control_origin_type.as_str().to_owned(),
        signing: config.signing_behavior.as_str().to_owned(),
        protocol: config.signing_protocol.as_str().to_owned(),
    })
}

/// Lays what is wanted over what there is.
pub fn lay(wanted: &Control, config: &mut OriginAccessControlConfig) {
    config.signing_protocol = OriginAccessControlSigningProtocols::from(wanted.protocol.as_str());
    config.signing_behavior = OriginAccessControlSigningBehaviors::from(wanted.signing.as_str());
    config.origin_access_control_origin_type = OriginAccessControlOriginTypes::from(wanted.origin_type.as_str());
}

#[async_trait]
impl Document for AccessControl<'_> {
    type Config = OriginAccessControlConfig;

    fn label(&self) -> String {
        format!("{KIND} {}", self.name)
    }

    async fn read(&self) -> Result<(Self::Config, String), Failure> {
        let request = self.provider.kept("read", "cloudfront:GetOriginAccessControl", KIND, self.name, Some(self.id));
        let asked = self.provider.cloudfront.get_origin_access_control().id(self.id);
        let found = asked.send().await.map_err(|failure| Failure::of(&request, &failure))?;
        let config = found.origin_access_control.and_then(|it| it.origin_access_control_config);
        Ok((request.answered(config)?, request.answered(found.e_tag)?))
    }

    async fn write(&self, config: Self::Config, etag: &str) -> Result<(), Failure> {
        let request =
            self.provider.kept("change", "cloudfront:UpdateOriginAccessControl", KIND, self.name, Some(self.id));
        let asked = self.provider.cloudfront.update_origin_access_control().id(self.id).if_match(etag);
        let changed = asked.origin_access_control_config(config).send().await;
        changed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }

    async fn remove(&self, etag: &str) -> Result<(), Failure> {
        let request =
            self.provider.kept("delete", "cloudfront:DeleteOriginAccessControl", KIND, self.name, Some(self.id));
        let asked = self.provider.cloudfront.delete_origin_access_control().id(self.id).if_match(etag);
        asked.send().await.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }
}
