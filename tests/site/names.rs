//! Which names a site may have.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
};

use proptest::prelude::*;
use treebeard_cdn::error::Error;

use super::project::{Project, asset, paths};
use crate::support::cases;

/// A project that differs from a sound one in what `change` does.
fn refused(change: impl FnOnce(&Project)) -> Error {
    let project = Project::new(&[("index.html", "hello")]);
    change(&project);
    let error = project.build().unwrap_err();
    assert_eq!(error.exit_code(), 4, "{error}");
    error
}

#[test]
fn odd_but_servable_names_round_trip() {
    let names =
        ["a b.txt", "caf\u{e9}.txt", "100%.txt", "a%20b.txt", "a+b.txt", "#1.txt", "what?.txt", "~user/a~b.txt"];
    let files: Vec<_> = names.iter().map(|name| (*name, *name)).chain([("index.html", "")]).collect();
    let project = Project::new(&files);
    let site = project.build().unwrap();
    for name in names {
        assert_eq!(fs::read_to_string(&asset(&site, name).identity.source.file).unwrap(), name);
    }
    assert_eq!(site.notes, Vec::<String>::new());
}

#[test]
fn names_are_published_in_normalization_form_c() {
    let project = Project::new(&[("index.html", ""), ("cafe\u{301}.txt", "x")]);
    let site = project.build().unwrap();
    assert_eq!(paths(&site), ["caf\u{e9}.txt", "index.html"]);
    assert_eq!(site.notes, ["caf\u{e9}.txt: published in Unicode normalization form C, other than on disk"]);
}

#[test]
fn hidden_files_and_litter_are_left_out_and_named() {
    let project = Project::new(&[
        ("index.html", ""),
        (".git/config", "x"),
        (".vite/manifest.json", "{}"),
        ("assets/.DS_Store", "x"),
        ("notes.txt~", "x"),
        (".well-known/security.txt", "x"),
        (".well-known/.nested", "x"),
    ]);
    let site = project.build().unwrap();
    assert_eq!(paths(&site), [".well-known/.nested", ".well-known/security.txt", "index.html"]);
    assert_eq!(site.notes, [".git/, .vite/, assets/.DS_Store, notes.txt~: left out, as hidden files or editor litter"]);
}

#[test]
fn names_that_differ_in_case_only_are_noted() {
    let project = Project::new(&[("index.html", ""), ("a/Logo.png", "x"), ("a/logo.png", "y")]);
    // On a file system that folds case there is only one of them.
    if fs::read_dir(project.path("a")).unwrap().count() == 2 {
        let site = project.build().unwrap();
        assert_eq!(
            site.notes,
            ["a/Logo.png, a/logo.png: names that differ in case only, which some file systems fold"]
        );
    }
}

#[test]
fn what_viewers_will_never_get_is_noted() {
    let files =
        [("index.html", ""), ("LICENSE", "MIT"), (".well-known/x", ""), ("a.js", ""), ("a.js.br", ""), ("b.gz", "")];
    let mut project = Project::new(&files);
    let precompressed = "a.js.br: published as files of their own, not as variants, which are made from the originals";
    let unreachable = "LICENSE: out of reach, since site.spa answers every path without a dot with index.html";
    assert_eq!(project.build().unwrap().notes, [unreachable, precompressed]);
    project.config.site.spa = false;
    assert_eq!(project.build().unwrap().notes, [precompressed]);
}

