//! References in style sheets: `url()`, `image-set()` and `@import`.

use css_module_lexer::{Dependency, Mode, Warning, lex_dependencies};
use url::Url;

use super::reference::{Reference, Resolver};

/// The references in a style sheet. Those written with escapes are left out.
pub fn references(css: &str, base: &Url, resolver: &Resolver) -> Vec<Reference> {
    let mut found = Vec::new();
    let take = |dependency: &Dependency| {
        let (Dependency::Url { request, .. } | Dependency::Import { request, .. }) = dependency else { return };
        // The lexer gives slices of the text, so that their addresses tell where they stand.
        let Some(start) = request.as_ptr().addr().checked_sub(css.as_ptr().addr()) else { return };
        if css.get(start..start + request.len()) != Some(request) || request.contains('\\') {
            return;
        }
        if let Some((at, path)) = resolver.resolve(base, request) {
            found.push(Reference { at: start + at, path, pinned: false });
        }
    };
    lex_dependencies(css, Mode::Css, take, |_: Warning| {});
    found
}

/// The references in the declarations of a `style` attribute.
pub fn references_in_declarations(declarations: &str, base: &Url, resolver: &Resolver) -> Vec<Reference> {
    const RULE: &str = "a{";
    let rule = format!("{RULE}{declarations}}}");
    let shift = |found: Reference| found.at.checked_sub(RULE.len()).map(|at| Reference { at, ..found });
    references(&rule, base, resolver).into_iter().filter_map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fingerprint::reference::tests::{address, resolver};

    fn found(css: &str) -> Vec<(usize, String)> {
        let found = references(css, &address("css/site.css"), &resolver());
        found.into_iter().map(|reference| (reference.at, reference.path)).collect()
    }

    #[test]
    fn every_way_to_write_a_url_is_found() {
        for (css, path) in [
            ("@import 'x.css';", "css/x.css"),
            ("@import url(x.css) screen;", "css/x.css"),
            ("@import url(\"x.css\") layer(a) supports(display: grid);", "css/x.css"),
            ("a{background:url(x.png)}", "css/x.png"),
            ("a{background:url( 'x.png' )}", "css/x.png"),
            ("a{background:URL(\"../x.png?a#b\") no-repeat}", "x.png"),
            ("@media print{a{background:url(/x.png)}}", "x.png"),
            ("@font-face{src:url(x.woff2) format('woff2')}", "css/x.woff2"),
            ("a{background:image-set('x.png' 1x)}", "css/x.png"),
            ("a{background:-webkit-image-set(url(x.png) 1x)}", "css/x.png"),
            ("a{--icon:url(x.svg)}", "css/x.svg"),
            ("a{b:c;/* url(no.png) */background:url(x.png)", "css/x.png"),
        ] {
            let at = css.find("x.").unwrap() + 1;
            assert_eq!(found(css), [(at, path.to_owned())], "{css}");
        }
    }

    #[test]
    fn what_is_no_url_of_the_site_is_not() {
        for css in
            ["/* url(x.png) */", "a{content:'url(x.png)'}", "a{b:url(data:image/png;x.png)}", "a{b:url(\\78.png)}"]
        {
            assert_eq!(found(css), [], "{css}");
        }
    }

    #[test]
    fn declarations_stand_alone() {
        let found = references_in_declarations("color:red;background:url(x.png)", &address("index.html"), &resolver());
        assert_eq!(found, [Reference { at: 26, path: "x.png".into(), pinned: false }]);
    }
}
