//! Which operation a request asks for.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::service::{Location, Operation, Protocol, Service, Shape};
use crate::support::servers::Received;

/// A request taken apart as its operation's URI says.
pub struct Call<'a> {
    pub operation: &'a Operation,
    pub labels: BTreeMap<&'a str, String>,
    pub query: Vec<(String, String)>,
}

/// The operation whose method and URI are those of `request`.
///
/// Several may fit: the one with the most literal parts is meant, then the one that finds the most of what it requires
/// (`CopyObject` and `PutObject` differ in a header only), then the one that is not deprecated.
pub fn find<'a>(service: &'a Service, request: &Received) -> Option<Call<'a>> {
    if let Some(prefix) = service.target_prefix() {
        let name = request.header("x-amz-target")?.strip_prefix(prefix)?.strip_prefix('.')?.to_owned();
        let operation = service.operations().find(|operation| operation.name == name)?;
        return Some(Call { operation, labels: BTreeMap::new(), query: Vec::new() });
    }
    if service.protocol() == Protocol::Query {
        let name = url::form_urlencoded::parse(&request.body).find(|(name, _)| name == "Action")?.1.into_owned();
        let operation = service.operations().find(|operation| operation.name == name)?;
        return Some(Call { operation, labels: BTreeMap::new(), query: Vec::new() });
    }
    let (path, query) = request.target().split_once('?').unwrap_or((request.target(), ""));
    let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fitting = service.operations().filter(|operation| operation.http.method == request.method());
    let fitting = fitting.filter_map(|operation| {
        let (template, wanted) =
            operation.http.request_uri.split_once('?').unwrap_or((&operation.http.request_uri, ""));
        let (literals, labels) = labels(template, path)?;
        let wanted: Vec<_> = url::form_urlencoded::parse(wanted.as_bytes()).into_owned().collect();
        let found = wanted
            .iter()
            .all(|(name, value)| query.iter().any(|(key, given)| key == name && (value.is_empty() || value == given)));
        let given = given(service, operation, request, &query)?;
        let rank = (literals, wanted.len(), given, !operation.deprecated);
        found.then(|| (rank, Call { operation, labels, query: query.clone() }))
    });
    fitting.max_by_key(|(rank, _)| *rank).map(|(_, call)| call)
}

/// The number of literal segments, and what stands in place of `{Label}`; the label `{Key+}` may hold slashes.
fn labels<'a>(template: &'a str, path: &str) -> Option<(usize, BTreeMap<&'a str, String>)> {
    let mut labels = BTreeMap::new();
    let mut literals = 0;
    let mut rest = path.strip_prefix('/')?;
    let mut segments = template.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let label = segment.strip_prefix('{').and_then(|label| label.strip_suffix('}'));
        let (value, after) = match label {
            Some(label) if label.ends_with('+') => (rest, ""),
            // S3's SDKs end the path of a bucket with a slash.
            _ => rest.split_once('/').filter(|(_, after)| !is_last || after.is_empty()).unwrap_or((rest, "")),
        };
        match label {
            Some(_) if value.is_empty() || (is_last && !after.is_empty()) => return None,
            Some(label) if !label.ends_with('+') && value.contains('/') => return None,
            Some(label) => {
                let value = percent_decode_str(value).decode_utf8().ok()?.into_owned();
                labels.insert(label.trim_end_matches('+'), value);
            }
            None if value != segment => return None,
            None => literals += 1,
        }
        rest = after;
    }
    rest.is_empty().then_some((literals, labels))
}

/// How many of the required headers and parameters are there. None where one is missing that alone tells the operation
/// from a simpler one of the same URI: nothing but S3's objects have those.
fn given(service: &Service, operation: &Operation, request: &Received, query: &[(String, String)]) -> Option<usize> {
    let Some(input) = &operation.input else { return Some(0) };
    let shape: &Shape = service.shape(&input.shape);
    let required = shape.required.iter().filter_map(|name| shape.members.get_key_value(name));
    let mut count = 0;
    for (name, member) in required {
        let wire = member.location_name.as_deref().unwrap_or(name);
        let found = match member.location {
            Some(Location::QueryString) => query.iter().any(|(key, _)| key == wire),
            Some(Location::Header) => request.header(wire).is_some(),
            _ => continue,
        };
        if !found && service.signing_name == "s3" {
            return None;
        }
        count += usize::from(found);
    }
    Some(count)
}
