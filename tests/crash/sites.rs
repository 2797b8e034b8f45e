//! Releases that have everything in which two releases can differ.

use std::{collections::BTreeMap, fs};

use crate::support::Project;

/// Files by their path.
pub type Files = BTreeMap<String, String>;

fn page(words: &str, assets: &[&str]) -> String {
    let tags: String = assets
        .iter()
        .map(|asset| match asset.rsplit('.').next() {
            Some("css") => format!("<link rel=stylesheet href=\"/{asset}\">"),
            _ => format!("<script src=\"/{asset}\"></script>"),
        })
        .collect();
    format!("<!doctype html><title>{words}</title>{tags}<p>{words}")
}

/// A release, called by a letter: it shares some files with every other, has some of its own, and others under the
/// same names. `about.html` and `data/old.json` are only in `a`, `new.html` and `data/new.json` in every other.
pub fn release(name: &str) -> Files {
    let own = |stem: &str| format!("assets/{stem}.{}.js", name.repeat(8));
    let (app, lazy, shared) = (own("app"), own("lazy"), "assets/shared.01234567.css");
    let (own_page, own_data) =
        if name == "a" { ("about.html", "data/old.json") } else { ("new.html", "data/new.json") };
    let files = [
        ("index.html", page(&format!("home of {name}"), &[&app, shared, "theme.css"])),
        ("docs/guide.html", page(&format!("guide of {name}"), &[&app, &lazy])),
        ("same.html", page("always the same", &[shared])),
        (own_page, page(&format!("a page of {name}"), &[&lazy, shared])),
        ("theme.css", format!("body {{ content: '{name}' }}")),
        ("robots.txt", format!("# {name}")),
        ("same.txt", "always the same".to_owned()),
        (own_data, format!("{{\"of\":\"{name}\"}}")),
        (&app, format!("import('/{lazy}'); // {name}")),
        (&lazy, format!("console.log('{name}')")),
        (shared, "p { margin: 0 }".to_owned()),
    ];
    files.into_iter().map(|(path, content)| (path.to_owned(), content)).collect()
}

/// Makes these files the project's whole site.
pub fn write(project: &Project, files: &Files) {
    let _ = fs::remove_dir_all(project.path("dist"));
    for (path, content) in files {
        project.write(&format!("dist/{path}"), content);
    }
}

/// What a page loads.
pub fn named(page: &str) -> Vec<String> {
    let parts = page.split("=\"/").skip(1);
    parts.filter_map(|rest| rest.split_once('"')).map(|(path, _)| path.to_owned()).collect()
}
