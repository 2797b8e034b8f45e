//! A request against the shape of its operation's input.

use std::{borrow::Cow, collections::BTreeMap, sync::Mutex};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fancy_regex::Regex;
use roxmltree::Document;

use super::{
    Violation,
    route::Call,
    service::{Kind, Location, Member, Protocol, Service, Shape},
    wire::{Wire, form},
};
use crate::support::servers::Received;

/// Everything in `request` that the model does not allow.
pub fn request(service: &Service, call: &Call, request: &Received) -> Vec<Violation> {
    let mut walk = Walk { service, violations: Vec::new() };
    match &call.operation.input {
        Some(input) => {
            let shape = service.shape(&input.shape);
            walk.outside_the_body(shape, call, request);
            walk.body(input, shape, request);
        }
        None => walk.expect(request.body.is_empty(), "body", "the operation has no input"),
    }
    walk.violations
}

struct Walk<'a> {
    service: &'a Service,
    violations: Vec<Violation>,
}

impl Walk<'_> {
    fn expect(&mut self, holds: bool, at: &str, problem: impl Into<String>) {
        if !holds {
            self.violations.push(Violation { at: at.to_owned(), problem: problem.into() });
        }
    }

    /// Labels of the path, query parameters and headers.
    fn outside_the_body(&mut self, shape: &Shape, call: &Call, request: &Received) {
        let literal = call.operation.http.request_uri.split_once('?').map_or("", |(_, query)| query);
        let mut known: Vec<_> = url::form_urlencoded::parse(literal.as_bytes()).map(|(name, _)| name).collect();
        // The SDK's own name of the operation.
        known.push("x-id".into());
        for (name, member) in &shape.members {
            let wire = wire_name(name, member);
            let found = match member.location {
                Some(Location::Uri) => call.labels.get(wire).map(String::as_str),
                Some(Location::QueryString) => {
                    known.push(wire.into());
                    call.query.iter().find(|(key, _)| key == wire).map(|(_, value)| value.as_str())
                }
                Some(Location::Header) => request.header(wire),
                Some(Location::Headers | Location::StatusCode) | None => continue,
            };
            match found {
                Some(text) => self.value(self.service.shape(&member.shape), Wire::Text(text), name),
                None => self.expect(!shape.required.contains(name), name, "required, and missing"),
            }
        }
        for (name, _) in &call.query {
            self.expect(known.contains(&Cow::from(name)), name, "unknown query parameter");
        }
    }

    fn body(&mut self, input: &Member, shape: &Shape, request: &Received) {
        let payload = shape.payload.as_ref().map(|name| (name, &shape.members[name]));
        let target = payload.map_or(shape, |(_, member)| self.service.shape(&member.shape));
        if target.kind != Kind::Structure {
            // Bytes: an object, or a bucket's policy.
            let (name, _) = payload.expect("the input itself is a structure");
            let is_there = !request.body.is_empty();
            return self.expect(is_there || !shape.required.contains(name), name, "required, and missing");
        }
        match self.service.protocol() {
            Protocol::Query => return self.value(shape, Wire::Json(&form(&request.body)), "body"),
            // Without members a request has no body.
            Protocol::RestJson if request.body.is_empty() => {
                return self.value(shape, Wire::Json(&serde_json::json!({})), "body");
            }
            Protocol::Json | Protocol::RestJson => {
                return match serde_json::from_slice(&request.body) {
                    Ok(value) => self.value(shape, Wire::Json(&value), "body"),
                    Err(cause) => self.expect(false, "body", cause.to_string()),
                };
            }
            Protocol::RestXml => {}
        }
        if request.body.is_empty() {
            let missing = match payload {
                Some((name, _)) => shape.required.contains(name).then_some(name),
                None => shape.required.iter().find(|name| shape.members[*name].location.is_none()),
            };
            return self.expect(missing.is_none(), missing.map_or("body", String::as_str), "required, and missing");
        }
        let (root, at) = match payload {
            Some((name, member)) => (member, name.as_str()),
            None => (input, "body"),
        };
        let text = String::from_utf8_lossy(&request.body);
        let document = match Document::parse(&text) {
            Ok(document) => document,
            Err(cause) => return self.expect(false, "body", cause.to_string()),
        };
        let tag = document.root_element().tag_name();
        let name = root.location_name.as_deref().unwrap_or(&root.shape);
        self.expect(tag.name() == name, at, format!("the element is called {}, not {name}", tag.name()));
        let namespace = root.xml_namespace.as_ref().map(|namespace| namespace.uri.as_str());
        self.expect(tag.namespace() == namespace, at, format!("its namespace is {:?}", tag.namespace()));
        self.value(target, Wire::Xml(document.root_element()), at);
    }

    fn value(&mut self, shape: &Shape, wire: Wire, at: &str) {
        match shape.kind {
            Kind::Structure => match wire.fields() {
                Some(fields) => self.structure(shape, &fields, at),
                None => self.expect(false, at, "not a structure"),
            },
            Kind::List => match wire.items(item_name(shape)) {
                Some(items) => self.list(shape, &items, at),
                // A header or a parameter may hold several words.
                None => self.expect(matches!(wire, Wire::Text(_)), at, format!("not a list of {}", item_name(shape))),
            },
            Kind::Map => match (wire.fields(), &shape.value) {
                (Some(fields), Some(leads)) => {
                    for (name, wire) in fields {
                        self.value(self.service.shape(&leads.shape), wire, &format!("{at}.{name}"));
                    }
                }
                (fields, _) => self.expect(fields.is_some(), at, "not a map"),
            },
            _ => match wire.text() {
                Some(text) => self.scalar(shape, &text, at),
                None => self.expect(false, at, "has parts"),
            },
        }
    }

    fn structure(&mut self, shape: &Shape, fields: &[(Cow<str>, Wire)], at: &str) {
        let mut given: BTreeMap<&str, Vec<Wire>> = BTreeMap::new();
        for (name, wire) in fields {
            given.entry(name).or_default().push(*wire);
        }
        let mut count = 0;
        for (name, member) in shape.members.iter().filter(|(_, member)| member.location.is_none()) {
            let at = format!("{at}.{name}");
            // What is written as an attribute is there whenever its element is.
            let Some(wires) = given.remove(wire_name(name, member)) else {
                self.expect(!shape.required.contains(name) || member.xml_attribute, &at, "required, and missing");
                continue;
            };
            count += 1;
            let target = self.service.shape(&member.shape);
            if member.flattened || (target.flattened && matches!(wires[0], Wire::Xml(_))) {
                self.list(target, &wires, &at);
            } else {
                self.expect(wires.len() == 1, &at, format!("is there {} times", wires.len()));
                self.value(target, wires[0], &at);
            }
        }
        for name in given.keys() {
            self.expect(false, &format!("{at}.{name}"), "unknown member");
        }
        self.expect(!shape.union || count == 1, at, "not exactly one of the alternatives");
        self.quantity(shape, fields, at);
    }

    /// CloudFront's lists say how many items they have.
    fn quantity(&mut self, shape: &Shape, fields: &[(Cow<str>, Wire)], at: &str) {
        let (Some(_), Some(items)) = (shape.members.get("Quantity"), shape.members.get("Items")) else { return };
        let field = |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, wire)| *wire);
        let Some(quantity) = field("Quantity").and_then(Wire::text) else { return };
        let name = item_name(self.service.shape(&items.shape));
        let count = field("Items").and_then(|items| items.items(name)).map_or(0, |items| items.len());
        let says = quantity == count.to_string();
        self.expect(says, &format!("{at}.Quantity"), format!("{quantity}, but there are {count} items"));
    }

    fn list(&mut self, shape: &Shape, items: &[Wire], at: &str) {
        self.bounds(shape, &items.len().to_string(), at, " items");
        let item = shape.member.as_ref().expect("a list has a member");
        for (index, wire) in items.iter().enumerate() {
            self.value(self.service.shape(&item.shape), *wire, &format!("{at}[{index}]"));
        }
    }

    fn scalar(&mut self, shape: &Shape, text: &str, at: &str) {
        match shape.kind {
            Kind::String => {
                self.bounds(shape, &text.chars().count().to_string(), at, " characters");
                let known = shape.values.is_empty() || shape.values.iter().any(|value| value == text);
                self.expect(known, at, format!("{text:?} is none of {}", shape.values.join(", ")));
                let matches = shape.pattern.as_ref().is_none_or(|pattern| is_match(pattern, text));
                self.expect(matches, at, format!("{text:?} does not match {}", shape.pattern.as_deref().unwrap_or("")));
            }
            Kind::Boolean => self.expect(matches!(text, "true" | "false"), at, format!("{text:?} is no boolean")),
            Kind::Integer | Kind::Long => match text.parse::<i64>() {
                Ok(_) => self.bounds(shape, text, at, ""),
                Err(_) => self.expect(false, at, format!("{text:?} is no whole number")),
            },
            Kind::Float | Kind::Double => match text.parse::<f64>() {
                Ok(_) => self.bounds(shape, text, at, ""),
                Err(_) => self.expect(false, at, format!("{text:?} is no number")),
            },
            Kind::Timestamp => {
                let is_time = humantime::parse_rfc3339(text).is_ok() || httpdate::parse_http_date(text).is_ok();
                self.expect(is_time, at, format!("{text:?} is no time"));
            }
            Kind::Blob => match BASE64_STANDARD.decode(text) {
                Ok(bytes) => self.bounds(shape, &bytes.len().to_string(), at, " bytes"),
                Err(cause) => self.expect(false, at, cause.to_string()),
            },
            Kind::Structure | Kind::List | Kind::Map => unreachable!("these have parts"),
        }
    }

    fn bounds(&mut self, shape: &Shape, value: &str, at: &str, unit: &str) {
        let number: f64 = value.parse().expect("a number");
        let fits = shape.min.is_none_or(|min| number >= min) && shape.max.is_none_or(|max| number <= max);
        let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
        let allowed = format!("{}..{}", bound(shape.min), bound(shape.max));
        self.expect(fits, at, format!("{value}{unit} where {allowed} are allowed"));
    }
}

fn wire_name<'a>(name: &'a str, member: &'a Member) -> &'a str {
    member.location_name.as_deref().unwrap_or(name)
}

fn item_name(list: &Shape) -> &str {
    list.member.as_ref().and_then(|member| member.location_name.as_deref()).unwrap_or("member")
}

/// Whether a whole text matches: the model's patterns are written without anchors.
fn is_match(pattern: &str, text: &str) -> bool {
    static COMPILED: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap();
    let regex = compiled.entry(pattern.to_owned()).or_insert_with(|| {
        Regex::new(&format!("^(?:{pattern})$")).unwrap_or_else(|cause| panic!("{pattern}: {cause}"))
    });
    regex.is_match(text).unwrap()
}
