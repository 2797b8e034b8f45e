//! What there is of a site's resources.

use std::collections::BTreeMap;

use super::provider::Provider;
use crate::{
    error::Result,
    model::infrastructure::{Found, Kind, Known, Resource},
};

/// Resources as they were found, by kind and name.
pub type Survey = BTreeMap<Kind, BTreeMap<String, Found>>;

/// Looks for every resource of `wanted`, in its order: later ones refer to earlier ones. The first one, which decides
/// whether to look for the others at all, was looked for before.
pub async fn survey(provider: &dyn Provider, first: Option<Found>, wanted: &[Resource]) -> Result<Survey> {
    let mut known = Known::default();
    let mut survey = Survey::new();
    for (number, resource) in wanted.iter().enumerate() {
        let found = if number == 0 { first.clone() } else { provider.find(resource, &known).await? };
        if let Some(found) = found {
            known.insert(&resource.name, found.clone());
            survey.entry(resource.kind()).or_default().insert(resource.name.clone(), found);
        }
    }
    Ok(survey)
}
