//! How much longer an answer takes through the whole path than from the API itself: told, not judged.

use std::time::Instant;

use serde_json::json;

use super::world::World;
use crate::support::http::get;

/// Requests either way, one after the other.
const REQUESTS: usize = 300;

/// Writes milliseconds to the file that `API_TIMINGS_OUT` names, if it names one.
pub fn measure(world: &World, path: &str) {
    let Some(file) = std::env::var_os("API_TIMINGS_OUT") else { return };
    let time = |port: u16| {
        let started = Instant::now();
        assert_eq!(get(port, path).status, 200);
        started.elapsed().as_secs_f64() * 1000.0
    };
    // In turn, so that both meet the same machine.
    let (direct, site): (Vec<_>, Vec<_>) = (0..REQUESTS).map(|_| (time(world.api.port), time(world.site()))).unzip();
    let spread = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
        json!({ "p50": at(50), "p95": at(95), "p99": at(99) })
    };
    let told = json!({ "path": path, "requests": REQUESTS, "direct_ms": spread(direct), "site_ms": spread(site) });
    std::fs::write(file, format!("{told:#}\n")).unwrap();
}
