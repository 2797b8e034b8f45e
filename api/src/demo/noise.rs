//! Numbers that look random and never change: any one can be computed alone, and no generator's version matters.

use sha2::{Digest, Sha256};

/// The `n`th number of `stream`, at least 0 and below 1.
pub fn unit(stream: &str, n: u32) -> f64 {
    let digest = Sha256::digest(format!("{stream}:{n}"));
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(number) / (f64::from(u32::MAX) + 1.0)
}

/// At least `low` and below `high`.
pub fn between(stream: &str, n: u32, low: f64, high: f64) -> f64 {
    low + unit(stream, n) * (high - low)
}

/// One of `choices`, which are not empty.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
pub fn pick<T: Copy>(stream: &str, n: u32, choices: &[T]) -> T {
    choices[(unit(stream, n) * choices.len() as f64) as usize]
}

/// Rounded to `1 / parts`.
pub fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
