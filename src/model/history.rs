//! The audit trail: what was made live, when, and by which command.

use serde::{Deserialize, Serialize};

use super::ledger::ReleaseId;

/// Events that the pointer keeps.
const KEPT: usize = 100;

/// What made a release live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A deploy.
    Deploy,
    /// A rollback.
    Rollback,
}

/// A change of the live release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When: RFC 3339 with milliseconds.
    pub at: String,
    /// What was done.
    pub action: Action,
    /// The release that it made live.
    pub release: ReleaseId,
    /// The git commit that was checked out, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Appends `event`, and forgets the oldest ones beyond what is kept.
pub fn append(events: &mut Vec<Event>, event: Event) {
    events.push(event);
    let surplus = events.len().saturating_sub(KEPT);
    events.drain(..surplus);
}

/// The release that a rollback goes back to: what was live before the live one was deployed.
///
/// A rollback takes back every deploy since its target was live, so repeated rollbacks walk back, and a release
/// that was rolled back is not what the next rollback finds. Releases for which `kept` is false are passed over.
#[must_use]
pub fn before_live(events: &[Event], kept: impl Fn(&ReleaseId) -> bool) -> Option<&ReleaseId> {
    let mut stack: Vec<&ReleaseId> = Vec::new();
    for event in events {
        if event.action == Action::Rollback
            && let Some(at) = stack.iter().rposition(|id| **id == event.release)
        {
            stack.truncate(at);
        }
        if stack.last() != Some(&&event.release) {
            stack.push(&event.release);
        }
    }
    let live = stack.pop()?;
    stack.into_iter().rev().find(|id| *id != live && kept(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(events: &str, kept: &str) -> Option<String> {
        let events: Vec<_> = events
            .split_whitespace()
            .map(|word| {
                let (action, name) = word.strip_prefix('<').map_or((Action::Deploy, word), |it| (Action::Rollback, it));
                Event { at: String::new(), action, release: ReleaseId::parse(name), commit: None }
            })
            .collect();
        before_live(&events, |id| kept.contains(id.as_str())).map(ToString::to_string)
    }

    #[test]
    fn rollbacks_walk_back_through_what_was_live() {
        for (events, kept, expected) in [
            ("a", "a", None),
            ("a b", "ab", Some("a")),
            ("a b c <b", "abc", Some("a")),
            ("a b c <b <a", "abc", None),
            ("a b c <b d", "abcd", Some("b")),
            ("a b c <b d <b", "abcd", Some("a")),
            ("a b a", "ab", Some("b")),
            ("a b a <b", "ab", Some("a")),
            ("a b a <b <a", "ab", None),
            ("a b c", "ac", Some("a")),
            ("a b <a c", "abc", Some("a")),
        ] {
            assert_eq!(target(events, kept).as_deref(), expected, "{events}");
        }
    }
}
