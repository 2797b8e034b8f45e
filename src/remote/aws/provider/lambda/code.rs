//! Which code viewers meet: a change of settings never changes that.

use aws_sdk_lambda::{primitives::Blob, types::FunctionConfiguration};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Described, KIND, placeholder};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Digest,
        infrastructure::{Known, LIVE_ALIAS, Lambda, SITE_TAG},
        path::StorageKey,
    },
    remote::aws::{
        lambda::unsplit,
        provider::{
            AwsProvider,
            failure::{Failure, Meaning, changed},
        },
    },
};

impl AwsProvider {
    /// What is being worked on, with the code that viewers meet: a deploy that died may have left other code there.
    pub(super) async fn with_code_of(
        &self,
        name: &str,
        met: &FunctionConfiguration,
        wanted: &Lambda,
        known: &Known,
    ) -> Result<Described, Failure> {
        let latest = self.at_rest(name, None, wanted, known).await?;
        if latest.config.code_sha256 == met.code_sha256 {
            return Ok(latest);
        }
        let request = self.function("change the code of", "lambda:UpdateFunctionCode", name);
        let digest = request.answered(met.code_sha256.as_deref())?;
        let asked = self.lambda.client.update_function_code().function_name(name);
        let asked = asked.set_architectures(met.architectures.clone()).set_revision_id(latest.config.revision_id);
        let asked = if placeholder::is_placeholder(digest) {
            asked.zip_file(Blob::new(placeholder::zip()?))
        } else {
            let bucket = wanted.tags.get(SITE_TAG).cloned().unwrap_or_default();
            asked.s3_bucket(bucket).s3_key(key(name, digest)?.as_str())
        };
        let sent = asked.send().await.map(drop).map_err(|failure| Failure::of(&request, &failure));
        let latest = self.ready(name, None, wanted, known).await?;
        // Whatever became of the answer: what counts is what is there.
        match sent {
            _ if latest.config.code_sha256 == met.code_sha256 => Ok(latest),
            Err(failure) if failure.meaning != Meaning::Stale => Err(failure),
            _ => Err(changed(&format!("{KIND} {name}")).into()),
        }
    }

    /// Publishes what is being worked on, provided that it is still that, and gives the version's number once it can
    /// run. Lambda makes none where nothing changed since the last one, so that this can be repeated.
    pub(super) async fn publish(
        &self,
        name: &str,
        latest: &FunctionConfiguration,
        wanted: &Lambda,
        known: &Known,
    ) -> Result<String, Failure> {
        let request = self.function("publish", "lambda:PublishVersion", name);
        let asked = self.lambda.client.publish_version().function_name(name);
        let asked = asked.set_code_sha256(latest.code_sha256.clone()).set_revision_id(latest.revision_id.clone());
        let version = match asked.send().await.map_err(|failure| Failure::of(&request, &failure)) {
            Err(Failure { meaning: Meaning::Stale, .. }) => return Err(changed(&format!("{KIND} {name}")).into()),
            other => request.answered(other?.version)?,
        };
        self.ready(name, Some(&version), wanted, known).await?;
        Ok(version)
    }

    /// Has viewers meet `version`, provided that they still meet what they did.
    pub(super) async fn go_live(&self, name: &str, version: &str, met: &Described) -> Result<(), Failure> {
        let Some(alias) = self.alias(name).await? else {
            let request = self.function("publish", "lambda:CreateAlias", name);
            let asked = self.lambda.client.create_alias().function_name(name).name(LIVE_ALIAS);
            let made = asked.function_version(version).send().await.map_err(|failure| Failure::of(&request, &failure));
            return match made {
                Err(Failure { meaning: Meaning::Taken, .. }) => Err(changed(&format!("{KIND} {name}")).into()),
                other => other.map(drop),
            };
        };
        let meets = alias.function_version.as_deref();
        if meets == Some(version) && alias.routing_config.is_none() {
            return Ok(());
        }
        if meets != Some(version) && meets != met.config.version.as_deref() {
            return Err(changed(&format!("{KIND} {name}")).into());
        }
        let request = self.function("publish", "lambda:UpdateAlias", name);
        let asked = self.lambda.client.update_alias().function_name(name).name(LIVE_ALIAS).function_version(version);
        let asked = asked.set_routing_config(alias.routing_config.map(|_| unsplit()));
        let moved = asked.set_revision_id(alias.revision_id).send().await;
        match moved.map_err(|failure| Failure::of(&request, &failure)) {
            Err(Failure { meaning: Meaning::Stale, .. }) => {
                let now = self.alias(name).await?.and_then(|it| it.function_version);
                // A first attempt may have gone well, and its answer been lost.
                if now.as_deref() == Some(version) { Ok(()) } else { Err(changed(&format!("{KIND} {name}")).into()) }
            }
            other => other.map(drop),
        }
    }
}

/// Where the code with this digest, as Lambda writes it, lies in the bucket.
fn key(name: &str, digest: &str) -> Result<StorageKey> {
    let bytes = BASE64_STANDARD.decode(digest).unwrap_or_default();
    let digest: Result<Digest, _> = hex::encode(bytes).parse();
    digest.map(|digest| StorageKey::package(&digest)).map_err(|_| {
        Error::new(Class::Remote, "aws", format!("the code of function {name} has no SHA-256 digest"))
            .help("this server does not speak AWS's protocols as they are documented; use another one")
    })
}
