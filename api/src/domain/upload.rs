//! Meter readings and bills as users send them.

use std::collections::HashSet;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Readings of one upload: two years of days and some to spare.
pub const MAX_READINGS: usize = 1_000;
/// A day's energy at most, in kWh; a large factory's.
const MAX_KWH: f64 = 10_000.0;
/// What a day may cost at most, in US cents.
const MAX_COST_CENTS: f64 = 1_000_000.0;
/// Years that a history may reach back.
const MAX_AGE_YEARS: u32 = 10;

/// Readings to add to the caller's history.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageUpload {
    /// In any order, each date once.
    #[schema(min_items = 1, max_items = 1_000)]
    pub readings: Vec<Entry>,
}

/// A reading of a day, or the bill of a month.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// A day, `YYYY-MM-DD`, or a whole month, `YYYY-MM`, whose energy is spread over its days.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$", example = "2026-10-31")]
    pub date: String,
    /// Energy used: 10,000 a day at most.
    #[schema(minimum = 0, maximum = 310_000)]
    pub kwh: f64,
    /// What it cost, in US cents; estimated from the current plan when it is left out.
    #[schema(minimum = 0, maximum = 31_000_000)]
    pub cost_cents: Option<f64>,
}

/// A day's use, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayReading {
    /// The day.
    pub usage_date: NaiveDate,
    /// Energy used.
    pub kwh: f64,
    /// What it cost, in US cents, where that is known.
    pub cost_cents: Option<f64>,
}

/// What an upload did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UploadReceipt {
    /// Days written; those that were there are replaced.
    pub days: usize,
    /// The first of them.
    pub from: NaiveDate,
    /// The last of them.
    pub to: NaiveDate,
}

/// Why an upload is refused; nothing of it is kept.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// It is not in the form.
    #[error("{0}")]
    Malformed(String),
    /// A value is out of bounds.
    #[error("{0}")]
    Invalid(String),
}

/// Reads CSV: a header line `date,kwh` or `date,kwh,cost_cents`, then a line for each reading.
///
/// # Errors
/// [`UploadError::Malformed`] with the line.
pub fn parse_csv(bytes: &[u8]) -> Result<Vec<Entry>, UploadError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    // One more than allowed is enough to refuse the rest.
    let rows = reader.deserialize().take(MAX_READINGS + 1);
    rows.collect::<Result<_, _>>().map_err(|e| UploadError::Malformed(e.to_string()))
}

/// Checks entries and spreads months over their days, in order of date.
///
/// # Errors
/// [`UploadError::Invalid`] with the number of the first entry that is out of bounds, or that says something about a
/// day of which another did.
pub fn days(entries: &[Entry], today: NaiveDate) -> Result<Vec<DayReading>, UploadError> {
    if entries.is_empty() || entries.len() > MAX_READINGS {
        return Err(UploadError::Invalid(format!("an upload has 1 to {MAX_READINGS} readings")));
    }
    let (mut days, mut seen) = (Vec::new(), HashSet::new());
    for (entry, number) in entries.iter().zip(1..) {
        for day in spread(entry, today).map_err(|why| UploadError::Invalid(format!("reading {number}: {why}")))? {
            if !seen.insert(day.usage_date) {
                return Err(UploadError::Invalid(format!("reading {number}: {} comes twice", day.usage_date)));
            }
            days.push(day);
        }
        if days.len() > MAX_READINGS {
            return Err(UploadError::Invalid(format!("an upload covers {MAX_READINGS} days at most")));
        }
    }
    days.sort_by_key(|day| day.usage_date);
    Ok(days)
}

fn spread(entry: &Entry, today: NaiveDate) -> Result<Vec<DayReading>, String> {
    let (first, count) = period(&entry.date).ok_or("date must be a day, YYYY-MM-DD, or a month, YYYY-MM")?;
    let last = first + Days::new(u64::from(count) - 1);
    // A day ahead of us is today somewhere.
    if last > today + Days::new(1) {
        return Err("date must not be in the future".to_owned());
    }
    if first < today - Months::new(MAX_AGE_YEARS * 12) {
        return Err(format!("date must be within the last {MAX_AGE_YEARS} years"));
    }
    let parts = f64::from(count);
    within("kwh", entry.kwh, MAX_KWH * parts)?;
    if let Some(cents) = entry.cost_cents {
        within("cost_cents", cents, MAX_COST_CENTS * parts)?;
    }
    let day = |n: u32| DayReading {
        usage_date: first + Days::new(u64::from(n)),
        kwh: part(entry.kwh, 1000.0, n, count),
        cost_cents: entry.cost_cents.map(|cents| part(cents, 100.0, n, count)),
    };
    Ok((0..count).map(day).collect())
}

