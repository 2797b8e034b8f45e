//! The text of a first configuration.

use std::fmt::Write;

use super::Frontend;

/// Renders it.
pub fn render(frontend: Option<&Frontend>) -> String {
    let site = frontend.map_or_else(|| NO_FRONTEND.to_owned(), site);
    let hashed = frontend.map_or_else(|| vec!["assets/**"], |frontend| frontend.hashed.clone());
    let hashed = hashed.iter().fold(String::new(), |mut rules, pattern| {
        // A `String` takes everything that is written to it.
        let _ =
            writeln!(rules, "  - {{ match: \"{pattern}\", cache_control: \"public, max-age=31536000, immutable\" }}");
        rules
    });
    let api = if frontend.is_some_and(|frontend| frontend.has_api) { API_FOUND } else { API_NONE };
    format!("{HEAD}\n{site}\n{CACHE_HEAD}{hashed}{CACHE_TAIL}\n{HEADERS}\n{api}{API}\n{RELEASES}\n{ENVIRONMENTS}")
}

fn site(frontend: &Frontend) -> String {
    let line = |key: &str, value: &str, comment: &str| {
        let setting = format!("  {key}: {value}");
        format!("{setting:<29} # {comment}\n")
    };
    let command = |key: &str, command: Option<&String>, comment: &str| match command {
        Some(command) => line(key, &scalar(command), comment),
        None => String::new(),
    };
    let made_with = frontend.framework.map_or_else(String::new, |name| format!(" ({name})"));
    let output = if frontend.build.is_some() {
        "the folder that the build writes, from root"
    } else {
        "the built site, from root"
    };
    let spa = if frontend.spa {
        "a path without an extension (/about) shows index.html"
    } else {
        "one page a file; true: paths without an extension show index.html"
    };
    [
        format!("site:{:<24} # the frontend{made_with}\n", ""),
        line("root", &scalar(&frontend.root), "its folder; commands run there"),
        command("install", frontend.install.as_ref(), "installs its dependencies"),
        command("build", frontend.build.as_ref(), "builds it"),
        line("output", &scalar(&frontend.output), output),
        line("spa", if frontend.spa { "true" } else { "false" }, spa),
    ]
    .concat()
}

/// `text` as a YAML value: plain where that is safe, else in quotes, as JSON writes them.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ./_-:@=".contains(c);
    let safe = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.')
        && text.chars().all(plain)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !matches!(text, "true" | "false" | "null");
    if safe { text.to_owned() } else { serde_json::Value::from(text.replace("${", "$${")).to_string() }
}

const HEAD: &str = "\
# How this site is published. `treebeard-cdn check` validates this file,
# `treebeard-cdn schema` describes every key.
version: 1
";

const NO_FRONTEND: &str = "\
site:                         # no frontend was found: fill these in
  root: .                     # the frontend's folder; commands run there
  # install: npm ci           # installs its dependencies
  # build: npm run build      # builds it; without a command, `output` is already built
  output: dist                # the folder of the built site, from root
  spa: true                   # a path without an extension (/about) shows index.html
";

const CACHE_HEAD: &str = "\
cache:                        # Cache-Control by path; the first match wins
  # `immutable` holds for names with a content hash only; other names fall through.
";

const CACHE_TAIL: &str = "  \
  # Fonts or images with plain names: `fingerprint` publishes them under a hashed name, too.
  # - { match: \"images/**\", fingerprint: true, cache_control: \"public, max-age=31536000, immutable\" }
  - { match: \"**/*.html\", cache_control: \"public, max-age=300, must-revalidate\" }
";

const HEADERS: &str = "\
security_headers:             # on every response; `null` instead of a value removes one
  strict_transport_security:  # https only, for a year
    max_age: 31536000
    include_subdomains: false # true: also every subdomain
    preload: false            # true: also before the first visit (https://hstspreload.org)
  content_security_policy:    # where content may come from: add the hosts that the site uses
    policy: >-
      default-src 'self';
      script-src 'self' 'unsafe-inline';
      style-src 'self' 'unsafe-inline';
      img-src 'self' data: blob:;
      font-src 'self' data:
  x_content_type_options: nosniff
  x_frame_options: DENY       # or SAMEORIGIN
  x_xss_protection: \"1; mode=block\"
  referrer_policy: strict-origin-when-cross-origin
";

const API_FOUND: &str = "\
# The development server sends /api to an API. To publish the site with it, fill this in
# and remove the `#`:
";

const API_NONE: &str = "\
# If the site has an API on the same host, remove the `#`:
";

const API: &str = "\
# api:
#   path: \"/api/*\"            # requests that go to the API
#   local:
#     command: node server.js # starts it for `serve`; it listens on $PORT
#     health: /health         # answers 2xx once it can serve
";

const RELEASES: &str = "\
releases:
  keep: 5                     # how many releases stay for rollbacks and open tabs
  grace: 7d                   # how long a superseded one stays at least
";

const ENVIRONMENTS: &str = "\
environments:                 # chosen with --env; `local` when absent
  local:                      # a store on this machine, served on http://localhost:8787
    target: local
  # production:               # an S3 bucket behind a CloudFront distribution
  #   bucket: my-site
  #   region: us-east-1
  #   domains: [www.example.com]
  #   certificate_arn: ${CERTIFICATE_ARN}
";
