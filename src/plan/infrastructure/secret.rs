//! The secret by which the API knows the distribution: which one is sent, and which ones are accepted meanwhile.

use std::collections::BTreeSet;

use super::{Facts, distribution::API};
use crate::{
    config::Config,
    model::infrastructure::{Distribution, Lambda, NEW_SECRET, Settings},
};

/// Secrets by their digests, or [`NEW_SECRET`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the distribution is to send.
    pub sends: String,
    /// What the function has to accept before the distribution sends that, and until every edge does.
    pub before: BTreeSet<String>,
    /// What it has to accept from then on.
    pub after: BTreeSet<String>,
}

impl Exchange {
    /// What follows from what there is. A viewer is never refused: the function accepts whatever an edge may send, and
    /// what another run that is under way may have CloudFront send.
    pub fn of(config: &Config, facts: &Facts) -> Self {
        let accepted = facts.found_lambda().map(|it| it.accepts.clone()).unwrap_or_default();
        let sent = facts.sent();
        // Nobody is led to the function yet: any secret keeps everybody else out, and an empty list would not.
        if sent.is_none() && !accepted.is_empty() && !facts.rotate && keeps_api(config, facts).is_some() {
            let sends = accepted.first().cloned().unwrap_or_default();
            return Self { sends, before: accepted.clone(), after: accepted };
        }
        Self::between(sent, accepted, facts.rotate)
    }

    /// The same of a function that viewers are led to, or will be.
    fn between(sent: Option<&str>, accepted: BTreeSet<String>, rotate: bool) -> Self {
        let sends = sent.filter(|_| !rotate).unwrap_or(NEW_SECRET).to_owned();
        let after = BTreeSet::from([sends.clone()]);
        let mut before = accepted;
        before.insert(sends.clone());
        before.extend(sent.map(str::to_owned));
        Self { sends, before, after }
    }
}

impl Facts {
    fn found_lambda(&self) -> Option<&Lambda> {
        match self.lambda.as_ref().map(|found| &found.settings) {
            Some(Settings::Lambda(it)) => Some(it),
            _ => None,
        }
    }

    fn found_distribution(&self) -> Option<&Distribution> {
        match self.distribution.as_ref().map(|found| &found.settings) {
            Some(Settings::Distribution(it)) => Some(it),
            _ => None,
        }
    }

    /// The digest of the secret that the distribution sends.
    fn sent(&self) -> Option<&str> {
        self.found_distribution()?.origins.get(API)?.secret.as_deref()
    }

    /// The host of the function's URL, once there is one.
    #[must_use]
    pub fn url_host(&self) -> Option<&str> {
        self.url.as_ref().and_then(|found| found.domain.as_deref())
    }
}

/// Where viewers' requests for the API go now, if that has to stay so for now: a function that no code was deployed
/// to would answer them all with 503.
pub fn keeps_api<'a>(config: &Config, facts: &'a Facts) -> Option<(&'a str, &'a Distribution)> {
    let api = config.api.as_ref().filter(|api| api.lambda.is_some())?;
    let deployed = facts.found_lambda().is_some_and(|it| it.deployed);
    let distribution = facts.found_distribution().filter(|it| it.enabled && !deployed)?;
    let origin = &distribution.behaviors.get(&api.path)?.origin;
    let domain = &distribution.origins.get(origin)?.domain;
    (facts.url_host() != Some(domain)).then_some((domain, distribution))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(sent: Option<&str>, accepted: &[&str], rotate: bool) -> (String, Vec<String>, Vec<String>) {
        let accepted = accepted.iter().map(|&it| it.to_owned()).collect();
        let Exchange { sends, before, after } = Exchange::between(sent, accepted, rotate);
        (sends, before.into_iter().collect(), after.into_iter().collect())
    }

    fn is(sends: &str, before: &[&str], after: &[&str]) -> (String, Vec<String>, Vec<String>) {
        let list = |items: &[&str]| items.iter().map(|&it| it.to_owned()).collect();
        (sends.to_owned(), list(before), list(after))
    }

    #[test]
    fn what_an_edge_may_send_is_accepted_until_none_does() {
        let new = NEW_SECRET;
        // Nothing there yet.
        assert_eq!(exchange(None, &[], false), is(new, &[new], &[new]));
        // The distribution does not send what the function accepts: that run has died, or is about to have it sent.
        assert_eq!(exchange(None, &["b"], false), is(new, &[new, "b"], &[new]));
        assert_eq!(exchange(Some("a"), &["a", "b"], false), is("a", &["a", "b"], &["a"]));
        // As it should be; and a function that was changed by hand.
        assert_eq!(exchange(Some("a"), &["a"], false), is("a", &["a"], &["a"]));
        assert_eq!(exchange(Some("a"), &[], false), is("a", &["a"], &["a"]));
        // Turned; died after the distribution was changed; and turned once more meanwhile.
        assert_eq!(exchange(Some("a"), &["a"], true), is(new, &[new, "a"], &[new]));
        assert_eq!(exchange(Some("b"), &["a", "b"], false), is("b", &["a", "b"], &["b"]));
        assert_eq!(exchange(Some("b"), &["a", "b"], true), is(new, &[new, "a", "b"], &[new]));
    }
}
