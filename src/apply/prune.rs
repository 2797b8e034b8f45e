//! Executes a [`Prune`].

use super::{Event, Ports, each, finally, write::Writer};
use crate::{
    error::Result,
    model::path::StorageKey,
    plan::retention::Prune,
    remote::{Condition, lease::Tenure, state},
};

/// Deletes what `prune` names, in the tenure in which it was decided. Whatever dies when: the ledger lists what may
/// still be there until it is gone, and never as something to rely on.
pub async fn prune(prune: &Prune, tenure: &Tenure, ports: &Ports) -> Result<()> {
    finally(delete(prune, tenure, ports).await, tenure).await
}

async fn delete(prune: &Prune, tenure: &Tenure, ports: &Ports) -> Result<()> {
    let Prune { dropped: _, deletions, documents, replaced, meanwhile, inventory, taken: _, begun, done } = prune;
    let store = ports.store.as_ref();
    let (Some(before), Some(after)) = (begun.inventory, done.inventory) else { return Ok(()) };
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

    state::write_inventory(store, after, inventory).await?;
    tenure.end(done).await?;
    store.delete(&StorageKey::inventory(before), Condition::None).await?;
    Ok(())
}
