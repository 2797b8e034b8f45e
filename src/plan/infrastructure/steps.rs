//! What `provision` does, decided before anything is done.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

use super::diff::{Change, changes};
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{FUNCTION_URL, Found, Kind, Known, Resource, Settings},
};

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is as it should be.
    Keep,
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
    /// It is changed by a later run, once the distribution's change has reached every edge.
    Defer,
}

/// What becomes of one resource, and why.
#[derive(Debug, Clone)]
pub struct Step {
    /// What becomes of it.
    pub action: Action,
    /// As it should be.
    pub wanted: Resource,
    /// As it is.
    pub found: Option<Found>,
    /// The fields that change.
    pub changes: Vec<Change>,
    /// Whether it takes something away that viewers relied on before: a secret that edges sent, a permission of the
    /// version that they met. It comes last, once every edge knows the distribution.
    pub narrows: bool,
}

/// What becomes of every resource, in the order in which it happens.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Steps(pub Vec<Step>);

/// What has to be done about what was found, for it to be as wanted.
///
/// # Errors
/// [`Class::Config`] when the bucket is in another region: buckets do not move.
pub fn plan(wanted: Vec<Resource>, mut found: BTreeMap<Kind, BTreeMap<String, Found>>) -> Result<Steps> {
    let mut steps: Vec<Step> = Vec::new();
    for wanted in wanted {
        let earlier = steps.iter().find(|step| step.wanted.kind() == wanted.kind() && step.wanted.name == wanted.name);
        let step = match earlier {
            Some(earlier) => again(wanted, earlier),
            None => first(wanted, &mut found)?,
        };
        steps.push(step);
    }
    // A distribution that answers viewers already must be let into the bucket before it is sent there; and as it may
    // read the bucket by other means until then, those are shut last.
    if steps.iter().any(|step| step.wanted.kind() == Kind::Distribution && step.found.is_some()) {
        steps.sort_by_key(|step| match (step.wanted.kind(), &step.found) {
            (Kind::Distribution, _) => 1,
            (Kind::Bucket, Some(_)) => 2,
            _ if step.narrows => 2,
            _ => 0,
        });
    }
    Ok(Steps(steps))
}

/// What becomes of a resource once nobody relies on what the earlier step left.
fn again(wanted: Resource, earlier: &Step) -> Step {
    let changes = changes(&wanted.settings, Some(&earlier.wanted.settings));
    Step { action: Action::Update, wanted, found: earlier.found.clone(), changes, narrows: true }
}

fn first(wanted: Resource, found: &mut BTreeMap<Kind, BTreeMap<String, Found>>) -> Result<Step> {
    let found = found.get_mut(&wanted.kind()).and_then(|of| of.remove(&wanted.name));
    let changes = changes(&wanted.settings, found.as_ref().map(|found| &found.settings));
    let action = match &found {
        None => Action::Create,
        Some(_) if changes.is_empty() => Action::Keep,
        Some(_) => Action::Update,
    };
    if let (Settings::Bucket(wanted), Some(Settings::Bucket(found))) =
        (&wanted.settings, found.as_ref().map(|found| &found.settings))
        && wanted.region != found.region
    {
        let message = format!("the bucket is in region {}, not in {}", found.region, wanted.region);
        return Err(Error::new(Class::Config, "bucket-region", message)
            .help(format!("set `region: {}` for this environment in cdn-config.yml", found.region)));
    }
    Ok(Step { action, wanted, found, changes, narrows: false })
}

/// What has to be done for nothing of what was found to be left, but for a bucket that was there before, and what
/// is [`outliving`] the rest.
#[must_use]
pub fn removal(mut steps: Steps) -> Steps {
    let role_stays = outliving(&steps).is_some();
    let is_ours = |found: &Found| match found.settings.kind() {
        Kind::Bucket => !found.is_adopted(),
        Kind::Role => !role_stays,
        _ => true,
    };
    steps.0.retain(|step| !step.narrows && step.found.as_ref().is_some_and(is_ours));
    steps.0.sort_by_key(|step| match step.wanted.kind() {
        Kind::BucketPolicy => None, // the first: nothing is read any more
        kind => Some(std::cmp::Reverse(kind)),
    });
    for step in &mut steps.0 {
        (step.action, step.changes) = (Action::Delete, Vec::new());
    }
    steps
}

