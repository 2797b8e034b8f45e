//! Where a key stands in the document: `environments.production.cache[1].match`.

use std::fmt;

use serde_json::Value;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a list, counted from 0.
    Item(usize),
}

/// Steps from the root of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(Vec<Segment>);

impl KeyPath {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of `key` in the mapping here.
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Segment::Key(key.into()))
    }

    /// Item `index` of the list here.
    pub fn item(&self, index: usize) -> Self {
        self.step(Segment::Item(index))
    }

    fn step(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }

    /// This path, starting at `base`.
    pub fn under(&self, base: &Self) -> Self {
        Self(base.0.iter().chain(&self.0).cloned().collect())
    }

    /// The mapping or list that holds this; none for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The last step.
    pub fn last(&self) -> Option<&Segment> {
        self.0.last()
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The steps from the environment that this stands under, if it does.
    pub fn setting(&self) -> &[Segment] {
        match self.segments() {
            [Segment::Key(first), Segment::Key(_), rest @ ..] if first == "environments" => rest,
            all => all,
        }
    }

    /// Reads a JSON Pointer into `value`, which tells the key `"0"` from the item 0.
    pub fn from_pointer<'a>(
        segments: impl Iterator<Item = jsonschema::paths::LocationSegment<'a>>,
        value: &Value,
    ) -> Self {
        let mut path = Self::root();
        let mut here = Some(value);
        for segment in segments {
            let text = segment.to_string();
            let index = here.filter(|value| value.is_array()).and_then(|_| text.parse().ok());
            here = here.and_then(|value| index.map_or_else(|| value.get(&text), |index: usize| value.get(index)));
            path = index.map_or_else(|| path.key(text), |index| path.item(index));
        }
        path
    }

    /// The value here in `document`.
    pub fn of<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |value, segment| match segment {
            Segment::Key(key) => value.as_object()?.get(key),
            Segment::Item(index) => value.get(index),
        })
    }

    /// As [`Self::of`], to change it.
    pub fn of_mut<'a>(&self, document: &'a mut Value) -> Option<&'a mut Value> {
        self.0.iter().try_fold(document, |value, segment| match segment {
            Segment::Key(key) => value.as_object_mut()?.get_mut(key),
            Segment::Item(index) => value.get_mut(index),
        })
    }
}

/// Reads what [`fmt::Display`] writes, for paths whose keys are known to have neither dots nor brackets.
impl From<&str> for KeyPath {
    fn from(dotted: &str) -> Self {
        dotted.split(['.', '[']).filter(|step| !step.is_empty()).fold(Self::root(), |path, step| {
            match step.strip_suffix(']').and_then(|index| index.parse().ok()) {
                Some(index) => path.item(index),
                None => path.key(step),
            }
        })
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_they_are_written() {
        for text in ["", "site", "cache[1].match", "environments.production.domains[0]"] {
            assert_eq!(KeyPath::from(text).to_string(), text);
        }
    }

    #[test]
    fn a_path_finds_its_value() {
        let document = serde_json::json!({ "a": [{ "0": "x" }] });
        assert_eq!(KeyPath::from("a[0]").key("0").of(&document), Some(&"x".into()));
        assert_eq!(KeyPath::from("a[1]").of(&document), None);
    }
}
