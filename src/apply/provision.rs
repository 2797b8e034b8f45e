//! Makes, changes and removes resources, one after the other: each needs only those before it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{Distribution, Found, Kind, Known, OriginSecret, Resource, Settings},
    plan::infrastructure::{Action, Step, Steps},
    remote::provider::Provider,
};

/// How often a distribution is asked whether it is deployed.
const POLL: Duration = Duration::from_secs(5);

/// CloudFront takes some minutes to reach every edge. What was accepted is carried out, whether or not anybody waits.
const PATIENCE: Duration = Duration::from_mins(30);

/// What happens meanwhile.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A step begins.
    Begins(&'a Step),
    /// A distribution's change has not reached every edge; so many seconds have passed.
    Waiting(&'a Found, u64),
}

/// Who hears the events.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// What steps are carried out with.
#[derive(Clone)]
pub struct Workshop {
    /// Who makes resources.
    pub provider: Arc<dyn Provider>,
    /// Who hears the events.
    pub listener: Listener,
    /// No step is begun once it is cancelled.
    pub stop: CancellationToken,
    /// Whether to wait until the distribution's change has reached every edge.
    pub wait: bool,
    /// The secret that is to be the distribution's, where it needs a new one.
    pub new_secret: Option<OriginSecret>,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The resources as they are now.
    pub known: Known,
    /// Whether steps that [narrow](Step::narrows) are left for a later run: not every edge knows the distribution yet.
    pub deferred: bool,
}

/// Carries the steps out. Whoever dies in between is followed by another run, which finds what there is by its name.
///
/// # Errors
/// The first failure of a step, with everything before it done; [`Class::Interrupted`] when it was told to stop.
pub async fn provision(steps: &Steps, workshop: &Workshop) -> Result<Outcome> {
    let Workshop { provider, listener, .. } = workshop;
    let (mut known, mut deferred) = (Known::default(), false);
    known.new_secret.clone_from(&workshop.new_secret);
    for step in &steps.0 {
        if let Some(found) = &step.found {
            known.insert(&step.wanted.name, found.clone());
        }
    }
    for step in &steps.0 {
        if step.action == Action::Keep {
            continue;
        }
        workshop.go_on()?;
        if step.wanted.kind() == Kind::Bucket && step.found.is_some() {
            // Viewers of a distribution that was there before may reach the bucket by ways that are shut now.
            workshop.settle_all(steps, &known).await?;
        }
        if step.narrows {
            if !workshop.is_settled(steps, &known).await? {
                // What edges may still rely on stays for another run.
                deferred = true;
                continue;
            }
            workshop.refuse_changed(steps, &known).await?;
        }
        listener(Event::Begins(step));
        let now = match known.get(step.wanted.kind(), &step.wanted.name) {
            Some(found) => provider.update(&step.wanted, found, &known).await?,
            None => provider.create(&step.wanted, &known).await?,
        };
        known.insert(&step.wanted.name, now);
    }
    if workshop.wait {
        workshop.settle_all(steps, &known).await?;
    }
    Ok(Outcome { known, deferred })
}

/// Removes what the steps found: a distribution only after it was switched off everywhere, and a bucket's content only
/// when nobody reads it any more. Gives how many objects and versions that were.
pub async fn destroy(steps: &Steps, workshop: &Workshop, with_content: bool) -> Result<u64> {
    let Workshop { provider, listener, .. } = workshop;
    let mut emptied = 0;
    for step in &steps.0 {
        let Some(found) = &step.found else { continue };
        workshop.go_on()?;
        listener(Event::Begins(step));
        if let Settings::Distribution(settings) = &found.settings {
            let off = Settings::Distribution(Box::new(Distribution::disabled()));
            let wanted = Resource { settings: off, id: Some(found.id.clone()), ..step.wanted.clone() };
            let found = if settings.enabled {
                provider.update(&wanted, found, &Known::default()).await?
            } else {
                found.clone()
            };
            workshop.settle(&found).await?;
            provider.delete(&found).await?;
            continue;
        }
        while with_content && found.settings.kind() == Kind::Bucket {
            workshop.go_on()?;
            let some = provider.empty_some(found).await?;
            emptied += some;
            if some == 0 {
                break;
            }
        }
        provider.delete(found).await?;
    }
    Ok(emptied)
}

impl Workshop {
    fn go_on(&self) -> Result<()> {
        if !self.stop.is_cancelled() {
            return Ok(());
        }
        Err(Error::new(Class::Interrupted(15), "interrupted", "interrupted before it was finished")
            .help("what was made is found again: run the command again to finish"))
    }

    /// Waits until the distribution is everywhere as it is now.
    async fn settle_all(&self, steps: &Steps, known: &Known) -> Result<()> {
        let distributions = steps.0.iter().filter(|step| step.wanted.kind() == Kind::Distribution);
        for found in distributions.filter_map(|step| known.get(Kind::Distribution, &step.wanted.name)) {
            self.settle(found).await?;
        }
        Ok(())
    }

    /// Whether every edge knows the distribution as it is now; waits for it where that is wanted.
    async fn is_settled(&self, steps: &Steps, known: &Known) -> Result<bool> {
        if self.wait {
            self.settle_all(steps, known).await?;
        }
        let distribution = steps.0.iter().find(|step| step.wanted.kind() == Kind::Distribution);
        match distribution.and_then(|step| known.get(Kind::Distribution, &step.wanted.name)) {
            Some(found) if !self.wait => self.provider.settled(found).await,
            _ => Ok(true),
        }
    }

    /// Fails when somebody else changed the distribution: edges may rely on what was nobody's need before.
    async fn refuse_changed(&self, steps: &Steps, known: &Known) -> Result<()> {
        let distributions = steps.0.iter().filter(|step| step.wanted.kind() == Kind::Distribution);
        for wanted in distributions.map(|step| &step.wanted) {
            let Some(then) = known.get(Kind::Distribution, &wanted.name) else { continue };
            let now = self.provider.find(wanted, known).await?;
            if now.is_none_or(|now| now.version != then.version) {
                let message = format!("distribution {} was changed by somebody else meanwhile", then.id);
                return Err(Error::new(Class::Conflict, "changed-meanwhile", message)
                    .help("nothing of it was overwritten; run `plan` again to see what there is now"));
            }
        }
        Ok(())
    }

    async fn settle(&self, found: &Found) -> Result<()> {
        let began = Instant::now();
        while !self.provider.settled(found).await? {
            self.go_on()?;
            if began.elapsed() > PATIENCE {
                let message = format!("distribution {} is still being deployed after {PATIENCE:?}", found.id);
                return Err(Error::new(Class::Remote, "not-deployed", message)
                    .help("CloudFront goes on with it; `treebeard-cdn status` shows when it is done"));
            }
            (self.listener)(Event::Waiting(found, began.elapsed().as_secs()));
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.stop.cancelled() => {}
            }
        }
        Ok(())
    }
}
