//! The file as it was written: its values, and where each of them stands.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

use saphyr::Scalar;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::{
    path::KeyPath,
    problem::{Position, Problem},
};
use crate::error::{Class, Error, IoContext, Result};

/// Far above any real configuration; keeps a wrong `--config` from filling the memory.
const MAX_BYTES: u64 = 1 << 20;

/// Most values in a document, those that aliases repeat included.
const MAX_VALUES: usize = 20_000;

/// Deepest nesting of a document.
const MAX_DEPTH: usize = 64;

/// A document and the places of its keys and values.
#[derive(Debug)]
pub struct Source {
    /// What it says. Variables are not resolved.
    pub value: Value,
    places: BTreeMap<KeyPath, Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    key: Position,
    value: Position,
}

/// Reads the text of `file`, without a byte order mark.
pub fn read(file: &Path) -> Result<String> {
    let name = file.display();
    let mut bytes = Vec::new();
    match File::open(file) {
        Ok(open) => open.take(MAX_BYTES + 1).read_to_end(&mut bytes).doing("read", file)?,
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            return Err(Error::new(Class::Config, "config-missing", format!("there is no {name}"))
                .help("run `treebeard-cdn init` to write one, or name another file with --config"));
        }
        Err(cause) => return Err(cause).doing("read", file),
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::new(Class::Config, "config-too-large", format!("{name} is larger than 1 MiB"))
            .help("check that --config names a configuration"));
    }
    let text = String::from_utf8(bytes).map_err(|cause| {
        let valid = &cause.as_bytes()[..cause.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Error::new(Class::Config, "config-encoding", format!("{name} is not UTF-8 in line {line}"))
            .help("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

impl Source {
    /// Parses `text`. Keys that are there twice come as problems beside the source;
    /// what is no YAML at all is the one problem that there is to tell.
    pub fn parse(text: &str) -> Result<(Self, Vec<Problem>), Problem> {
        let mut reader = Reader::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|cause| syntax(text, *cause.marker(), cause.info()))?;
            reader.event(event, position(span.start))?;
        }
        let value = reader.document.unwrap_or(Value::Null);
        if !value.is_object() {
            let message = format!("the file is {}, must be a mapping of settings", super::words::described(&value));
            let help = "start with `version: 1`, or run `treebeard-cdn init --force`";
            return Err(Problem::error("not-a-mapping", &KeyPath::root(), Position::START, message, help));
        }
        Ok((Self { value, places: reader.places }, reader.problems))
    }

    /// Whether something was written at `path`.
    pub fn has(&self, path: &KeyPath) -> bool {
        self.places.contains_key(path)
    }

    /// Where the value at `path` stands; inside of an alias, where the alias stands.
    pub fn value_position(&self, path: &KeyPath) -> Position {
        self.place(path).map_or(Position::START, |place| place.value)
    }

    /// Where the key at `path` stands; for an item of a list, where the item starts.
    pub fn key_position(&self, path: &KeyPath) -> Position {
        self.place(path).map_or(Position::START, |place| place.key)
    }

    fn place(&self, path: &KeyPath) -> Option<Place> {
        let mut path = path.clone();
        loop {
            if let Some(place) = self.places.get(&path) {
                return Some(*place);
            }
            path = path.parent()?;
        }
    }
}

/// A mapping or list that is not complete yet.
struct Frame {
    path: KeyPath,
    anchor: usize,
    items: Items,
}

enum Items {
    Mapping(Map<String, Value>, Option<(String, Position)>),
    List(Vec<Value>),
}

/// Builds the document from the parser's events: without recursion, and within limits.
#[derive(Default)]
struct Reader {
    stack: Vec<Frame>,
    anchors: HashMap<usize, Value>,
    values: usize,
    document: Option<Value>,
    places: BTreeMap<KeyPath, Place>,
    problems: Vec<Problem>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, at: Position) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.takes_key(&text, at) {
                    return Ok(());
                }
                self.within_limits(1, 0, at)?;
                let empty = text.is_empty() && style == ScalarStyle::Plain;
                let value = match Scalar::parse_from_cow_and_metadata(text.clone(), style, tag.as_ref()) {
                    Some(Scalar::Null) => Value::Null,
                    Some(Scalar::Boolean(value)) => value.into(),
                    Some(Scalar::Integer(value)) => value.into(),
                    Some(Scalar::FloatingPoint(value)) if value.is_finite() => (*value).into(),
                    _ => text.into_owned().into(),
                };
                // An absent value has no place of its own: its key's is the one to look at.
                self.insert(value, (!empty).then_some(at), anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(Items::List(Vec::new()), at, anchor),
            Event::MappingStart(anchor, _) => self.open(Items::Mapping(Map::new(), None), at, anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else { return Ok(()) };
                let value = match frame.items {
                    Items::Mapping(entries, _) => Value::Object(entries),
                    Items::List(items) => Value::Array(items),
                };
                self.insert(value, None, frame.anchor)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or_default();
                let (values, depth) = measure(&value);
                self.within_limits(values, depth, at)?;
                self.insert(value, Some(at), 0)
            }
            Event::DocumentStart(_) if self.document.is_some() => {
                let message = "the file holds more than one document".to_owned();
                let help = "keep one configuration a file: remove the `---` between them, and list environments under `environments`";
                Err(Problem::error("yaml-documents", &KeyPath::root(), at, message, help))
            }
            _ => Ok(()),
        }
    }

    /// Takes a scalar as the next key of a mapping, if one is due.
    fn takes_key(&mut self, text: &str, at: Position) -> bool {
        match self.stack.last_mut().map(|frame| &mut frame.items) {
            Some(Items::Mapping(_, key @ None)) => {
                *key = Some((text.to_owned(), at));
                true
            }
            _ => false,
        }
    }

    fn open(&mut self, items: Items, at: Position, anchor: usize) -> Result<(), Problem> {
        self.within_limits(1, 1, at)?;
        let path = self.next_path(at)?;
        self.note(&path, Some(at));
        self.stack.push(Frame { path, anchor, items });
        Ok(())
    }

    /// Where the next value will stand.
    fn next_path(&self, at: Position) -> Result<KeyPath, Problem> {
        match self.stack.last() {
            None => Ok(KeyPath::root()),
            Some(Frame { path, items: Items::List(items), .. }) => Ok(path.item(items.len())),
            Some(Frame { path, items: Items::Mapping(_, Some((key, _))), .. }) => Ok(path.key(key)),
            Some(Frame { path, .. }) => {
                let message = "a key is a list or a mapping, must be text".to_owned();
                Err(Problem::error("yaml-key", path, at, message, "write keys as plain words"))
            }
        }
    }

    fn note(&mut self, path: &KeyPath, at: Option<Position>) {
        let key = match self.stack.last().map(|frame| &frame.items) {
            Some(Items::Mapping(_, Some((_, key)))) => Some(*key),
            _ => at,
        };
        let Some((key, value)) = key.map(|key| (key, at.unwrap_or(key))) else { return };
        // The first of two equal keys is the one that counts.
        self.places.entry(path.clone()).or_insert(Place { key, value });
    }

    fn insert(&mut self, value: Value, at: Option<Position>, anchor: usize) -> Result<(), Problem> {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        let path = self.next_path(at.unwrap_or(Position::START))?;
        self.note(&path, at);
        match self.stack.last_mut().map(|frame| &mut frame.items) {
            None => self.document = Some(value),
            Some(Items::List(items)) => items.push(value),
            Some(Items::Mapping(entries, key)) => {
                if let Some((key, at)) = key.take() {
                    if entries.contains_key(&key) {
                        let message = format!("`{key}` is there twice");
                        let help = format!("remove one of them; the first is in line {}", self.places[&path].key.line);
                        self.problems.push(Problem::error("duplicate-key", &path, at, message, help));
                    } else {
                        entries.insert(key, value);
                    }
                }
            }
        }
        Ok(())
    }

    /// Counts `values` more, nested `depth` deep.
    fn within_limits(&mut self, values: usize, depth: usize, at: Position) -> Result<(), Problem> {
        self.values += values;
        let what = if self.values > MAX_VALUES {
            format!("the file holds more than {MAX_VALUES} values, those that aliases repeat included")
        } else if self.stack.len() + depth > MAX_DEPTH {
            format!("the file nests more than {MAX_DEPTH} levels deep")
        } else {
            return Ok(());
        };
        Err(Problem::error("yaml-limit", &KeyPath::root(), at, what, "check that this is a configuration"))
    }
}

/// How many values there are, and how deep they nest.
fn measure(value: &Value) -> (usize, usize) {
    let inside: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(entries) => Box::new(entries.values()),
        _ => return (1, 0),
    };
    let (values, depth) = inside.map(measure).fold((1, 0), |(n, deep), (more, depth)| (n + more, deep.max(depth)));
    (values, depth + 1)
}

fn position(mark: Marker) -> Position {
    Position { line: mark.line().max(1), column: mark.col() + 1 }
}

fn syntax(text: &str, mark: Marker, info: &str) -> Problem {
    let at = position(mark);
    let line = text.lines().nth(at.line - 1).unwrap_or_default();
    let indentation = &line[..line.len() - line.trim_start().len()];
    let help = if indentation.contains('\t') {
        "indent with spaces: YAML takes no tabs there"
    } else {
        "check indentation, quotes and brackets in this line and the one above"
    };
    Problem::error("yaml-syntax", &KeyPath::root(), at, format!("this is no YAML: {info}"), help)
}
