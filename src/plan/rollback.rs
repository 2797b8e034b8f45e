//! An earlier release made live again, from what the bucket itself keeps.

use super::{
    Facts, Outcome, Plan, Source, actual,
    objects::{self, Desired},
    sources, variants,
};
use crate::{
    error::{Class, Error, Result},
    model::{
        history::{self, Action},
        ledger::{Pointer, Release, RemoteState},
        manifest::{Manifest, Stored},
        path::{StorageKey, ViewerPath},
    },
};

/// The release that a rollback goes back to: the one that `wanted` names (its id, or how its id begins), else what
/// was live before the live release was deployed. Where a deploy did not finish, that is the live release itself;
/// a rollback that did not finish is finished.
pub fn target<'a>(pointer: &'a Pointer, wanted: Option<&str>) -> Result<&'a Release> {
    let Some(live) = pointer.live_release() else {
        return Err(Error::new(Class::Config, "nothing-deployed", "nothing is live, so nothing can be rolled back")
            .help("run `treebeard-cdn deploy` first"));
    };
    let Some(wanted) = wanted else {
        // One that never came to write has left nothing to take back.
        match pointer.pending.iter().rfind(|unfinished| unfinished.preserved) {
            Some(unfinished) if unfinished.action == Action::Deploy => return Ok(live),
            Some(unfinished) => return target(pointer, Some(unfinished.release.as_str())),
            None => {}
        }
        let known = |id: &_| pointer.releases.iter().any(|release| release.id == *id);
        let before = history::before_live(&pointer.history, known);
        return before.and_then(|id| pointer.releases.iter().find(|release| release.id == *id)).ok_or_else(|| {
            let message = format!("no retained release was live before {}", live.id);
            Error::new(Class::Config, "no-earlier-release", message)
                .help("`treebeard-cdn releases` lists what is retained; name one: `rollback RELEASE`")
        });
    };
    let mut matching = pointer.releases.iter().filter(|release| release.id.as_str().starts_with(wanted));
    match (matching.next(), matching.next()) {
        (Some(release), None) => Ok(release),
        (Some(_), Some(_)) => Err(Error::new(
            Class::Config,
            "ambiguous-release",
            format!("several retained releases begin with {wanted}"),
        )
        .help("give more of its id; `treebeard-cdn releases` lists them")),
        (None, _) => {
            Err(Error::new(Class::Config, "unknown-release", format!("no retained release is named {wanted}"))
                .help("`treebeard-cdn releases` lists what is retained"))
        }
    }
}

/// Decides what making `release`, which promised `manifest`, live again takes.
pub fn rollback(release: &Release, mut manifest: Manifest, state: &RemoteState, facts: &Facts) -> Result<Plan> {
    if facts.negotiates {
        variants::keep_negotiated(&mut manifest, &state.live, &facts.encodings);
    }
    let digest = manifest.digest();
    let slots = actual::slots(state);
    let kept = sources::kept(&state.inventory, &slots);
    let find = |path: &ViewerPath, stored: &Stored| {
        if kept.contains(&stored.sha256) {
            return Some(Source::Object(StorageKey::preserved(&stored.sha256)));
        }
        // A key that the release did not have, and that the function asks for now: it holds identity bytes.
        let identity = StorageKey::identity(path);
        let in_place = slots.get(&identity).and_then(actual::Slot::certain_bytes)?;
        (in_place.sha256 == stored.sha256).then_some(Source::Object(identity))
    };
    let outcome = Outcome::Reactivate(Release {
        superseded_at: None,
        manifest: digest,
        objects: manifest.object_count(),
        bytes: manifest.bytes(),
        ..release.clone()
    });
    let desired = Desired { manifest, digest, outcome, action: Action::Rollback, find: &find };
    objects::plan(desired, state, &slots, facts)
}
