//! What became of the requests, second by second and altogether.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Failure, Reply};

/// Counts and latencies of some requests.
#[derive(Debug)]
struct Tally {
    /// In microseconds, to three digits, of all answers and failures.
    latency: Histogram<u64>,
    errors: u64,
}

/// Everything that a run has to tell.
#[derive(Debug)]
pub struct Recorder {
    started: Instant,
    /// Before this time requests count in their second only.
    measured_from: Instant,
    /// The second under way, from 0.
    second: u64,
    /// Users who have started.
    pub users: u64,
    now: Tally,
    total: Tally,
    routes: BTreeMap<&'static str, Tally>,
    errors: BTreeMap<Failure, u64>,
    x_cache: BTreeMap<String, u64>,
    /// How much later than they should users woke up, in microseconds: what the generator itself adds.
    lateness: Histogram<u64>,
    /// Seconds of the measured time in which no request was completed.
    silent: u64,
}

impl Recorder {
    pub fn new(started: Instant, skipped: Duration) -> Self {
        Self {
            started,
            measured_from: started + skipped,
            second: 0,
            users: 0,
            now: Tally::new(),
            total: Tally::new(),
            routes: BTreeMap::new(),
            errors: BTreeMap::new(),
            x_cache: BTreeMap::new(),
            lateness: histogram(),
            silent: 0,
        }
    }

    /// A request that began at `start` and has just ended.
    pub fn request(&mut self, route: &'static str, start: Instant, outcome: &Result<Reply, Failure>) {
        let end = Instant::now();
        self.advance(end);
        let (latency, failed) = (micros(end - start), outcome.is_err());
        self.now.add(latency, failed);
        if end < self.measured_from {
            return;
        }
        self.total.add(latency, failed);
        self.routes.entry(route).or_insert_with(Tally::new).add(latency, failed);
        match outcome {
            Ok(Reply { x_cache: Some(value) }) => {
                let value = value.to_str().unwrap_or("unreadable");
                match self.x_cache.get_mut(value) {
                    Some(count) => *count += 1,
                    None => _ = self.x_cache.insert(value.to_owned(), 1),
                }
            }
            Ok(_) => {}
            Err(failure) => *self.errors.entry(failure.clone()).or_default() += 1,
        }
    }

    /// A user woke up that should have at `due`.
    pub fn woke(&mut self, due: Instant) {
        self.lateness.saturating_record(micros(due.elapsed()));
    }

    /// Tells of the seconds that have passed, those without an answer included.
    pub fn advance(&mut self, now: Instant) {
        while (now - self.started).as_secs() > self.second {
            let measured = self.started + Duration::from_secs(self.second) >= self.measured_from;
            self.silent += u64::from(measured && self.now.answered() == 0);
            let figures = self.now.figures();
            println!("{}", joined(json!({ "second": self.second, "users": self.users }), figures));
            self.now.latency.reset();
            self.now.errors = 0;
            self.second += 1;
        }
    }

    /// Tells of the measured time. `offered` is the requests a second that the users would send
    /// if they were answered at once.
    pub fn summary(&self, offered: Option<f64>) {
        let seconds = (Instant::now() - self.measured_from).as_secs_f64();
        let achieved = number(self.total.answered()) / seconds;
        let hits: u64 = self.x_cache.iter().filter(|(source, _)| *source != "MISS").map(|(_, count)| count).sum();
        let known: u64 = self.x_cache.values().sum();
        let routes: BTreeMap<_, _> = self.routes.iter().map(|(route, tally)| (route, tally.figures())).collect();
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let summary = json!({
            "users": self.users,
            "seconds": rounded(seconds),
            "offered_per_s": offered.map(rounded),
            "achieved_per_s": rounded(achieved),
            "share_of_offered": offered.map(|offered| rounded(achieved / offered)),
            "failures": self.errors,
            "seconds_without_answer": self.silent,
            "x_cache": self.x_cache,
            "hit_rate": (known > 0).then(|| rounded(number(hits) / number(known))),
            "routes": routes,
            "generator": {
                "cpu_s": rounded(Duration::try_from(cpu).unwrap_or_default().as_secs_f64()),
                "late_p50_ms": milliseconds(self.lateness.value_at_quantile(0.5)),
                "late_p99_ms": milliseconds(self.lateness.value_at_quantile(0.99)),
            },
        });
        println!("{}", json!({ "summary": joined(summary, self.total.figures()) }));
    }
}

impl Tally {
    fn new() -> Self {
        Self { latency: histogram(), errors: 0 }
    }

    fn add(&mut self, latency: u64, failed: bool) {
        self.latency.saturating_record(latency);
        self.errors += u64::from(failed);
    }

    fn answered(&self) -> u64 {
        self.latency.len() - self.errors
    }

    fn figures(&self) -> Value {
        let at = |quantile| milliseconds(self.latency.value_at_quantile(quantile));
        json!({
            "completed": self.answered(), "errors": self.errors,
            "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "max_ms": milliseconds(self.latency.max()),
        })
    }
}

/// Both objects' members in one.
fn joined(mut object: Value, other: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (object.as_object_mut(), other) {
        members.extend(more);
    }
    object
}

/// Up to two minutes.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000, 3).expect("these bounds are valid")
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
const fn number(count: u64) -> f64 {
    count as f64
}

fn milliseconds(micros: u64) -> f64 {
    number(micros) / 1e3
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, pause};

    #[tokio::test]
    async fn what_was_answered_during_the_ramp_up_does_not_count_and_silent_seconds_do() {
        pause();
        let start = Instant::now();
        let mut recorder = Recorder::new(start, Duration::from_secs(2));
        advance(Duration::from_millis(1500)).await;
        recorder.request("plans", start, &Ok(Reply { x_cache: None }));
        advance(Duration::from_secs(3)).await; // at 4.5 s: nothing in the seconds 2 and 3
        recorder.request("plans", Instant::now() - Duration::from_millis(20), &Ok(Reply { x_cache: None }));
        recorder.request("plans", Instant::now() - Duration::from_millis(40), &Err("status 503".into()));
        recorder.advance(start + Duration::from_secs(5));

        assert_eq!((recorder.total.answered(), recorder.total.errors), (1, 1));
        assert_eq!(recorder.silent, 2);
        assert_eq!(recorder.errors["status 503"], 1);
        let figures = recorder.routes["plans"].figures();
        assert_eq!((&figures["completed"], &figures["errors"]), (&json!(1), &json!(1)));
        let max = figures["max_ms"].as_f64().unwrap();
        assert!((39.9..40.1).contains(&max), "{max}");
    }
}