#[test]
fn all_unservable_names_are_refused_at_once() {
    let long = format!("{}/{}.js", vec!["x".repeat(200); 5].join("/"), "y".repeat(8));
    assert_eq!(long.len(), 1016, "fits a key, but not the key of a gzip variant");
    let error = refused(|project| {
        project.write("line\nbreak.txt", "x");
        project.write("back\\slash.txt", "x");
        project.write("_tb/x.txt", "x");
        project.write(&long, "x");
        project.write("cafe\u{301}.txt", "x");
        project.write("caf\u{e9}.txt", "x");
        if cfg!(target_os = "linux") {
            fs::write(project.path("").join(OsStr::from_bytes(b"latin\xe9.txt")), "x").unwrap();
        }
    });
    assert_eq!(error.rule, "unservable-name");
    for part in [
        "\"line\\nbreak.txt\" has a control character",
        "\"back\\\\slash.txt\" has a backslash",
        "\"_tb/x.txt\" lies under _tb/",
        "yyyyyyyy.js\" is longer than",
        "\"cafe\\u{301}.txt\" shares its normalized name",
        "\"caf\u{e9}.txt\" shares its normalized name",
    ] {
        assert!(error.message.contains(part), "{part} in {error}");
    }
    assert_eq!(error.message.contains("not UTF-8"), cfg!(target_os = "linux"), "{error}");
}

#[test]
fn a_name_without_variants_may_be_longer() {
    let long = format!("{}/{}.png", vec!["x".repeat(200); 5].join("/"), "y".repeat(15));
    let project = Project::new(&[("index.html", ""), (&long, "x")]);
    assert_eq!(long.len(), 1024);
    assert!(project.build().is_ok());
}

#[test]
fn symlinks_inside_are_followed() {
    let project = Project::new(&[("index.html", "hello"), ("real/a.txt", "x")]);
    symlink("index.html", project.path("copy.html")).unwrap();
    symlink("real", project.path("alias")).unwrap();
    let site = project.build().unwrap();
    assert_eq!(paths(&site), ["alias/a.txt", "copy.html", "index.html", "real/a.txt"]);
    assert_eq!(asset(&site, "copy.html").identity.source.sha256, asset(&site, "index.html").identity.source.sha256);
}

#[test]
fn symlinks_that_leave_lead_nowhere_or_go_in_circles_are_refused() {
    let outside = |target: &'static str| {
        refused(move |project| {
            fs::create_dir(project.path("d")).unwrap();
            symlink(target, project.path("d/link")).unwrap();
        })
    };
    for (target, rule) in [
        ("/etc", "symlink-outside"),
        ("../../cdn-config.yml", "symlink-outside"),
        ("nowhere", "symlink-broken"),
        ("..", "symlink-cycle"),
        ("../d", "symlink-cycle"),
    ] {
        let error = outside(target);
        assert_eq!(error.rule, rule, "{target}: {error}");
        assert!(error.message.contains("\"d/link\""), "{error}");
    }
}

#[test]
fn an_output_that_is_no_site_is_refused() {
    let rule = |change: fn(&Project)| refused(change).rule;
    assert_eq!(rule(|project| fs::remove_dir_all(project.path("")).unwrap()), "output-missing");
    assert_eq!(rule(|project| fs::remove_file(project.path("index.html")).unwrap()), "output-empty");
    assert_eq!(rule(|project| fs::rename(project.path("index.html"), project.path("a.html")).unwrap()), "no-index");
    let pipe = |project: &Project| {
        let made = std::process::Command::new("mkfifo").arg(project.path("pipe")).status().unwrap();
        assert!(made.success());
    };
    assert_eq!(refused(pipe).rule, "not-a-file");
}

proptest! {
    #![proptest_config(cases(64))]
    /// Whatever a file is called, it is published under that name, left out and noted, or refused by name.
    #[test]
    fn no_name_goes_unmentioned(name in "[^/\0]{1,40}") {
        prop_assume!(name != "." && name != ".." && !name.eq_ignore_ascii_case("index.html"));
        let project = Project::new(&[("index.html", "hello")]);
        // Some file systems refuse some names; then there is nothing to publish.
        if fs::write(project.path(&name), "x").is_ok() {
            let normal: String = unicode_normalization::UnicodeNormalization::nfc(name.as_str()).collect();
            match project.build() {
                Ok(site) => prop_assert!(
                    paths(&site).contains(&normal.as_str()) || site.notes.iter().any(|note| note.contains(&name))
                ),
                Err(error) => prop_assert!(error.rule == "unservable-name" || error.rule == "secret-found", "{}", error),
            }
        }
    }
}
