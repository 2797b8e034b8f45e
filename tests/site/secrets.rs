//! Builds that leak secrets.

use super::project::Project;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

fn leaky() -> Project {
    Project::new(&[
        ("index.html", "hello"),
        ("assets/app.js", &format!("const key = {KEY:?};")),
        (".env.production", "TOKEN=abc"),
        ("docs/.env", "TOKEN=abc"),
    ])
}

#[test]
fn every_leak_is_named_and_none_is_quoted() {
    let error = leaky().build().unwrap_err();
    assert_eq!((error.rule, error.exit_code()), ("secret-found", 8));
    for part in
        ["assets/app.js contains a private key", ".env.production is an environment", "docs/.env is an environment"]
    {
        assert!(error.message.contains(part), "{part} in {error}");
    }
    assert!(error.help.as_deref().unwrap().contains("secrets.allow"));
    let everything = format!("{error:?}");
    assert!(!everything.contains("MC4CAQ") && !everything.contains("abc"), "{everything}");
}

#[test]
fn allowed_files_are_let_through() {
    let mut project = leaky();
    project.config.secrets_allow = vec!["assets/*.js".into(), ".env.*".into()];
    let error = project.build().unwrap_err();
    assert!(error.message.ends_with(":\n  docs/.env is an environment file"), "{error}");
    project.config.secrets_allow.push("**/.env".into());
    let site = project.build().unwrap();
    assert_eq!(super::project::paths(&site), ["assets/app.js", "index.html"], "environment files stay unpublished");
}
