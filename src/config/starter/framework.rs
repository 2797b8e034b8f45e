//! What frontend tools have in common with each other, and what not.

use std::{fs, path::Path};

use serde_json::Value;

/// A tool that builds frontends.
pub struct Framework {
    /// Its package.
    pub package: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where it writes the built site, unless configured otherwise.
    pub output: &'static str,
    /// Whether its sites have client-side routes; none when the pages tell.
    pub spa: Option<bool>,
    /// Files whose names have a content hash.
    pub hashed: &'static [&'static str],
}

const fn tool(
    package: &'static str,
    name: &'static str,
    output: &'static str,
    spa: Option<bool>,
    hashed: &'static [&'static str],
) -> Framework {
    Framework { package, name, output, spa, hashed }
}

/// In the order of precedence: many of these use Vite inside.
const FRAMEWORKS: &[Framework] = &[
    tool("next", "Next.js", "out", Some(false), &["_next/static/**"]),
    tool("nuxt", "Nuxt", ".output/public", Some(false), &["_nuxt/**"]),
    tool("astro", "Astro", "dist", Some(false), &["_astro/**"]),
    tool("gatsby", "Gatsby", "public", Some(false), &["*.{js,css}", "static/**"]),
    tool("@docusaurus/core", "Docusaurus", "build", Some(false), &["assets/**"]),
    tool("@11ty/eleventy", "Eleventy", "_site", Some(false), &["assets/**"]),
    tool("@sveltejs/kit", "SvelteKit", "build", None, &["_app/immutable/**"]),
    tool("@react-router/dev", "React Router", "build/client", Some(true), &["assets/**"]),
    tool("@angular/core", "Angular", "dist", Some(true), &["*.{js,css}", "media/**"]),
    tool("@vue/cli-service", "Vue CLI", "dist", Some(true), &["{js,css,img,fonts}/**"]),
    tool("react-scripts", "Create React App", "build", Some(true), &["static/**"]),
    tool("vite", "Vite", "dist", None, &["assets/**"]),
    tool("parcel", "Parcel", "dist", None, &["*.{js,css}"]),
];

/// The first tool that `package.json` depends on.
pub fn of(package: &Value) -> Option<&'static Framework> {
    let depends =
        |name: &str| ["dependencies", "devDependencies"].iter().any(|kind| package[*kind].get(name).is_some());
    FRAMEWORKS.iter().find(|framework| depends(framework.package))
}

/// Where `framework` writes the built site of the frontend in `folder`.
pub fn output(framework: &Framework, folder: &Path) -> String {
    let configured = match framework.package {
        "@angular/core" => angular_output(folder),
        "vite" => vite_config(folder).and_then(|text| quoted_after(&text, "outDir:")),
        _ => None,
    };
    configured
        .map(|output| output.trim_start_matches("./").trim_end_matches('/').to_owned())
        .filter(|output| !output.is_empty() && !output.starts_with(['.', '/']))
        .unwrap_or_else(|| framework.output.to_owned())
}

/// The text of Vite's configuration.
pub fn vite_config(folder: &Path) -> Option<String> {
    ["ts", "js", "mts", "mjs", "cts", "cjs"]
        .iter()
        .find_map(|extension| fs::read_to_string(folder.join(format!("vite.config.{extension}"))).ok())
}

fn quoted_after(text: &str, key: &str) -> Option<String> {
    let (_, rest) = text.split_once(key)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (value, _) = rest[1..].split_once(quote)?;
    Some(value.to_owned())
}

/// Angular writes `dist/<project>/browser` since version 17, `dist/<project>` before.
fn angular_output(folder: &Path) -> Option<String> {
    let workspace: Value = serde_json::from_str(&fs::read_to_string(folder.join("angular.json")).ok()?).ok()?;
    let (name, project) =
        workspace["projects"].as_object()?.iter().find(|(_, project)| project["projectType"] != "library")?;
    let build = project.get("architect").or_else(|| project.get("targets"))?.get("build")?;
    let path = &build["options"]["outputPath"];
    let base = path.as_str().or_else(|| path["base"].as_str()).map_or_else(|| format!("dist/{name}"), str::to_owned);
    let application = build["builder"].as_str().is_some_and(|builder| builder.ends_with(":application"));
    let browser = path["browser"].as_str().unwrap_or("browser");
    Some(if application && !browser.is_empty() { format!("{base}/{browser}") } else { base })
}