/// The first day and the number of days.
fn period(text: &str) -> Option<(NaiveDate, u32)> {
    let digits = |at: &[usize]| {
        text.bytes().enumerate().all(|(i, b)| if at.contains(&i) { b == b'-' } else { b.is_ascii_digit() })
    };
    match text.len() {
        10 if digits(&[4, 7]) => Some((NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?, 1)),
        7 if digits(&[4]) => {
            let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
            Some((first, u32::from(first.num_days_in_month())))
        }
        _ => None,
    }
}

fn within(name: &str, value: f64, most: f64) -> Result<(), String> {
    if (0.0..=most).contains(&value) { Ok(()) } else { Err(format!("{name} must be from 0 to {most}")) }
}

/// The `n`th of `count` equal parts, each a whole number of `1 / precision`; together they are the rounded whole.
fn part(whole: f64, precision: f64, n: u32, count: u32) -> f64 {
    let up_to = |n: u32| (whole * precision * f64::from(n) / f64::from(count)).round();
    (up_to(n + 1) - up_to(n)) / precision
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();

    fn entry(date: &str, kwh: f64) -> Entry {
        Entry { date: date.to_owned(), kwh, cost_cents: None }
    }

    proptest! {
        #[test]
        fn the_days_of_a_month_are_its_bill(month in 1..=10u32, kwh in 0.0..280_000.0f64, cents in 0.0..1e6f64) {
            let bill = Entry { date: format!("2026-{month:02}"), kwh, cost_cents: Some(cents) };
            let days = days(&[bill], TODAY).unwrap();
            prop_assert_eq!(days.len(), usize::from(days[0].usage_date.num_days_in_month()));
            prop_assert!((days.iter().map(|day| day.kwh).sum::<f64>() - kwh).abs() <= 0.000_51);
            prop_assert!((days.iter().filter_map(|day| day.cost_cents).sum::<f64>() - cents).abs() <= 0.0051);
            prop_assert!(days.iter().all(|day| day.kwh >= 0.0));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,12}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = days(&[entry(&text, 1.0)], TODAY);
            let _ = parse_csv(&bytes);
        }
    }

    #[test]
    fn csv_may_leave_the_cost_out() {
        let expected = vec![entry("2026-10-01", 31.5), Entry { cost_cents: Some(412.0), ..entry("2026-09", 900.0) }];
        assert_eq!(parse_csv(b"date,kwh,cost_cents\n2026-10-01, 31.5,\n2026-09,900,412\n").unwrap(), expected);
        assert_eq!(parse_csv(b"date,kwh\r\n2026-10-01,31.5\r\n").unwrap(), expected[..1]);
    }

    #[test]
    fn what_is_refused_is_named() {
        let refused = |entries: &[Entry]| days(entries, TODAY).unwrap_err().to_string();
        assert_eq!(refused(&[]), "an upload has 1 to 1000 readings");
        assert_eq!(
            refused(&[entry("2026-10-01", 1.0), entry("2026-10-32", 1.0)]),
            "reading 2: date must be a day, YYYY-MM-DD, or a month, YYYY-MM"
        );
        assert_eq!(refused(&[entry("2026-11-25", 1.0)]), "reading 1: date must not be in the future");
        assert_eq!(refused(&[entry("2026-11", 1.0)]), "reading 1: date must not be in the future");
        assert_eq!(refused(&[entry("2016-11-22", 1.0)]), "reading 1: date must be within the last 10 years");
        assert_eq!(refused(&[entry("2026-10-01", -0.1)]), "reading 1: kwh must be from 0 to 10000");
        assert_eq!(refused(&[entry("2026-10-01", f64::NAN)]), "reading 1: kwh must be from 0 to 10000");
        assert_eq!(refused(&[entry("2026-10", 1.0), entry("2026-10-31", 1.0)]), "reading 2: 2026-10-31 comes twice");
        let many: Vec<Entry> = (1..=40).map(|n| entry(&format!("20{}-{:02}", 20 + n / 12, n % 12 + 1), 1.0)).collect();
        assert_eq!(refused(&many), "an upload covers 1000 days at most");
        let message = parse_csv(b"date,kwh\n2026-10-01,many\n").unwrap_err().to_string();
        assert!(message.contains("line: 2"), "{message}");
    }
}
