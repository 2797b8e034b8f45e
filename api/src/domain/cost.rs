//! What energy costs on a plan.

use super::plan::{Period, RateStructure, Tier};

/// A typical household's month, in kWh, for which averages are quoted. The US mean is about 900 (EIA, residential).
pub const TYPICAL_MONTH_KWH: f64 = 900.0;

/// Share of a day's energy that a typical household uses in each hour, in thousandths: low at night, a rise in the
/// morning, the peak in the evening. Meter readings are daily, so time-of-use prices are weighted with it.
const LOAD_SHAPE: [u16; 24] =
    [27, 24, 23, 22, 23, 27, 35, 42, 43, 41, 40, 40, 41, 42, 44, 48, 54, 61, 64, 62, 58, 52, 45, 42];

/// What `kwh` in one month cost under `rates`, in cents; fees not included.
#[must_use]
pub fn month_cents(rates: &RateStructure, kwh: f64) -> f64 {
    match rates {
        RateStructure::Fixed { cents_per_kwh } => kwh * cents_per_kwh,
        RateStructure::Tiered { tiers } => tiered_cents(tiers, kwh),
        RateStructure::TimeOfUse { periods } => kwh * weighted_price(periods),
        RateStructure::Variable { cents_per_kwh, min_cents_per_kwh, max_cents_per_kwh } => {
            kwh * cents_per_kwh.min(*max_cents_per_kwh).max(*min_cents_per_kwh)
        }
    }
}

/// The price of a kWh in a typical month, in cents, rounded to hundredths.
#[must_use]
pub fn average_cents_per_kwh(rates: &RateStructure) -> f64 {
    (month_cents(rates, TYPICAL_MONTH_KWH) / TYPICAL_MONTH_KWH * 100.0).round() / 100.0
}

/// What the months of a year cost, in cents: their energy and the monthly fees.
#[must_use]
pub fn year_cents(rates: &RateStructure, monthly_fee: u32, months_kwh: &[f64; 12]) -> f64 {
    let energy: f64 = months_kwh.iter().map(|&kwh| month_cents(rates, kwh)).sum();
    energy + f64::from(monthly_fee) * 12.0
}

fn tiered_cents(tiers: &[Tier], kwh: f64) -> f64 {
    let mut from = 0.0;
    let mut cents = 0.0;
    for tier in tiers {
        let to = tier.up_to_kwh.map_or(kwh, |end| end.min(kwh)).max(from);
        cents += (to - from) * tier.cents_per_kwh;
        from = to;
    }
    // Beyond a last tier that has an end, its price goes on.
    cents + tiers.last().map_or(0.0, |last| (kwh - from) * last.cents_per_kwh)
}

/// The mean of the periods' prices, each weighted with the energy used within it.
fn weighted_price(periods: &[Period]) -> f64 {
    let (mut weights, mut cents) = (0.0, 0.0);
    for period in periods {
        let weight: f64 = (0..24u8).filter(|&hour| covers(period, hour)).map(share).sum();
        weights += weight;
        cents += weight * period.cents_per_kwh;
    }
    if weights > 0.0 { cents / weights } else { 0.0 }
}

fn share(hour: u8) -> f64 {
    f64::from(LOAD_SHAPE[usize::from(hour)])
}

