//! A version is tried out before viewers meet it.

use std::time::Duration;

use crate::{
    error::Result,
    remote::{
        aws::{LambdaFunction, provider::AwsProvider},
        trial::require_health,
    },
};

/// Pauses between tries: what the role was permitted a moment ago is not known everywhere at once.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

impl AwsProvider {
    /// Fails unless the version can serve. What it cannot reach, such as a secret that is not where the settings say
    /// or a database in another network, would be every viewer's error.
    pub(super) async fn try_out(&self, name: &str, version: &str, before: &str) -> Result<()> {
        // It is only asked: where its code lies does not matter.
        let function = LambdaFunction::new(&self.lambda_sdk, name, "");
        require_health(&function, version, before, &PAUSES).await.map_err(|failure| {
            failure.help(
                "viewers meet what they met before; correct `api.lambda` in cdn-config.yml (are the secrets where it says, \
                 does the network lead to the database?): the function's log group has what it wrote",
            )
        })
    }
}
