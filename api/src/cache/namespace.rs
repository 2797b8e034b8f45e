//! The kinds of cached values.

use std::time::Duration;

/// What kind of value a key names; each has its own prefix, version and time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// Plans and pages of them.
    PlanCatalog,
    /// Users' profiles.
    UserProfile,
    /// What suits a user.
    Recommendations,
    /// Users' months.
    UsageAnalysis,
    /// Whole responses.
    Response,
}

impl Namespace {
    /// Every namespace.
    pub const ALL: [Self; 5] =
        [Self::PlanCatalog, Self::UserProfile, Self::Recommendations, Self::UsageAnalysis, Self::Response];

    /// What its keys start with, version included. A change of the values' form needs another version.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::PlanCatalog => "plan_catalog:v1",
            Self::UserProfile => "user_profile:v1",
            Self::Recommendations => "recommendations:v1",
            Self::UsageAnalysis => "usage_analysis:v1",
            Self::Response => "cache:response",
        }
    }

    /// What statistics call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlanCatalog => "plan_catalog",
            Self::UserProfile => "user_profile",
            Self::Recommendations => "recommendations",
            Self::UsageAnalysis => "usage_analysis",
            Self::Response => "response_cache",
        }
    }

    /// The namespace of that [`name`](Self::name).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|namespace| namespace.name() == name)
    }

    /// How long its values are fresh. Without a time of its own: as long as the settings say.
    #[must_use]
    pub const fn ttl(self) -> Option<Duration> {
        match self {
            Self::PlanCatalog => Some(Duration::from_hours(1)),
            Self::UserProfile | Self::Recommendations => None,
            Self::UsageAnalysis => Some(Duration::from_hours(7 * 24)),
            Self::Response => Some(Duration::from_mins(5)),
        }
    }

    /// Whether its values are the same for everybody, so that a client or a proxy may store them.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::PlanCatalog | Self::Response)
    }

    /// What is made of its values, and is out of date when they are: responses are pages of the catalogue, profiles and
    /// recommendations name plans.
    #[must_use]
    pub const fn derived(self) -> &'static [Self] {
        match self {
            Self::PlanCatalog => &[Self::UserProfile, Self::Recommendations, Self::Response],
            _ => &[],
        }
    }

    /// The namespace, then what is made of its values: what is forgotten together.
    pub fn with_derived(self) -> impl Iterator<Item = Self> {
        [self].into_iter().chain(self.derived().iter().copied())
    }

    /// The namespaces with keys that start with `prefix`. One that reaches into a namespace means the whole of it:
    /// forgetting too much costs a query, forgetting too little shows old data.
    #[must_use]
    pub fn matching(prefix: &str) -> Vec<Self> {
        let matches = |namespace: &Self| {
            let keys = namespace.prefix();
            keys.starts_with(prefix) || prefix.strip_prefix(keys).is_some_and(|rest| rest.starts_with(':'))
        };
        if prefix.is_empty() { Vec::new() } else { Self::ALL.into_iter().filter(matches).collect() }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_selects_the_namespaces_that_it_reaches() {
        for (prefix, expected) in [
            ("plan_catalog", vec![Namespace::PlanCatalog]),
            ("plan_catalog:v1:", vec![Namespace::PlanCatalog]),
            ("plan_catalog:v1:plan_00", vec![Namespace::PlanCatalog]),
            ("plan_catalog:v10", vec![]),
            ("u", vec![Namespace::UserProfile, Namespace::UsageAnalysis]),
            ("sessions", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(Namespace::matching(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn indexes_and_names_tell_namespaces_apart() {
        for (index, namespace) in Namespace::ALL.into_iter().enumerate() {
            assert_eq!((namespace.index(), Namespace::named(namespace.name())), (index, Some(namespace)));
        }
    }
}
