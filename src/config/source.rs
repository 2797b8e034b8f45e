//! The file as it was written: its values, and where each of them stands.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{ErrorKind, Read},
    ops::Range,
    path::Path,
};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::Value;

use super::{
    path::{KeyPath, Segment},
    private::is_private,
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
    /// Where, in characters of the text, values stand that are not to be shown.
    pub private: Vec<Range<usize>>,
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
    if file.is_dir() {
        return Err(Error::new(Class::Config, "config-missing", format!("{name} is a folder"))
            .help("name the file in it with --config"));
    }
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
        let line = valid.split(|&byte| byte == b'\n').count();
        Error::new(Class::Config, "config-encoding", format!("{name} is not UTF-8 in line {line}"))
            .help("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

impl Source {
    /// Parses `text`. Keys that are there twice come as problems beside the source;
    /// what is no YAML at all is the one problem that there is to tell.
    pub fn parse(text: &str) -> Result<(Self, Vec<Problem>), Problem> {
        let mut reader = Follower::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|cause| syntax(text, position(*cause.marker()), cause.info()))?;
            let is_scalar = matches!(event, Event::Scalar(..));
            let path = is_scalar.then(|| reader.scalar_path()).flatten();
            reader.event(event, position(span.start))?;
            if path.is_some_and(|path| is_private(&path)) {
                reader.private.push(span.start.index()..span.end.index());
            }
        }
        let value: Value = serde_yaml::from_str(text).map_err(|cause| {
            let at = cause.location().map(|at| Position { line: at.line().max(1), column: at.column().max(1) });
            syntax(text, at.unwrap_or(Position::START), &cause.to_string())
        })?;
        if !value.is_object() {
            let message = format!("the file is {}, must be a mapping of settings", super::words::described(&value));
            let help = "start with `version: 1`, or run `treebeard-cdn init --force`";
            return Err(Problem::error("not-a-mapping", &KeyPath::root(), Position::START, message, help));
        }
        Ok((Self { value, private: reader.private, places: reader.places }, reader.problems))
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
    size: Size,
}

enum Items {
    /// The key whose value comes next, and where it stands.
    Mapping(Option<(String, Position)>),
    /// How many items came.
    List(usize),
}

/// How much a value holds: aliases repeat it.
#[derive(Debug, Clone, Copy)]
struct Size {
    values: usize,
    depth: usize,
}

impl Size {
    const SCALAR: Self = Self { values: 1, depth: 0 };
}

/// Follows the parser's events: notes where everything stands, without recursion and within limits.
#[derive(Default)]
struct Follower {
    stack: Vec<Frame>,
    anchors: HashMap<usize, Size>,
    values: usize,
    documents: usize,
    places: BTreeMap<KeyPath, Place>,
    twice: BTreeSet<KeyPath>,
    private: Vec<Range<usize>>,
    problems: Vec<Problem>,
}

impl Follower {
    fn event(&mut self, event: Event<'_>, at: Position) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                Self::refuse_tag(tag.as_deref(), at)?;
                if self.takes_key(&text, at) {
                    return Ok(());
                }
                self.within_limits(Size::SCALAR, at)?;
                let empty = text.is_empty() && style == ScalarStyle::Plain;
                // An absent value has no place of its own: its key's is the one to look at.
                let path = self.next_path(at)?;
                self.note(&path, (!empty).then_some(at));
                self.complete(Size::SCALAR, anchor);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => {
                Self::refuse_tag(tag.as_deref(), at)?;
                self.open(Items::List(0), at, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                Self::refuse_tag(tag.as_deref(), at)?;
                self.open(Items::Mapping(None), at, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Frame { size, anchor, .. }) = self.stack.pop() {
                    self.complete(size, anchor);
                }
                Ok(())
            }
            Event::Alias(anchor) => {
                let size = self.anchors.get(&anchor).copied().unwrap_or(Size::SCALAR);
                self.within_limits(size, at)?;
                let path = self.next_path(at)?;
                self.note(&path, Some(at));
                self.complete(size, 0);
                Ok(())
            }
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents == 1 {
                    return Ok(());
                }
                let message = "the file holds more than one document".to_owned();
                let help = "keep one configuration a file: remove the `---` between them, and list environments under `environments`";
                Err(Problem::error("yaml-documents", &KeyPath::root(), at, message, help))
            }
            _ => Ok(()),
        }
    }

    /// Tags such as `!Ref` mean something to other programs; here they mean nothing.
    fn refuse_tag(tag: Option<&Tag>, at: Position) -> Result<(), Problem> {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return Ok(()) };
        let message = format!("`{tag}` is a tag, which this file cannot have");
        let help = "write the value itself, or `${NAME}` for a variable";
        Err(Problem::error("yaml-tag", &KeyPath::root(), at, message, help))
    }

    /// Takes a scalar as the next key of a mapping, if one is due.
    fn takes_key(&mut self, text: &str, at: Position) -> bool {
        match self.stack.last_mut().map(|frame| &mut frame.items) {
            Some(Items::Mapping(key @ None)) => {
                *key = Some((text.to_owned(), at));
                true
            }
            _ => false,
        }
    }

    fn open(&mut self, items: Items, at: Position, anchor: usize) -> Result<(), Problem> {
        self.within_limits(Size { values: 1, depth: 1 }, at)?;
        let path = self.next_path(at)?;
        self.note(&path, Some(at));
        self.stack.push(Frame { path, anchor, items, size: Size { values: 1, depth: 1 } });
        Ok(())
    }

    /// Where the next scalar stands, unless it is a key.
    fn scalar_path(&self) -> Option<KeyPath> {
        let is_key = matches!(self.stack.last()?.items, Items::Mapping(None));
        if is_key { None } else { self.next_path(Position::START).ok() }
    }

    /// Where the next value will stand.
    fn next_path(&self, at: Position) -> Result<KeyPath, Problem> {
        match self.stack.last() {
            None => Ok(KeyPath::root()),
            Some(Frame { path, items: Items::List(count), .. }) => Ok(path.item(*count)),
            Some(Frame { path, items: Items::Mapping(Some((key, _))), .. }) => Ok(path.key(key)),
            Some(Frame { path, .. }) => {
                let message = "a key is a list or a mapping, must be text".to_owned();
                Err(Problem::error("yaml-key", path, at, message, "write keys as plain words"))
            }
        }
    }

    fn note(&mut self, path: &KeyPath, at: Option<Position>) {
        let key = match self.stack.last().map(|frame| &frame.items) {
            Some(Items::Mapping(Some((_, key)))) => Some(*key),
            _ => at,
        };
        let Some((key, value)) = key.map(|key| (key, at.unwrap_or(key))) else { return };
        // The last of two equal keys is the one that the values come from.
        let first = self.places.insert(path.clone(), Place { key, value });
        if let (Some(first), Some(Segment::Key(name))) = (first, path.last()) {
            let inside = std::iter::successors(path.parent(), KeyPath::parent).any(|it| self.twice.contains(&it));
            if !inside {
                let message = format!("`{name}` is there twice");
                let help = format!("remove one of them; the first is in line {}", first.key.line);
                self.problems.push(Problem::error("duplicate-key", path, key, message, help));
            }
            self.twice.insert(path.clone());
        }
    }

    /// A value is whole: its mapping or list goes on behind it.
    fn complete(&mut self, size: Size, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, size);
        }
        let Some(frame) = self.stack.last_mut() else { return };
        frame.size.values += size.values;
        frame.size.depth = frame.size.depth.max(size.depth + 1);
        match &mut frame.items {
            Items::List(count) => *count += 1,
            Items::Mapping(key) => *key = None,
        }
    }

    /// Counts a value more.
    fn within_limits(&mut self, size: Size, at: Position) -> Result<(), Problem> {
        self.values += size.values;
        let what = if self.values > MAX_VALUES {
            format!("the file holds more than {MAX_VALUES} values, those that aliases repeat included")
        } else if self.stack.len() + size.depth > MAX_DEPTH {
            format!("the file nests more than {MAX_DEPTH} levels deep")
        } else {
            return Ok(());
        };
        Err(Problem::error("yaml-limit", &KeyPath::root(), at, what, "check that this is a configuration"))
    }
}

fn position(mark: Marker) -> Position {
    Position { line: mark.line().max(1), column: mark.col() + 1 }
}

fn syntax(text: &str, at: Position, info: &str) -> Problem {
    let line = text.lines().nth(at.line - 1).unwrap_or_default();
    let indentation = &line[..line.len() - line.trim_start().len()];
    let help = if indentation.contains('\t') {
        "indent with spaces: YAML takes no tabs there"
    } else {
        "check indentation, quotes and brackets in this line and the one above"
    };
    Problem::error("yaml-syntax", &KeyPath::root(), at, format!("this is no YAML: {info}"), help)
}
