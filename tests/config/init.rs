//! `init` for every kind of frontend: what it finds, and that `check` has nothing to add.

use crate::support::Project;

const NPM: (&str, &str) = ("package-lock.json", "{}");
const INDEX: &str = "<!doctype html><title>x</title>";

fn package(dependencies: &str) -> String {
    format!("{{ \"scripts\": {{ \"build\": \"x\", \"generate\": \"x\" }}, \"devDependencies\": {{ {dependencies} }} }}")
}

/// Runs `init` and `check`; gives "framework root install build output spa".
fn found(files: &[(&str, &str)]) -> String {
    let project = Project::new();
    for (path, content) in files {
        project.write(path, content);
    }
    let document = project.json(&["init"]);
    let check = project.json(&["check"]);
    assert_eq!(check, serde_json::json!({ "problems": [] }), "{files:?}");
    let frontend = &document["frontend"];
    let text = |key: &str| frontend[key].as_str().unwrap_or("-").to_owned();
    let words = ["framework", "root", "install", "build", "output"].map(text);
    format!("{} | spa {}", words.join(" | "), frontend["spa"])
}

#[test]
fn every_kind_of_frontend_is_recognised() {
    let vite = package("\"vite\": \"8\"");
    let kit = package("\"@sveltejs/kit\": \"2\", \"vite\": \"8\"");
    let angular = r#"{ "projects": { "shop": { "architect": { "build": {
        "builder": "@angular/build:application", "options": {} } } } } }"#;
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("Vite | . | npm ci | npm run build | dist | spa true", &[("package.json", &vite), NPM, ("index.html", INDEX)]),
        (
            "Vite | frontend | pnpm install --frozen-lockfile | pnpm run build | out | spa true",
            &[
                ("package.json", "{}"),
                ("frontend/package.json", &vite),
                ("frontend/pnpm-lock.yaml", ""),
                ("frontend/vite.config.ts", "export default { build: { outDir: './out/' } }"),
            ],
        ),
        (
            "Vite | . | npm install | npm run build | dist | spa false",
            &[("package.json", &vite), ("index.html", INDEX), ("about.html", INDEX)],
        ),
        (
            "Create React App | web | yarn install --frozen-lockfile | yarn run build | build | spa true",
            &[("web/package.json", &package("\"react-scripts\": \"5\"")), ("web/yarn.lock", "")],
        ),
        (
            "Next.js | . | yarn install --immutable | yarn run build | out | spa false",
            &[("package.json", &package("\"next\": \"16\"")), ("yarn.lock", ""), (".yarnrc.yml", "")],
        ),
        (
            "Angular | . | npm ci | npm run build | dist/shop/browser | spa true",
            &[("package.json", &package("\"@angular/core\": \"21\"")), NPM, ("angular.json", angular)],
        ),
        ("SvelteKit | . | npm ci | npm run build | build | spa false", &[("package.json", &kit), NPM]),
        (
            "SvelteKit | . | npm ci | npm run build | build | spa true",
            &[("package.json", &kit), NPM, ("svelte.config.js", "adapter({ fallback: '200.html' })")],
        ),
        (
            "Astro | . | bun install --frozen-lockfile | bun run build | dist | spa false",
            &[("package.json", &package("\"astro\": \"6\", \"vite\": \"8\"")), ("bun.lock", "")],
        ),
        (
            "Vue CLI | client | npm install | npm run build | dist | spa true",
            &[("client/package.json", &package("\"@vue/cli-service\": \"5\""))],
        ),
        (
            "Nuxt | . | npm install | npm run generate | .output/public | spa false",
            &[("package.json", &package("\"nuxt\": \"4\""))],
        ),
        ("- | . | npm install | npm run build | dist | spa true", &[("package.json", &package(""))]),
        ("- | . | - | - | dist | spa true", &[("dist/index.html", INDEX), ("dist/404.html", INDEX)]),
        ("- | . | - | - | public | spa false", &[("public/index.html", INDEX), ("public/about/index.html", INDEX)]),
        ("- | . | - | - | . | spa true", &[("index.html", INDEX)]),
        ("- | my site: #1 | - | - | . | spa true", &[("my site: #1/index.html", INDEX)]),
        ("- | - | - | - | - | spa null", &[("README.md", "nothing here")]),
        (
            "- | - | - | - | - | spa null",
            &[("package.json", "{ \"name\": \"a library\" }"), ("node_modules/a/index.html", INDEX)],
        ),
    ];
    for (expected, files) in cases {
        assert_eq!(found(files), *expected);
    }
}

#[test]
fn the_configuration_explains_itself() {
    let project = Project::new();
    project.write("frontend/package.json", package("\"vite\": \"8\""));
    project.write("frontend/package-lock.json", "{}");
    project.write("frontend/vite.config.ts", "server: { proxy: { '/api': 'http://localhost:8080' } }");
    let run = project.run(&["init"]);
    assert_eq!(run.code, 0, "{run:?}");
    insta::assert_snapshot!("init_output", run.stdout);
    insta::assert_snapshot!("init_file", std::fs::read_to_string(project.path("cdn-config.yml")).unwrap());
}

#[test]
fn the_commented_sections_are_right_once_uncommented() {
    let project = Project::new();
    project.write("dist/index.html", INDEX);
    project.json(&["init"]);
    let text = std::fs::read_to_string(project.path("cdn-config.yml")).unwrap();
    let uncommented: Vec<_> = text
        .lines()
        .map(|line| {
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            match rest.strip_prefix("# ") {
                Some(rest)
                    if rest.starts_with("- {")
                        || rest.split(' ').next().is_some_and(|w| w.ends_with(':'))
                        || rest.starts_with("  ") =>
                {
                    format!("{indent}{rest}")
                }
                _ => line.to_owned(),
            }
        })
        .collect();
    let text = uncommented
        .join("\n")
        .replace("    certificate_arn", "    api_origin: https://api.example.com\n    certificate_arn");
    let checked = super::check(&text, "production", super::VARIABLES);
    let found: Vec<_> = checked.problems.iter().collect();
    assert!(found.is_empty() && checked.config.unwrap().api.is_some(), "{text}\n{found:#?}");
}

#[test]
fn an_existing_configuration_is_not_overwritten() {
    let project = Project::new();
    project.write("cdn-config.yml", "mine");
    let refused = project.run(&["init", "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["rule"]), (3, &"config-exists".into()));
    assert_eq!(std::fs::read_to_string(project.path("cdn-config.yml")).unwrap(), "mine");
    project.json(&["init", "--force"]);
    project.json(&["check"]);
}
