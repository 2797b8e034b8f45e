//! Lists of names in messages, cut where nobody reads on.

/// `a, b, c and 4 more`.
pub fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// One name a line, indented, each on a new line.
pub fn lines(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let rest = names.len().saturating_sub(SHOWN);
    let more = (rest > 0).then(|| format!("… and {rest} more"));
    names.iter().take(SHOWN).chain(&more).flat_map(|line| ["\n  ", line]).collect()
}
