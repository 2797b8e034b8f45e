//! Which names are published, judged by the name alone.

/// What becomes of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is part of the site.
    Publish,
    /// It is hidden, or litter of an editor or a desktop.
    Skip,
    /// It is an environment file: the build leaks its secrets.
    Leak,
}

/// Judges a name. `well_known` says that it lies in `/.well-known/` (RFC 8615), where nothing counts as hidden.
pub fn judge(name: &str, depth: usize, well_known: bool) -> Verdict {
    if is_environment(name) {
        Verdict::Leak
    } else if is_litter(name) || (name.starts_with('.') && !well_known && !(depth == 1 && name == ".well-known")) {
        Verdict::Skip
    } else {
        Verdict::Publish
    }
}

/// `.env`, `.env.production`, `.envrc`, `production.env`; the templates that teams share hold no secrets.
fn is_environment(name: &str) -> bool {
    let named = std::path::Path::new(name).extension().is_some_and(|ending| ending == "env");
    named
        || name.strip_prefix(".env").is_some_and(|rest| {
            (rest.is_empty() || rest == "rc" || rest.starts_with('.'))
                && ![".example", ".sample", ".template"].iter().any(|harmless| rest.ends_with(harmless))
        })
}

/// Backups, locks and swap files of Emacs and Vim, and what file managers leave behind.
fn is_litter(name: &str) -> bool {
    let swap_file = || std::path::Path::new(name).extension().is_some_and(|ending| ending == "swp" || ending == "swo");
    matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini")
        || name.ends_with('~')
        || name.starts_with(".#")
        || (name.len() > 1 && name.starts_with('#') && name.ends_with('#'))
        || swap_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_from_litter() {
        for name in ["index.html", "a~b.txt", "#1.html", "~user", "x.bak", "#", "env", "environment.js"] {
            assert_eq!(judge(name, 1, false), Verdict::Publish, "{name}");
        }
        for name in [".git", ".DS_Store", "notes.txt~", ".#lock", "#auto#", "a.swp", ".b.swo", "Thumbs.db", ".vite"] {
            assert_eq!(judge(name, 1, false), Verdict::Skip, "{name}");
        }
        for name in [".env", ".env.local", ".envrc", "production.env"] {
            assert_eq!(judge(name, 3, false), Verdict::Leak, "{name}");
        }
        assert_eq!(judge(".env.example", 1, false), Verdict::Skip);
    }

    #[test]
    fn well_known_is_published_with_its_dot_files() {
        assert_eq!(judge(".well-known", 1, false), Verdict::Publish);
        assert_eq!(judge(".well-known", 2, false), Verdict::Skip);
        assert_eq!(judge(".hidden", 2, true), Verdict::Publish);
        assert_eq!(judge(".DS_Store", 2, true), Verdict::Skip);
    }
}
