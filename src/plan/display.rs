//! A plan in words: one line a change, with its reason.

use std::{collections::BTreeMap, fmt};

use super::{Outcome, Plan, Reason, Write};
use crate::model::{encoding::Encoding, path::ViewerPath};

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::ContentChanged => "content changed",
            Self::HeadersChanged => "headers changed",
            Self::Unfinished => "an earlier deploy did not finish",
            Self::Adopted => "taken over",
            Self::Drifted => "changed outside",
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wave in &self.waves {
            let mut by_path: BTreeMap<&ViewerPath, Vec<&Write>> = BTreeMap::new();
            for write in &wave.writes {
                by_path.entry(&write.path).or_default().push(write);
            }
            for (path, writes) in by_path {
                line(f, path, &writes)?;
            }
        }
        let mut last = None;
        for removal in self.removals.iter().filter(|removal| last.replace(&removal.path) != Some(&removal.path)) {
            writeln!(f, "  - {:<48} the page left the site", removal.path.as_str())?;
        }
        for owed in &self.invalidations {
            writeln!(f, "  ~ invalidate {}", summary(&owed.paths))?;
        }
        self.conclusion(f)
    }
}

fn line(f: &mut fmt::Formatter<'_>, path: &ViewerPath, writes: &[&Write]) -> fmt::Result {
    let sign = if writes.iter().all(|write| write.reason == Reason::New) { '+' } else { '~' };
    let bytes = writes.iter().map(|write| write.bytes_to_upload()).sum();
    let variants: Vec<_> =
        writes.iter().filter_map(|write| write.stored.headers.content_encoding).map(Encoding::token).collect();
    let variants = if variants.is_empty() { String::new() } else { format!(" with {}", variants.join(", ")) };
    let reason = writes.iter().map(|write| write.reason).max_by_key(|reason| *reason as u8).unwrap_or(Reason::New);
    writeln!(f, "  {sign} {:<48} {reason}, {}{variants}", path.as_str(), size(bytes))
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().si().to_string()
}

fn summary(paths: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = paths.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" ");
    if paths.len() > SHOWN { format!("{shown} and {} more", paths.len() - SHOWN) } else { shown }
}

impl Plan {
    fn conclusion(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = &self.outcome.release().id;
        match &self.outcome {
            Outcome::Unchanged(_) if self.is_empty() => {
                return write!(f, "nothing to do: release {release} is live and is this very site");
            }
            Outcome::Unchanged(_) => {
                return write!(f, "release {release} is live and is this very site; an invalidation is owed");
            }
            Outcome::Reactivate(_) => write!(f, "release {release} becomes live again: ")?,
            Outcome::Publish(_) => write!(f, "release {release} becomes live: ")?,
        }
        write!(
            f,
            "{} objects written ({}), {} unchanged, {} removed, {} preserved for rollback",
            self.writes().count(),
            size(self.bytes_to_upload()),
            self.unchanged,
            self.removals.len(),
            self.preserve.len()
        )
    }
}
