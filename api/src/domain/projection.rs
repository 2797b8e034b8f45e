//! A year of use, from the 3 to 24 months that are known.
//!
//! Months are compared by their daily mean, so that their length does not matter. A calendar month that was seen is
//! the mean of its years; one that was not takes the [typical](season::TYPICAL) share of the level of those that were.

use super::season;
use super::usage::MonthUsage;

/// Months that a projection needs.
pub const MIN_MONTHS: usize = 3;
/// Days with a reading that make a month count.
pub const MIN_DAYS: u32 = 20;

/// A year of use.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// kWh of each month, January first.
    pub months_kwh: [f64; 12],
    /// Which of them the history has seen.
    pub observed: [bool; 12],
    /// How many months of history it rests on.
    pub months_of_data: usize,
}

impl Projection {
    /// The projection from a history in any order; `None` with fewer than [`MIN_MONTHS`] months that count.
    #[must_use]
    pub fn from_history(history: &[MonthUsage]) -> Option<Self> {
        let (mut sums, mut counts) = ([0.0; 12], [0_u32; 12]);
        for (month, daily) in history.iter().filter_map(daily_mean) {
            sums[month] += daily;
            counts[month] += 1;
        }
        let months_of_data = counts.iter().sum::<u32>() as usize;
        if months_of_data < MIN_MONTHS {
            return None;
        }
        let observed = counts.map(|count| count > 0);
        let means: [f64; 12] = std::array::from_fn(|m| if observed[m] { sums[m] / f64::from(counts[m]) } else { 0.0 });
        let typical: f64 = (0..12).filter(|&m| observed[m]).map(|m| season::TYPICAL[m]).sum();
        let level = means.iter().sum::<f64>() / typical;
        let months_kwh = std::array::from_fn(|m| {
            let daily = if observed[m] { means[m] } else { level * season::TYPICAL[m] };
            daily * f64::from(season::DAYS[m])
        });
        Some(Self { months_kwh, observed, months_of_data })
    }

    /// kWh of the year.
    #[must_use]
    pub fn year_kwh(&self) -> f64 {
        self.months_kwh.iter().sum()
    }

    /// How a month's daily use compares with the year's: 1 is average. All 1 when nothing is used.
    #[must_use]
    pub fn seasonal_index(&self, month: usize) -> f64 {
        let (day, year_day) = (self.months_kwh[month] / f64::from(season::DAYS[month]), self.year_kwh() / 365.0);
        if year_day > 0.0 { day / year_day } else { 1.0 }
    }
}

/// The calendar month, from 0, and its use a day; `None` for a month of too few readings.
fn daily_mean(month: &MonthUsage) -> Option<(usize, f64)> {
    let calendar: usize = month.month.get(5..7)?.parse().ok()?;
    let counts = month.days >= MIN_DAYS && (1..=12).contains(&calendar);
    counts.then(|| (calendar - 1, month.kwh / f64::from(month.days)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Months from January 2025 on, each of `daily` kWh a day.
    fn months(daily: impl IntoIterator<Item = f64>) -> Vec<MonthUsage> {
        let month = |(n, daily): (usize, f64)| {
            let days = season::DAYS[n % 12];
            let name = format!("{}-{:02}", 2025 + n / 12, n % 12 + 1);
            MonthUsage { month: name, days, kwh: daily * f64::from(days), cost_cents: 0 }
        };
        daily.into_iter().enumerate().map(month).collect()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
    }

    proptest! {
        #[test]
        fn a_whole_year_is_projected_as_it_was(daily in prop::collection::vec(0.0..100.0f64, 12)) {
            let projection = Projection::from_history(&months(daily.clone())).unwrap();
            for (m, daily) in daily.iter().enumerate() {
                prop_assert!(close(projection.months_kwh[m], daily * f64::from(season::DAYS[m])));
            }
            prop_assert_eq!(projection.observed, [true; 12]);
        }

        #[test]
        fn a_year_told_twice_says_the_same(daily in prop::collection::vec(0.0..100.0f64, 12)) {
            let once = Projection::from_history(&months(daily.clone())).unwrap();
            let twice = Projection::from_history(&months(daily.clone().into_iter().chain(daily))).unwrap();
            prop_assert!(close(once.year_kwh(), twice.year_kwh()));
            prop_assert_eq!(twice.months_of_data, 24);
        }

        #[test]
        fn twice_the_use_is_twice_the_year(daily in prop::collection::vec(0.1..100.0f64, 3..24)) {
            let single = Projection::from_history(&months(daily.clone())).unwrap();
            let double = Projection::from_history(&months(daily.into_iter().map(|kwh| kwh * 2.0))).unwrap();
            prop_assert!(close(single.year_kwh() * 2.0, double.year_kwh()));
        }

        #[test]
        fn any_quarter_of_a_typical_year_gives_the_whole(start in 0..12usize, level in 1.0..100.0f64) {
            let year = months(season::TYPICAL.iter().map(|share| share * level));
            let quarter: Vec<_> = (start..start + 3).map(|m| year[m % 12].clone()).collect();
            let (whole, guessed) = (Projection::from_history(&year).unwrap(), Projection::from_history(&quarter).unwrap());
            prop_assert!(close(whole.year_kwh(), guessed.year_kwh()));
            prop_assert_eq!(guessed.observed.iter().filter(|&&seen| seen).count(), 3);
        }

        #[test]
        fn indices_average_to_one(daily in prop::collection::vec(0.1..100.0f64, 3..24)) {
            let projection = Projection::from_history(&months(daily)).unwrap();
            let weighted = (0..12).map(|m| projection.seasonal_index(m) * f64::from(season::DAYS[m])).sum::<f64>();
            prop_assert!(close(weighted, 365.0));
        }
    }

    #[test]
    fn a_month_of_few_readings_does_not_count() {
        let mut history = months([10.0; 4]);
        (history[0].days, history[0].kwh) = (MIN_DAYS - 1, 10_000.0);
        let projection = Projection::from_history(&history).unwrap();
        assert_eq!((projection.months_of_data, projection.observed[0]), (3, false));
        history.pop();
        assert_eq!(Projection::from_history(&history), None);
    }

    #[test]
    fn no_use_at_all_is_a_year_of_nothing() {
        let projection = Projection::from_history(&months([0.0; 3])).unwrap();
        assert!(close(projection.year_kwh(), 0.0) && close(projection.seasonal_index(7), 1.0));
    }
}
