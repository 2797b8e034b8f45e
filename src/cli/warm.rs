//! After a deploy: the API's reads are asked for where viewers ask, which also fills its caches.

use std::time::Duration;

use super::{Context, Environment};
use crate::{
    config::{Api, Config, Target},
    error::{Class, Error, Result},
    verify::{Address, get},
};

/// A function that has just come to be live starts more of its instances with the first requests.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Asks for each read that the CDN passes on to the API.
pub async fn warm(context: &Context, config: &Config, environment: &Environment) -> Result<()> {
    let (Some(api), Target::Aws(aws), true) = (&config.api, &config.target, environment.has_cdn) else { return Ok(()) };
    let reads: Vec<_> = api.smoke.iter().filter(|path| is_behind_the_cdn(api, path)).collect();
    if api.lambda.is_none() || reads.is_empty() {
        return Ok(());
    }
    let domain = environment.delivery().await?.domain.as_deref();
    let Some(address) = Address::of(aws, environment.endpoint.as_deref(), domain)? else { return Ok(()) };
    context.say(format_args!("warming {} of the API", if reads.len() == 1 { "one read" } else { "the reads" }));
    for path in reads {
        ask(&address, path).await.map_err(|why| unreachable(&address, path, &why))?;
    }
    Ok(())
}

/// Whether a request for `path` gets to the API.
fn is_behind_the_cdn(api: &Api, path: &str) -> bool {
    path.starts_with(api.path.trim_end_matches('*'))
}

async fn ask(address: &Address, path: &str) -> Result<(), String> {
    let mut tries = 1;
    loop {
        let answer = get(address, path).await;
        match answer {
            Ok((200..300, _)) => return Ok(()),
            _ if tries < TRIES => tokio::time::sleep(PAUSE).await,
            Ok((status, _)) => return Err(format!("the answer was {status}")),
            Err(why) => return Err(why),
        }
        tries += 1;
    }
}

fn unreachable(address: &Address, path: &str, why: &str) -> Error {
    let message = format!("the release is live, but viewers do not get its API's {path} at {address}: {why}");
    Error::new(Class::Verification, "api-unreachable", message).help(
        "the version itself answered it; `treebeard-cdn plan --only infra` shows whether the distribution leads there",
    )
}
