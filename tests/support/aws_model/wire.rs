//! A request's parts as they went over the wire.

use std::borrow::Cow;

use roxmltree::Node;
use serde_json::{Map, Value};

/// A part of a request.
#[derive(Clone, Copy)]
pub enum Wire<'a> {
    Xml(Node<'a, 'a>),
    Json(&'a Value),
    Text(&'a str),
}

impl<'a> Wire<'a> {
    /// The parts of a structure with their names, in order.
    pub fn fields(self) -> Option<Vec<(Cow<'a, str>, Self)>> {
        match self {
            Self::Xml(node) => {
                let text =
                    node.children().any(|child| child.is_text() && !child.text().unwrap_or("").trim().is_empty());
                let children = node.children().filter(Node::is_element);
                (!text).then(|| children.map(|child| (child.tag_name().name().into(), Self::Xml(child))).collect())
            }
            Self::Json(Value::Object(fields)) => {
                Some(fields.iter().map(|(name, value)| (name.as_str().into(), Self::Json(value))).collect())
            }
            Self::Json(_) | Self::Text(_) => None,
        }
    }

    /// The items of a list; in XML each must be called `name`.
    pub fn items(self, name: &str) -> Option<Vec<Self>> {
        match self {
            Self::Json(Value::Array(items)) => Some(items.iter().map(Self::Json).collect()),
            Self::Json(_) | Self::Text(_) => None,
            Self::Xml(_) => self.fields()?.into_iter().map(|(found, item)| (found == name).then_some(item)).collect(),
        }
    }

    /// A value that has no parts.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Xml(node) if node.children().any(|child| child.is_element()) => None,
            Self::Xml(node) => Some(node.text().unwrap_or("").into()),
            Self::Json(Value::Object(_) | Value::Array(_) | Value::Null) => None,
            Self::Json(Value::String(text)) => Some(text.into()),
            Self::Json(value) => Some(value.to_string().into()),
            Self::Text(text) => Some(text.into()),
        }
    }
}

/// A form as a document: `Tags.member.1.Key=a` is the `Key` of the first of `Tags`. What names the operation is left out.
pub fn form(body: &[u8]) -> Value {
    let mut document = Value::Object(Map::new());
    for (name, text) in url::form_urlencoded::parse(body).filter(|(name, _)| name != "Action" && name != "Version") {
        let mut at = &mut document;
        let mut steps = name.split('.');
        while let Some(step) = steps.next() {
            if step != "member" {
                at = &mut at[step];
                continue;
            }
            let number: usize =
                steps.next().and_then(|number| number.parse().ok()).expect("a list's items are numbered");
            let items = match at {
                Value::Array(items) => items,
                other => {
                    *other = Value::Array(Vec::new());
                    other.as_array_mut().expect("this is one")
                }
            };
            items.resize(items.len().max(number), Value::Null);
            at = &mut items[number - 1];
        }
        *at = Value::String(text.into_owned());
    }
    document
}
