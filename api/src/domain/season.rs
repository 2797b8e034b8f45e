//! The shape of a household's year.

/// A year of a household that is cooled in summer and heated a little in winter, January first; the mean is 1.
/// It fills the months that a history does not have. Shaped after residential sales in Texas (EIA-861M).
pub const TYPICAL: [f64; 12] = [1.05, 0.95, 0.8, 0.75, 0.9, 1.2, 1.35, 1.38, 1.15, 0.85, 0.72, 0.9];

/// Days in each month of a common year, January first.
pub const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
