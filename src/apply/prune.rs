//! Executes a [`Prune`].

use std::sync::{Mutex, PoisonError};

use super::{Event, Ports, each, finally, write::Writer};
use crate::{
    error::Result,
    model::{api::Version, path::StorageKey},
    plan::retention::Prune,
    remote::{Condition, functions::Functions, lease::Tenure, state},
};

/// Deletes what `prune` names, in the tenure in which it was decided. Whatever dies when: the ledger lists what may
/// still be there until it is gone, and never as something to rely on. Gives the versions of `api` that stay, since an
/// alias leads there.
pub async fn prune(prune: &Prune, api: Option<&dyn Functions>, tenure: &Tenure, ports: &Ports) -> Result<Vec<Version>> {
    finally(delete(prune, api, tenure, ports).await, tenure).await
}

async fn delete(prune: &Prune, api: Option<&dyn Functions>, tenure: &Tenure, ports: &Ports) -> Result<Vec<Version>> {
    let Prune { dropped: _, deletions, versions, documents, replaced, meanwhile, inventory, taken: _, begun, done } =
        prune;
    let store = ports.store.as_ref();
    let (Some(before), Some(after)) = (begun.inventory, done.inventory) else { return Ok(Vec::new()) };
    state::write_inventory(store, before, meanwhile).await?;
    tenure.write(begun).await?;

    (ports.listener)(Event::Removing(deletions.len()));
    let writer = Writer { ports, tenure };
    each(deletions, ports, |deletion| writer.prune(deletion)).await?;
    let documents: Vec<_> = documents.iter().chain(replaced).collect();
    each(&documents, ports, |key| async {
        tenure.confirm().await?;
        Ok(store.delete(key, Condition::None).await?)
    })
    .await?;

    let staying = Mutex::new(Vec::new());
    if let Some(api) = api {
        each(versions, ports, |version| async {
            tenure.confirm().await?;
            if !api.delete(*version).await? {
                staying.lock().unwrap_or_else(PoisonError::into_inner).push(*version);
            }
            Ok(())
        })
        .await?;
    }

    state::write_inventory(store, after, inventory).await?;
    tenure.end(done).await?;
    store.delete(&StorageKey::inventory(before), Condition::None).await?;
    Ok(staying.into_inner().unwrap_or_else(PoisonError::into_inner))
}