/// The role of a function that is to be removed, where it has to stay for now: Lambda removes the network's interfaces
/// as that role, some time after the function is gone, and without it leaves them to be removed by hand
/// (AWS Lambda Developer Guide, "Understanding Hyperplane Elastic Network Interfaces").
#[must_use]
pub fn outliving(steps: &Steps) -> Option<&Found> {
    let joined = |found: &Found| matches!(&found.settings, Settings::Lambda(it) if !it.subnets.is_empty());
    steps.found(Kind::Lambda).filter(|found| joined(found)).and_then(|_| steps.found(Kind::Role))
}

impl Steps {
    /// The same steps with what is `known` of their resources now, and whether those that wait for every edge were
    /// `deferred`.
    #[must_use]
    pub fn done(&self, known: &Known, deferred: bool) -> Self {
        let mut steps = self.clone();
        for step in &mut steps.0 {
            if step.narrows && deferred {
                step.action = Action::Defer;
            }
            let found = known.get(step.wanted.kind(), &step.wanted.name);
            step.found = found.cloned().or(step.found.take());
        }
        let arn = steps.found(Kind::Distribution).and_then(|found| found.arn.clone());
        let host = steps.found(Kind::FunctionUrl).and_then(|found| found.domain.clone());
        for value in steps.0.iter_mut().flat_map(|step| &mut step.changes).filter_map(|change| change.new.as_mut()) {
            if let (Some(arn), Some(source)) = (&arn, value.pointer_mut("/Condition/StringEquals/AWS:SourceArn")) {
                *source = arn.clone().into();
            }
            if let (Some(host), true) = (&host, value == FUNCTION_URL) {
                *value = host.clone().into();
            }
        }
        steps
    }

    /// How many there are of each action, in these words for creations, changes and removals.
    /// Two steps may be about the same resource: what is changed now and once more later is counted both times.
    #[must_use]
    pub fn summary(&self, words: [&str; 3]) -> String {
        let count = |action| self.0.iter().filter(|step| step.action == action).count();
        let counts = [Action::Create, Action::Update, Action::Delete, Action::Defer].map(count);
        let words = words.into_iter().chain(["left for a later run"]);
        let said = counts.iter().zip(words).filter(|(count, _)| **count > 0);
        let said: Vec<_> = said.map(|(count, words)| format!("{count} {words}")).collect();
        match &said[..] {
            [] => format!("infrastructure: nothing to do, {} resources are as they should be\n", self.0.len()),
            said => format!("infrastructure: {}, {} as they should be\n", said.join(", "), count(Action::Keep)),
        }
    }

    /// Whether there is nothing to do, or nothing that could be done now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|step| matches!(step.action, Action::Keep | Action::Defer))
    }

    /// The resource of that kind as it was found.
    #[must_use]
    pub fn found(&self, kind: Kind) -> Option<&Found> {
        self.0.iter().find(|step| step.wanted.kind() == kind).and_then(|step| step.found.as_ref())
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Step", 5)?;
        fields.serialize_field("kind", &self.wanted.kind())?;
        fields.serialize_field("name", &self.wanted.name)?;
        fields.serialize_field("id", &self.found.as_ref().map(|found| &found.id))?;
        fields.serialize_field("action", &self.action)?;
        fields.serialize_field("changes", &self.changes)?;
        fields.end()
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.0.iter().filter(|step| step.action != Action::Keep) {
            write!(f, "{step}")?;
        }
        f.write_str(&self.summary(["to create", "to change", "to remove"]))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            Action::Keep => '=',
            Action::Create => '+',
            Action::Update => '~',
            Action::Delete => '-',
            Action::Defer => '>',
        };
        write!(f, "  {sign} {} {}", self.wanted.kind(), self.wanted.name)?;
        match &self.found {
            Some(found) if found.id != self.wanted.name => writeln!(f, " ({})", found.id)?,
            _ => writeln!(f)?,
        }
        self.changes.iter().try_for_each(|change| write!(f, "{change}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, old, new, cost } = self;
        match (old, new) {
            (Some(old), Some(new)) => write!(f, "      ~ {path}: {} → {}", shown(old), shown(new))?,
            (None, Some(new)) => write!(f, "      + {path}: {}", shown(new))?,
            (Some(old), None) => write!(f, "      - {path}: {}", shown(old))?,
            (None, None) => write!(f, "      ~ {path}")?,
        }
        match cost {
            Some(cost) => writeln!(f, "  ({cost})"),
            None => writeln!(f),
        }
    }
}

/// A value as people read it: of a digest its beginning.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) => text[..16].to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
