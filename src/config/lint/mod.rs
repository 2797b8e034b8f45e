//! Settings that are well formed and still wrong: named rules over one environment at a time.

mod cache;
mod countries;
mod delivery;
mod environment;
mod headers;
mod lambda;
mod origin;
mod publish;
mod responses;
mod site;

use serde_json::Value;

use super::{
    cloudfront,
    effective::Effective,
    file,
    path::KeyPath,
    problem::{Problem, Severity},
    source::Source,
    structure,
    variables::Lookup,
};

/// Looks at every environment; resolves the `chosen` one and gives it, unless it is not there.
/// What the schema refused is left out, so that one mistake does not hide the others.
pub fn run(
    source: &Source,
    chosen: &str,
    lookup: Lookup<'_>,
    problems: &mut Vec<Problem>,
) -> Option<file::Environment> {
    let Some(environments) = source.value.get("environments").and_then(Value::as_object) else {
        top_level(source, problems);
        return None;
    };
    let mut resolved = None;
    for name in environments.keys() {
        environment::name(source, name, problems);
        let mut effective = Effective::new(source, name);
        if name == chosen {
            problems.extend(effective.resolve_variables(lookup));
            problems.extend(structure::check_resolved(&effective, source));
        }
        // Looked at as it was written: people bring other names for these keys, too.
        let error_responses = effective.value.get("error_responses").cloned().unwrap_or_default();
        structure::prune(&mut effective.value);
        let Ok(environment) = serde_json::from_value(effective.value.clone()) else { continue };
        let mut report = Report { source, effective: &effective, problems };
        look(&mut report, &environment);
        let has_api = environment.settings.api.is_some();
        cloudfront::error_responses(&mut report, &error_responses, has_api);
        if name == chosen {
            resolved = Some(environment);
        }
    }
    if !environments.is_empty() && !environments.contains_key(chosen) {
        problems.push(environment::unknown(source, chosen));
    }
    resolved
}

/// Without environments, the top level is looked at as if there were a local one.
fn top_level(source: &Source, problems: &mut Vec<Problem>) {
    let mut effective = Effective::new(source, "local");
    structure::prune(&mut effective.value);
    effective.value["target"] = "local".into();
    if let Ok(environment) = serde_json::from_value(effective.value.clone()) {
        look(&mut Report { source, effective: &effective, problems }, &environment);
    }
}

fn look(report: &mut Report<'_>, environment: &file::Environment) {
    let file::Environment { place, settings } = environment;
    // Destructured, so that a new setting asks for its lints.
    let file::Settings {
        site,
        cache,
        compression,
        security_headers,
        api,
        releases,
        secrets,
        invalidation: _,
        error_responses: _,
        response_headers,
        cors,
        price_class: _,
        minimum_tls: _,
        logging,
        waf_acl,
        geo,
        origin_shield,
        cache_tag_header,
        tags,
    } = settings;
    publish::target(report, place);
    publish::aws(report, place, api.as_ref());
    site::site(report, site);
    site::api(report, place, api.as_ref());
    lambda::lambda(report, place, api.as_ref());
    site::compression(report, compression);
    site::releases(report, releases);
    site::secrets(report, secrets);
    cache::rules(report, cache);
    headers::security(report, security_headers);
    responses::response_headers(report, response_headers, api.is_some());
    if let Some(cors) = cors {
        responses::cors(report, cors);
    }
    if let Some(logging) = logging {
        delivery::logging(report, logging, place);
    }
    if let Some(geo) = geo {
        delivery::geo(report, geo);
    }
    delivery::waf(report, waf_acl.as_ref());
    delivery::origin_shield(report, origin_shield.as_ref());
    delivery::cache_tag_header(report, cache_tag_header.as_ref());
    delivery::tags(report, tags);
    delivery::quotas(report, place, settings);
}

/// Collects the problems of one environment, each where its value was written.
pub struct Report<'a> {
    source: &'a Source,
    effective: &'a Effective<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Report<'_> {
    /// The configuration cannot be used as it is.
    pub fn error(&mut self, rule: &'static str, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Error, rule, path, message.into(), help.into());
    }

    /// It can, but somebody should look.
    pub fn warn(&mut self, rule: &'static str, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Warning, rule, path, message.into(), help.into());
    }

    /// The environment itself lacks something.
    pub fn lacks(&mut self, rule: &'static str, message: impl Into<String>, help: impl Into<String>) {
        let path = self.effective.base().clone();
        let at = self.source.key_position(&path);
        self.problems.push(Problem::error(rule, &path, at, message.into(), help));
    }

    /// The value at `path` as it was written: what a variable stands for may be a secret.
    pub fn shown(&self, path: &str) -> String {
        let written = self.effective.origin(&path.into()).of(&self.source.value).unwrap_or(&Value::Null);
        written.as_str().map_or_else(|| format!("`{written}`"), |text| format!("`{text}`"))
    }

    /// `item` of the list at `path`, with the same restraint.
    pub fn shown_item(&self, path: &str, item: &str) -> String {
        let written = self.effective.origin(&path.into()).of(&self.source.value).and_then(Value::as_array);
        let is_literal = written.into_iter().flatten().any(|it| it.as_str() == Some(item));
        if is_literal { format!("`{item}`") } else { "what a variable here stands for".to_owned() }
    }

    fn push(&mut self, severity: Severity, rule: &'static str, path: &str, message: String, help: String) {
        let path = self.effective.origin(&KeyPath::from(path));
        let at = self.source.value_position(&path);
        self.problems.push(Problem { severity, ..Problem::error(rule, &path, at, message, help) });
    }
}

/// `text`, unless it is empty or holds a variable of an environment that is not in use.
fn known(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty() && !text.contains("${"))
}

/// The model of CloudFront's API has signed numbers of 32 bits for ages.
fn seconds(report: &mut Report<'_>, path: &str, age: u64) {
    if i32::try_from(age).is_err() {
        let message = format!("{} is longer than CloudFront can tell browsers", report.shown(path));
        report.error("out-of-range", path, message, format!("use at most {} seconds; a year is 31536000", i32::MAX));
    }
}

/// The name of a header (RFC 9110, section 5.6.2: `token`).
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// `us-east-1`, `us-gov-west-1`.
fn is_region(region: &str) -> bool {
    let parts: Vec<_> = region.split('-').collect();
    let word = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    let [words @ .., number] = &parts[..] else { return false };
    words.len() >= 2 && words.iter().all(word) && number.len() <= 2 && number.parse::<u8>().is_ok()
}
