//! What there is of a site's resources.

use std::collections::BTreeMap;

use super::provider::Provider;
use crate::{
    error::Result,
    model::infrastructure::{Found, Kind, Known, Resource},
};

/// Resources as they were found, by kind and name.
pub type Survey = BTreeMap<Kind, BTreeMap<String, Found>>;

/// Looks for every resource of `wanted`, in its order: later ones refer to earlier ones.
pub async fn survey(provider: &dyn Provider, wanted: &[Resource]) -> Result<Survey> {
    let mut known = Known::default();
    let mut survey = Survey::new();
    for resource in wanted {
        if let Some(found) = provider.find(resource, &known).await? {
            known.insert(&resource.name, found.clone());
            survey.entry(resource.kind()).or_default().insert(resource.name.clone(), found);
        }
    }
    Ok(survey)
}
