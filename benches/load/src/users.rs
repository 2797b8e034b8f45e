//! The performance guide's users (its `locustfile.py`), without Python's cost a request.

use std::{cell::RefCell, rc::Rc, time::Duration};

use clap::Args;
use fastrand::Rng;
use hyper::Uri;
use tokio::{
    task::{JoinSet, spawn_local},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    client::{Client, Target},
    record::Recorder,
};

/// What a user does next, and how often: of every six requests, so many.
const TASKS: [(usize, &str, &str); 3] = [
    (3, "plans", "/api/v1/plans/catalog"),
    (2, "recommendations", "/api/v1/recommendations/user_123"),
    (1, "profile", "/api/v1/users/profile"),
];
/// For how long a user reads before the next request, in seconds: any time between these is as likely.
const WAIT: (f64, f64) = (1.0, 3.0);

/// How many users, for how long.
#[derive(Debug, Args)]
pub struct Options {
    /// How many
    #[arg(long)]
    users: u32,
    /// Over how many seconds they arrive
    #[arg(long, default_value_t = 10)]
    ramp_up: u64,
    /// For how many seconds they stay after all have arrived
    #[arg(long, default_value_t = 60)]
    duration: u64,
    /// Counts the requests of those who arrive early, too
    #[arg(long)]
    count_ramp_up: bool,
    /// Makes two runs draw the same waits and tasks
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub async fn run(target: Rc<Target>, options: &Options) {
    let started = Instant::now();
    let ramp_up = Duration::from_secs(options.ramp_up);
    let end = started + ramp_up + Duration::from_secs(options.duration);
    let skipped = if options.count_ramp_up { Duration::ZERO } else { ramp_up };
    let recorder = Rc::new(RefCell::new(Recorder::new(started, skipped)));
    let clock = spawn_local(tick(Rc::clone(&recorder)));

    let deck = deck();
    let mut random = Rng::with_seed(options.seed);
    let mut users = JoinSet::new();
    for number in 0..options.users {
        let arrival = started + ramp_up * number / options.users;
        let user = User {
            client: Client::new(Rc::clone(&target)),
            deck: Rc::clone(&deck),
            random: random.fork(),
            recorder: Rc::clone(&recorder),
        };
        users.spawn_local(user.stay(arrival, end));
    }
    users.join_all().await;
    clock.abort();
    let recorder = recorder.borrow();
    recorder.summary(Some(f64::from(options.users) / f64::midpoint(WAIT.0, WAIT.1)));
}

/// Tells of a second even when nothing was answered in it.
async fn tick(recorder: Rc<RefCell<Recorder>>) {
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let now = seconds.tick().await;
        recorder.borrow_mut().advance(now);
    }
}

/// Each task as often as its weight says.
fn deck() -> Rc<[(&'static str, Uri)]> {
    let cards = TASKS.iter().flat_map(|&(weight, name, path)| vec![(name, Uri::from_static(path)); weight]);
    cards.collect()
}

struct User {
    client: Client,
    deck: Rc<[(&'static str, Uri)]>,
    random: Rng,
    recorder: Rc<RefCell<Recorder>>,
}

impl User {
    async fn stay(mut self, arrival: Instant, end: Instant) {
        sleep_until(arrival).await;
        self.recorder.borrow_mut().users += 1;
        loop {
            let (route, path) = &self.deck[self.random.usize(..self.deck.len())];
            let start = Instant::now();
            let outcome = self.client.get(path).await;
            self.recorder.borrow_mut().request(route, start, &outcome);

            let wait = WAIT.0 + self.random.f64() * (WAIT.1 - WAIT.0);
            let due = Instant::now() + Duration::from_secs_f64(wait);
            if due >= end {
                return sleep_until(end).await; // the connection stays open as long as others load the server
            }
            sleep_until(due).await;
            self.recorder.borrow_mut().woke(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_dealt_as_the_guide_says() {
        let deck = deck();
        let count = |route| deck.iter().filter(|(name, _)| *name == route).count();
        assert_eq!((count("plans"), count("recommendations"), count("profile")), (3, 2, 1));
    }
}
