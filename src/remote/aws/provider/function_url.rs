//! The URL that leads to the function's live version, and who may use it.

use std::collections::BTreeMap;

use aws_sdk_lambda::types::{Cors, FunctionUrlAuthType, InvokeMode};
use serde_json::Value;

use super::{
    AwsProvider,
    failure::{Failure, Meaning, changed, if_any, repeated},
    statement::{listed, worded},
};
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{Found, FunctionUrl, Kind, LIVE_ALIAS, Settings},
};

impl AwsProvider {
    pub(super) async fn find_function_url(&self, name: &str, wanted: &FunctionUrl) -> Result<Option<Found>> {
        let request = self.function("read the URL of", "lambda:GetFunctionUrlConfig", name);
        let asked = self.lambda.client.get_function_url_config().function_name(name).qualifier(LIVE_ALIAS);
        let found = if_any(asked.send().await.map_err(|failure| Failure::of(&request, &failure)))?;
        let Some(url) = found else { return Ok(None) };
        let settings = FunctionUrl {
            auth: url.auth_type.as_str().to_owned(),
            invoke_mode: url.invoke_mode.map_or_else(|| "BUFFERED".to_owned(), |it| it.as_str().to_owned()),
            cors: url.cors.is_some(),
            statements: worded(&wanted.statements, self.function_statements(name).await?),
        };
        let host = url::Url::parse(&url.function_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Ok(Some(Found {
            id: name.to_owned(),
            arn: None,
            domain: Some(request.answered(host)?),
            version: None,
            settings: Settings::FunctionUrl(settings),
            oddities: Vec::new(),
        }))
    }

    /// Statements of the live version's policy by their `Sid`, less the resource, which is that version.
    async fn function_statements(&self, name: &str) -> Result<BTreeMap<String, Value>> {
        let request = self.function("read the policy of", "lambda:GetPolicy", name);
        let asked = self.lambda.client.get_policy().function_name(name).qualifier(LIVE_ALIAS);
        let found = if_any(asked.send().await.map_err(|failure| Failure::of(&request, &failure)))?;
        let Some(text) = found.and_then(|it| it.policy) else { return Ok(BTreeMap::new()) };
        let policy: Value = serde_json::from_str(&text).map_err(|cause| {
            Error::new(Class::Remote, "aws", format!("the policy of function {name} is no JSON: {cause}"))
                .help("look at it with `aws lambda get-policy`")
        })?;
        let keyed = listed(&policy).into_iter().filter_map(|mut statement| {
            statement.as_object_mut()?.remove("Resource");
            Some((statement["Sid"].as_str()?.to_owned(), statement))
        });
        Ok(keyed.collect())
    }

    pub(super) async fn make_function_url(&self, name: &str, wanted: &FunctionUrl) -> Result<String, Failure> {
        let request = self.function("create the URL of", "lambda:CreateFunctionUrlConfig", name);
        let asked = self.lambda.once.create_function_url_config().function_name(name).qualifier(LIVE_ALIAS);
        let asked = asked.auth_type(FunctionUrlAuthType::from(wanted.auth.as_str()));
        let made = asked.invoke_mode(InvokeMode::from(wanted.invoke_mode.as_str())).send().await;
        made.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(name.to_owned())
    }

    pub(super) async fn change_function_url(&self, name: &str, wanted: &FunctionUrl) -> Result<()> {
        match self.find_function_url(name, wanted).await? {
            Some(there) => self.furnish_function_url(&there, wanted).await,
            None => Err(changed(&format!("{} {name}", Kind::FunctionUrl))),
        }
    }

    /// Gives the URL that is `there` the settings that are wanted.
    pub(super) async fn furnish_function_url(&self, there: &Found, wanted: &FunctionUrl) -> Result<()> {
        let Found { id: name, settings: Settings::FunctionUrl(there), .. } = there else { return Ok(()) };
        if (&there.auth, &there.invoke_mode, there.cors) != (&wanted.auth, &wanted.invoke_mode, wanted.cors) {
            let request = self.function("change the URL of", "lambda:UpdateFunctionUrlConfig", name);
            let asked = self.lambda.client.update_function_url_config().function_name(name).qualifier(LIVE_ALIAS);
            let asked = asked.auth_type(FunctionUrlAuthType::from(wanted.auth.as_str()));
            // An empty one takes away what somebody else set.
            let asked = asked.set_cors(there.cors.then(|| Cors::builder().build()));
            let asked = asked.invoke_mode(InvokeMode::from(wanted.invoke_mode.as_str()));
            repeated(|| async { asked.clone().send().await.map_err(|failure| Failure::of(&request, &failure)) })
                .await?;
        }
        let is_as_wanted = |sid: &String, statement: &Value| wanted.statements.get(sid) == Some(statement);
        for (sid, _) in there.statements.iter().filter(|(sid, statement)| !is_as_wanted(sid, statement)) {
            self.forbid(name, sid).await?;
        }
        for (sid, statement) in &wanted.statements {
            if there.statements.get(sid) != Some(statement) {
                self.permit(name, sid, statement).await?;
            }
        }
        Ok(())
    }

    async fn permit(&self, name: &str, sid: &str, statement: &Value) -> Result<()> {
        let request = self.function("permit to ask", "lambda:AddPermission", name);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let condition = &statement["Condition"];
        let auth = condition["StringEquals"]["lambda:FunctionUrlAuthType"].as_str().map(FunctionUrlAuthType::from);
        let via_url = condition["Bool"]["lambda:InvokedViaFunctionUrl"].as_str().map(|value| value == "true");
        let asked = self.lambda.client.add_permission().function_name(name).qualifier(LIVE_ALIAS).statement_id(sid);
        let asked = asked.action(text(&statement["Action"])).principal(text(&statement["Principal"]));
        let asked = asked.set_function_url_auth_type(auth).set_invoked_via_function_url(via_url);
        let sent = || async { asked.clone().send().await.map_err(|failure| Failure::of(&request, &failure)) };
        match repeated(sent).await {
            // A first attempt may have gone well, and its answer been lost.
            Err(Failure { meaning: Meaning::Taken, .. }) => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }

    async fn forbid(&self, name: &str, sid: &str) -> Result<()> {
        let request = self.function("forbid to ask", "lambda:RemovePermission", name);
        let asked = self.lambda.client.remove_permission().function_name(name).qualifier(LIVE_ALIAS).statement_id(sid);
        let sent = || async { asked.clone().send().await.map_err(|failure| Failure::of(&request, &failure)) };
        if_any(repeated(sent).await.map(drop)).map(drop)
    }

    /// Nobody is led to the function any more. Who may use the URL is forgotten with the function.
    pub(super) async fn remove_function_url(&self, name: &str) -> Result<()> {
        let request = self.function("delete the URL of", "lambda:DeleteFunctionUrlConfig", name);
        let asked = self.lambda.client.delete_function_url_config().function_name(name).qualifier(LIVE_ALIAS);
        if_any(asked.send().await.map(drop).map_err(|failure| Failure::of(&request, &failure))).map(drop)
    }
}
