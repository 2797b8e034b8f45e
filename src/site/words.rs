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
    let mut text: String = names.iter().take(SHOWN).flat_map(|name| ["\n  ", name]).collect();
    if names.len() > SHOWN {
        text += &format!("\n  … and {} more", names.len() - SHOWN);
    }
    text
}
