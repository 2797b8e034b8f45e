//! References in pages.

use std::{convert::Infallible, ops::Range};

use html5gum::{
    Span, Tokenizer,
    emitters::callback::{CallbackEmitter, CallbackEvent},
};
use url::Url;

use super::{
    css,
    reference::{Reference, Resolver, locate},
};

/// `<meta>` names and properties whose content is the address of an image.
const IMAGE_PROPERTIES: &[&str] = &[
    "msapplication-tileimage",
    "og:image",
    "og:image:secure_url",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
];

/// The references in a page: attributes that hold addresses, `style` attributes and `<style>` elements.
pub fn references(html: &str, address: &Url, resolver: &Resolver) -> Vec<Reference> {
    let pieces = pieces(html);
    // The first <base> counts, for the whole page.
    let base = pieces.iter().find_map(|piece| match piece {
        Piece::Tag(tag) if tag.name == "base" => tag.value("href"),
        _ => None,
    });
    let base = base.and_then(|href| address.join(href).ok()).unwrap_or_else(|| address.clone());
    let mut found = Vec::new();
    for piece in &pieces {
        match piece {
            Piece::Tag(tag) => found.extend(in_tag(html, tag, &base, resolver)),
            Piece::Style(range) => {
                let inside = css::references(&html[range.clone()], &base, resolver);
                found.extend(inside.into_iter().map(|it| Reference { at: range.start + it.at, ..it }));
            }
        }
    }
    found
}

fn in_tag(html: &str, tag: &Tag, base: &Url, resolver: &Resolver) -> Vec<Reference> {
    let pinned = tag.value("integrity").is_some();
    let mut found = Vec::new();
    for attribute in &tag.attributes {
        let value = &attribute.value;
        let inside = match attribute.name.as_str() {
            "style" => css::references_in_declarations(value, base, resolver),
            "srcset" | "imagesrcset" => {
                let candidates = candidates(value);
                candidates.into_iter().filter_map(|range| reference(value, range, base, resolver)).collect()
            }
            name if tag.is_address(name) => reference(value, 0..value.len(), base, resolver).into_iter().collect(),
            _ => continue,
        };
        let raw = &html[attribute.span.clone()];
        found.extend(inside.into_iter().filter_map(|reference| {
            let at = attribute.span.start + locate(raw, value, reference.at, decode)?;
            Some(Reference { at, pinned, ..reference })
        }));
    }
    found
}

fn reference(value: &str, range: Range<usize>, base: &Url, resolver: &Resolver) -> Option<Reference> {
    let (at, path) = resolver.resolve(base, &value[range.clone()])?;
    Some(Reference { at: range.start + at, path, pinned: false })
}

/// Resolves the character references of an attribute's value.
fn decode(raw: &str) -> Option<String> {
    let quote = ['"', '\''].into_iter().find(|quote| !raw.contains(*quote))?;
    let tag = format!("<a b={quote}{raw}{quote}>");
    pieces(&tag).into_iter().find_map(|piece| match piece {
        Piece::Tag(tag) => Some(tag.value("b").unwrap_or_default().to_owned()),
        Piece::Style(_) => None,
    })
}

/// The addresses in a `srcset`, as the HTML standard splits it: an address ends at white space, or at commas
/// that end it; then come descriptors, up to a comma that is not in parentheses.
fn candidates(srcset: &str) -> Vec<Range<usize>> {
    let bytes = srcset.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() || bytes[at] == b',' {
            at += 1;
            continue;
        }
        let end = bytes[at..].iter().position(u8::is_ascii_whitespace).map_or(bytes.len(), |length| at + length);
        let address = srcset[at..end].trim_end_matches(',');
        found.push(at..at + address.len());
        let ended_by_comma = at + address.len() < end;
        at = end;
        let mut depth = 0_usize;
        while !ended_by_comma && at < bytes.len() {
            match bytes[at] {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
    }
    found
}

/// What a page may have references in.
enum Piece {
    Tag(Tag),
    /// The text of a `<style>` element.
    Style(Range<usize>),
}

#[derive(Default)]
struct Tag {
    name: String,
    attributes: Vec<Attribute>,
}

struct Attribute {
    name: String,
    /// With character references resolved.
    value: String,
    /// Where the value stands in the page, without quotes.
    span: Range<usize>,
}

impl Tag {
    fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }

    /// Whether the attribute holds an address that a browser fetches or opens.
    fn is_address(&self, attribute: &str) -> bool {
        match attribute {
            "src" | "poster" | "xlink:href" => true,
            "href" => self.name != "base",
            "data" => self.name == "object",
            "content" if self.name == "meta" => {
                let property = self.value("property").or_else(|| self.value("name")).unwrap_or_default();
                IMAGE_PROPERTIES.contains(&property.to_ascii_lowercase().as_str())
            }
            _ => false,
        }
    }
}