fn covers(period: &Period, hour: u8) -> bool {
    if period.start_hour < period.end_hour {
        (period.start_hour..period.end_hour).contains(&hour)
    } else {
        hour >= period.start_hour || hour < period.end_hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price() -> impl Strategy<Value = f64> {
        0.0..60.0f64
    }

    fn tiers() -> impl Strategy<Value = RateStructure> {
        prop::collection::vec((1.0..800.0f64, price()), 1..5).prop_map(|slices| {
            let (mut end, last) = (0.0, slices.len() - 1);
            let tier = |(i, (width, cents_per_kwh)): (usize, (f64, f64))| {
                end += width;
                Tier { up_to_kwh: (i < last).then_some(end), cents_per_kwh }
            };
            RateStructure::Tiered { tiers: slices.into_iter().enumerate().map(tier).collect() }
        })
    }

    fn periods() -> impl Strategy<Value = RateStructure> {
        (0..24u8, 1..24u8, price(), price()).prop_map(|(start, length, inside, outside)| {
            let end = (start + length) % 24;
            let period = |name: &str, start_hour, end_hour, cents_per_kwh| Period {
                name: name.to_owned(),
                start_hour,
                end_hour,
                cents_per_kwh,
            };
            RateStructure::TimeOfUse {
                periods: vec![period("peak", start, end, inside), period("off-peak", end, start, outside)],
            }
        })
    }

    fn variable() -> impl Strategy<Value = RateStructure> {
        (price(), price(), price()).prop_map(|(cents_per_kwh, a, b)| RateStructure::Variable {
            cents_per_kwh,
            min_cents_per_kwh: a.min(b),
            max_cents_per_kwh: a.max(b),
        })
    }

    fn rates() -> impl Strategy<Value = RateStructure> {
        prop_oneof![
            price().prop_map(|cents_per_kwh| RateStructure::Fixed { cents_per_kwh }),
            tiers(),
            periods(),
            variable()
        ]
    }

    /// The lowest and highest price that a kWh can have.
    fn bounds(rates: &RateStructure) -> (f64, f64) {
        let prices: Vec<f64> = match rates {
            RateStructure::Fixed { cents_per_kwh } => vec![*cents_per_kwh],
            RateStructure::Tiered { tiers } => tiers.iter().map(|tier| tier.cents_per_kwh).collect(),
            RateStructure::TimeOfUse { periods } => periods.iter().map(|period| period.cents_per_kwh).collect(),
            RateStructure::Variable { min_cents_per_kwh, max_cents_per_kwh, .. } => {
                vec![*min_cents_per_kwh, *max_cents_per_kwh]
            }
        };
        (prices.iter().copied().fold(f64::MAX, f64::min), prices.iter().copied().fold(0.0, f64::max))
    }

    proptest! {
        #[test]
        fn a_month_costs_between_the_lowest_and_the_highest_price(rates in rates(), kwh in 0.0..5000.0f64) {
            let (low, high) = bounds(&rates);
            let cents = month_cents(&rates, kwh);
            prop_assert!(cents >= low * kwh - 1e-6 && cents <= high * kwh + 1e-6, "{cents} for {kwh} kWh of {rates:?}");
        }

        #[test]
        fn more_energy_never_costs_less(rates in rates(), kwh in 0.0..5000.0f64, more in 0.0..500.0f64) {
            prop_assert!(month_cents(&rates, kwh + more) >= month_cents(&rates, kwh) - 1e-6);
        }

        #[test]
        fn a_year_is_its_months_and_its_fees(
            rates in rates(), fee in 0..5000u32, months in prop::array::uniform12(0.0..3000.0f64),
        ) {
            let energy: f64 = months.iter().map(|&kwh| month_cents(&rates, kwh)).sum();
            prop_assert!((year_cents(&rates, fee, &months) - energy - f64::from(fee) * 12.0).abs() < 1e-6);
        }

        #[test]
        fn a_tier_boundary_changes_the_price_of_what_lies_beyond_it_only(
            low in price(), high in price(), end in 1.0..1000.0f64, beyond in 0.0..1000.0f64,
        ) {
            let tiers = vec![Tier { up_to_kwh: Some(end), cents_per_kwh: low }, Tier { up_to_kwh: None, cents_per_kwh: high }];
            let cents = month_cents(&RateStructure::Tiered { tiers }, end + beyond);
            prop_assert!((cents - (end * low + beyond * high)).abs() < 1e-6);
        }
    }

    #[test]
    fn the_load_shape_is_a_whole_day() {
        assert_eq!(LOAD_SHAPE.iter().sum::<u16>(), 1000);
    }

    #[test]
    fn no_usage_costs_the_fees_only() {
        let cents = year_cents(&RateStructure::Fixed { cents_per_kwh: 12.0 }, 500, &[0.0; 12]);
        assert!((cents - 6000.0).abs() < f64::EPSILON);
    }
}
