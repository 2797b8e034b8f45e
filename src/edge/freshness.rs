//! How long a response may be kept.

use std::time::Duration;

use crate::model::distribution::Caching;

/// How long CloudFront keeps a response with this `Cache-Control`; none when it does not keep it at all.
///
/// `s-maxage` before `max-age` before the default, within the bounds of the behavior.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html>
pub fn lifetime(cache_control: Option<&str>, caching: &Caching) -> Option<Duration> {
    let Caching::Enabled { min_ttl, default_ttl, max_ttl } = *caching else { return None };
    let cache_control = cache_control.unwrap_or_default();
    let bounded = |ttl: Duration| ttl.max(min_ttl).min(max_ttl);
    if ["no-store", "no-cache", "private"].iter().any(|name| directive(cache_control, name).is_some()) {
        return (!min_ttl.is_zero()).then_some(min_ttl);
    }
    let seconds = ["s-maxage", "max-age"].iter().find_map(|name| directive(cache_control, name)?.parse().ok());
    Some(bounded(seconds.map_or(default_ttl, Duration::from_secs)))
}

/// The value of a directive, empty when it has none.
fn directive<'a>(cache_control: &'a str, name: &str) -> Option<&'a str> {
    cache_control.split(',').find_map(|directive| {
        let (found, value) = directive.trim().split_once('=').unwrap_or((directive.trim(), ""));
        found.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(cache_control: &str, min: u64) -> Option<u64> {
        let caching = Caching::Enabled {
            min_ttl: Duration::from_secs(min),
            default_ttl: Duration::from_secs(50),
            max_ttl: Duration::from_secs(1_000),
        };
        lifetime(Some(cache_control), &caching).map(|ttl| ttl.as_secs())
    }

    #[test]
    fn lifetimes_follow_cache_control_within_bounds() {
        for (cache_control, min, expected) in [
            ("public, max-age=300, must-revalidate", 0, Some(300)),
            ("max-age=300, s-maxage=20", 0, Some(20)),
            ("public, MAX-AGE=\"7\"", 0, Some(7)),
            ("max-age=31536000, immutable", 0, Some(1_000)),
            ("max-age=0", 0, Some(0)),
            ("max-age=0", 5, Some(5)),
            ("", 0, Some(50)),
            ("max-age=soon", 0, Some(50)),
            ("no-store", 0, None),
            ("private, max-age=60", 0, None),
            ("no-cache", 0, None),
            ("no-store", 5, Some(5)),
        ] {
            assert_eq!(seconds(cache_control, min), expected, "{cache_control} {min}");
        }
        assert_eq!(lifetime(Some("max-age=60"), &Caching::Disabled), None);
    }
}
