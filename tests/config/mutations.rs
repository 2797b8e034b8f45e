//! A thousand broken configurations: each ends in problems or in a configuration, never in a panic.

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use treebeard_cdn::config;

use super::{SHIPPED, VARIABLES};
use crate::support::Project;

/// One way to break a text.
#[derive(Debug, Clone)]
enum Break {
    Flip(usize, u8),
    Insert(usize, String),
    DeleteLine(usize),
    RepeatLine(usize),
    SwapLines(usize, usize),
    Indent(usize, usize),
    Scalar(usize, String),
    Nest(usize, usize),
    Truncate(usize),
}

fn breaks() -> impl Strategy<Value = Vec<Break>> {
    let at = 0..10_000_usize;
    let scalar = prop_oneof![
        Just("null"),
        Just("-1"),
        Just("99999999999999999999"),
        Just(".nan"),
        Just("''"),
        Just("[]"),
        Just("{}"),
        Just("&a [*a]"),
        Just("*a"),
        Just("!!int x"),
        Just("!tag y"),
        Just("${"),
        Just("${A:-}"),
        Just("${UNSET}"),
        Just("'\\'"),
        Just("|\n  x"),
        Just("0x1F"),
        Just("1e999"),
        Just("\u{202e}"),
        Just("<<: *x"),
        Just("true"),
        Just("'/*'"),
        Just("a["),
        Just("99999999999999d"),
        Just("99999999999999999999GiB"),
        Just("?"),
    ];
    let one = prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Break::Flip(at, byte)),
        (at.clone(), "[\\PC\\t\\n:{}\\[\\],&*#?|>%@`'\"-]{1,6}").prop_map(|(at, text)| Break::Insert(at, text)),
        at.clone().prop_map(Break::DeleteLine),
        at.clone().prop_map(Break::RepeatLine),
        (at.clone(), at.clone()).prop_map(|(a, b)| Break::SwapLines(a, b)),
        (at.clone(), 0..9_usize).prop_map(|(at, by)| Break::Indent(at, by)),
        (at.clone(), scalar).prop_map(|(at, text)| Break::Scalar(at, text.to_owned())),
        (at.clone(), 1..3_000_usize).prop_map(|(at, depth)| Break::Nest(at, depth)),
        at.prop_map(Break::Truncate),
    ];
    proptest::collection::vec(one, 1..5)
}

fn broken(breaks: &[Break]) -> Vec<u8> {
    let mut text = SHIPPED.as_bytes().to_vec();
    for step in breaks {
        let mut lines: Vec<Vec<u8>> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        let count = lines.len();
        let line = |at: usize| at % count;
        match step {
            Break::Flip(at, byte) if !text.is_empty() => {
                let at = at % text.len();
                text[at] ^= byte;
                continue;
            }
            Break::Insert(at, inserted) => {
                let at = at % (text.len() + 1);
                text.splice(at..at, inserted.bytes());
                continue;
            }
            Break::Truncate(at) => {
                text.truncate(at % (text.len() + 1));
                continue;
            }
            Break::Flip(..) => continue,
            Break::DeleteLine(at) => drop(lines.remove(line(*at))),
            Break::RepeatLine(at) => lines.insert(line(*at), lines[line(*at)].clone()),
            Break::SwapLines(a, b) => lines.swap(line(*a), line(*b)),
            Break::Indent(at, by) => {
                let at = line(*at);
                lines[at] = [vec![b' '; *by], lines[at].trim_ascii_start().to_vec()].concat();
            }
            Break::Scalar(at, scalar) => {
                let at = line(*at);
                let colon = lines[at].iter().position(|&byte| byte == b':').map_or(0, |colon| colon + 1);
                lines[at].truncate(colon);
                lines[at].extend(format!(" {scalar}").bytes());
            }
            Break::Nest(at, depth) => {
                let at = line(*at);
                let colon = lines[at].iter().position(|&byte| byte == b':').map_or(0, |colon| colon + 1);
                lines[at].truncate(colon);
                lines[at].extend(format!(" {}{}", "[".repeat(*depth), "]".repeat(*depth)).bytes());
            }
        }
        text = lines.join(&b'\n');
    }
    text
}

#[test]
fn a_thousand_mutated_configurations_never_panic() {
    let project = Project::new();
    let file = project.path("cdn-config.yml");
    // Seeded: the same thousand on every run, so that a failure can be found again.
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut outcomes = (0, 0);
    let outcome = std::cell::RefCell::new(&mut outcomes);
    runner
        .run(&breaks(), |breaks| {
            std::fs::write(&file, broken(&breaks)).unwrap();
            let lookup = |name: &str| VARIABLES.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
            match config::check(&file, "production", &lookup) {
                Ok(checked) => {
                    prop_assert_eq!(checked.config.is_none(), checked.problems.any_error());
                    let lines = checked.text.lines().count().max(1) + 1;
                    for problem in checked.problems.iter() {
                        prop_assert!((1..=lines).contains(&problem.line) && problem.column > 0, "{:?}", problem);
                    }
                    // Showing them must not panic either.
                    prop_assert!(
                        checked.problems.blocks(&file, &checked.text).len() >= checked.problems.iter().count()
                    );
                    let mut outcome = outcome.borrow_mut();
                    if checked.config.is_some() { outcome.0 += 1 } else { outcome.1 += 1 }
                }
                Err(error) => prop_assert_eq!(error.exit_code(), 3),
            }
            Ok(())
        })
        .unwrap();
    assert!(outcomes.0 > 20 && outcomes.1 > 200, "the mutations are too mild or too wild: {outcomes:?}");
}
