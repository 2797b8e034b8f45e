//! Energy plans and their suppliers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who sells a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Supplier {
    /// Opaque id.
    pub supplier_id: String,
    /// Display name.
    pub name: String,
    /// Customers' rating, 0 to 5 with one decimal.
    pub rating: f64,
}

/// A plan as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanSummary {
    /// Opaque id, for example `plan_0042`.
    pub plan_id: String,
    /// Display name.
    pub plan_name: String,
    /// Who sells it.
    pub supplier: Supplier,
    /// Whom it is for.
    pub plan_type: PlanType,
    /// How it is priced.
    pub rate_type: RateType,
    /// What a typical household pays a kWh, fees not included.
    pub average_cents_per_kwh: f64,
    /// Fixed charge a month, in US cents.
    pub monthly_fee_cents: u32,
    /// Contract length in months; 0 is no contract.
    pub contract_length_months: u32,
    /// What leaving before the contract's end costs, in US cents.
    pub early_termination_fee_cents: u32,
    /// Share of renewable energy, 0 to 100.
    pub renewable_percentage: u32,
}

/// A plan in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// What lists show.
    #[serde(flatten)]
    pub summary: PlanSummary,
    /// A sentence or two for people.
    pub description: String,
    /// Paid once, in US cents.
    pub connection_fee_cents: u32,
    /// Three-digit ZIP code prefixes in which it is sold.
    pub available_regions: Vec<String>,
    /// The prices.
    pub rate_structure: RateStructure,
}

/// Whom a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanType {
    /// Homes.
    Residential,
    /// Homes with an electric vehicle.
    Ev,
    /// Companies.
    Business,
}

/// How a plan is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RateType {
    /// One price.
    Fixed,
    /// A price for each slice of the month's use.
    Tiered,
    /// A price for each part of the day.
    TimeOfUse,
    /// A price that follows the market, within bounds.
    Variable,
}

/// A plan's prices, in US cents per kWh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RateStructure {
    /// One price for every kWh.
    Fixed {
        /// The price.
        cents_per_kwh: f64,
    },
    /// Slices of a month's use, each with its price; the last has no upper end.
    Tiered {
        /// From the first kWh on, in rising order.
        tiers: Vec<Tier>,
    },
    /// Parts of the day, each with its price.
    TimeOfUse {
        /// Together they cover the day.
        periods: Vec<Period>,
    },
    /// A price that follows the market.
    Variable {
        /// The price at the moment.
        cents_per_kwh: f64,
        /// The lowest that it can become.
        min_cents_per_kwh: f64,
        /// The highest that it can become.
        max_cents_per_kwh: f64,
    },
}

/// A slice of a month's use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    /// Where the slice ends, in kWh of the month; `null` for the last.
    #[schema(required)]
    pub up_to_kwh: Option<f64>,
    /// The price within it.
    pub cents_per_kwh: f64,
}

/// A part of the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Period {
    /// Display name, for example `peak`.
    pub name: String,
    /// First hour, 0 to 23.
    pub start_hour: u8,
    /// The hour at which it ends, 1 to 24; smaller than the start when it spans midnight.
    pub end_hour: u8,
    /// The price within it.
    pub cents_per_kwh: f64,
}

/// A word that names no variant.
#[derive(Debug, thiserror::Error)]
#[error("unknown value {0:?}")]
pub struct UnknownValue(String);

impl PlanType {
    /// The word used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Residential => "residential",
            Self::Ev => "ev",
            Self::Business => "business",
        }
    }
}

impl RateType {
    /// The word used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Tiered => "tiered",
            Self::TimeOfUse => "time_of_use",
            Self::Variable => "variable",
        }
    }
}

impl RateStructure {
    /// How it is priced.
    #[must_use]
    pub const fn rate_type(&self) -> RateType {
        match self {
            Self::Fixed { .. } => RateType::Fixed,
            Self::Tiered { .. } => RateType::Tiered,
            Self::TimeOfUse { .. } => RateType::TimeOfUse,
            Self::Variable { .. } => RateType::Variable,
        }
    }
}

impl FromStr for PlanType {
    type Err = UnknownValue;

    fn from_str(word: &str) -> Result<Self, UnknownValue> {
        [Self::Residential, Self::Ev, Self::Business]
            .into_iter()
            .find(|variant| variant.as_str() == word)
            .ok_or_else(|| UnknownValue(word.to_owned()))
    }
}

impl FromStr for RateType {
    type Err = UnknownValue;

    fn from_str(word: &str) -> Result<Self, UnknownValue> {
        [Self::Fixed, Self::Tiered, Self::TimeOfUse, Self::Variable]
            .into_iter()
            .find(|variant| variant.as_str() == word)
            .ok_or_else(|| UnknownValue(word.to_owned()))
    }
}