/// Splits a page into start tags and style sheets.
fn pieces(html: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut tag = Tag::default();
    let mut name = String::new();
    let mut in_style = false;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: Span<usize>| {
        match event {
            CallbackEvent::OpenStartTag { name } => tag = Tag { name: text(name), attributes: Vec::new() },
            CallbackEvent::AttributeName { name: new } => name = text(new),
            // Of attributes of the same name, the first counts.
            CallbackEvent::AttributeValue { value } if tag.value(&name).is_none() => {
                let span = span.start..span.end;
                tag.attributes.push(Attribute { name: std::mem::take(&mut name), value: text(value), span });
            }
            CallbackEvent::CloseStartTag { .. } => {
                in_style = tag.name == "style";
                pieces.push(Piece::Tag(std::mem::take(&mut tag)));
            }
            CallbackEvent::EndTag { .. } => {
                in_style = false;
                tag = Tag::default();
            }
            CallbackEvent::String { .. } if in_style => pieces.push(Piece::Style(span.start..span.end)),
            _ => {}
        }
        None::<Infallible>
    });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    // Offsets come from the tokenizer; what does not fit the page is not used.
    pieces.retain(|piece| match piece {
        Piece::Tag(tag) => tag.attributes.iter().all(|attribute| html.get(attribute.span.clone()).is_some()),
        Piece::Style(range) => html.get(range.clone()).is_some(),
    });
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::site::fingerprint::reference::tests::{address, resolver};

    fn found(html: &str) -> Vec<(usize, String)> {
        let found = references(html, &address("docs/page.html"), &resolver());
        found.into_iter().map(|reference| (reference.at, reference.path)).collect()
    }

    #[test]
    fn addresses_are_found_wherever_pages_have_them() {
        for html in [
            "<img src=/x.png>",
            "<img src='/x.png' alt=''>",
            "<IMG ALT=1 SRC=\"/x.png\"/>",
            "<link rel=icon href=/x.png>",
            "<video poster=/x.png></video>",
            "<object data=/x.png></object>",
            "<svg><image xlink:href=/x.png></svg>",
            "<meta property=og:image content=/x.png>",
            "<meta content='https://treebeard.example/x.png' name=twitter:image>",
            "<p style='background:url(/x.png)'>",
            "<p style=\"background:url(&quot;/x.png&quot;)\">",
            "<style>p{background:url(/x.png)}</style>",
            "<style>\r\n/* \u{e9} */p{background:url('/x.png')}</style>",
            "<img src='/x.png?a=1&amp;b=2'>",
            "<img src='&#47;x.png?a=1&b=2'>",
            "<title><img src=/no.png></title><img src=/x.png>",
            "<script>'<img src=/no.png>'</script><img src=/x.png>",
            "<!-- <img src=/no.png> --><img src=/x.png>",
            "<img src=/x.png src=/no.png>",
            "</p src=/no.png><img src=/x.png>",
        ] {
            assert_eq!(found(html), [(html.find("x.png").unwrap() + 1, "x.png".to_owned())], "{html}");
        }
    }

    #[test]
    fn every_candidate_of_a_srcset_counts() {
        let html = "<img srcset='/1.png 1x,/2.png 2x, /3.png (a,b) ,/4.png, /5.png'><link imagesrcset=/6.png>";
        let expected: Vec<_> = ["1", "2", "3", "4", "5", "6"]
            .map(|name| (html.find(&format!("{name}.png")).unwrap() + 1, format!("{name}.png")))
            .into();
        assert_eq!(found(html), expected);
    }

    #[test]
    fn the_base_element_moves_relative_references() {
        let html = "<img src=x.png><base href=/app/><base href=/no/>";
        assert_eq!(found(html), [(10, "app/x.png".to_owned())]);
        assert_eq!(found("<base href='https://elsewhere.example/'><img src=x.png>"), []);
    }

    #[test]
    fn text_and_other_hosts_are_left_alone() {
        for html in ["/x.png", "<p title=/x.png>", "<meta name=a content=/x.png>", "<img src=//cdn.example/x.png>"] {
            assert_eq!(found(html), [], "{html}");
        }
    }

    #[test]
    fn stated_digests_pin_what_they_belong_to() {
        let html = "<link rel=stylesheet href=x.css integrity=sha384-abc>";
        assert!(references(html, &address("page.html"), &resolver())[0].pinned);
    }

    proptest! {
        /// Whatever the page, a hash inserted where it belongs changes that reference, and nothing else.
        #[test]
        fn insertions_change_references_and_nothing_else(
            html in r#"([a-z<>="' /.&;#-]|<img src=|<p style="|url\(|&amp;|&#46;|\.png|é|\r\n|<style>){0,40}"#
        ) {
            let before = found(&html);
            let mut rewritten = html.clone();
            let places: std::collections::BTreeSet<_> = before.iter().map(|(at, _)| *at).collect();
            for at in places.iter().rev() {
                rewritten.insert_str(*at, ".0123456789abcdef");
            }
            let renamed = |path: &str| {
                let (stem, extension) = path.rsplit_once('.').unwrap();
                format!("{stem}.0123456789abcdef.{extension}")
            };
            let expected: Vec<_> = before.iter().map(|(_, path)| renamed(path)).collect();
            let after: Vec<_> = found(&rewritten).into_iter().map(|(_, path)| path).collect();
            prop_assert_eq!(after, expected, "{:?} became {:?}", html, rewritten);
        }
    }
}
