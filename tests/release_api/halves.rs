//! What fails after the alias has moved: viewers never get new pages from an API of before.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    program::Program,
    world::{Live, ROUTES, World},
};
use crate::{
    crash::{bucket::Objects, sites::release},
    support::{Run, proxy::Fate},
};

/// A site with one release, about to get another one of several pages.
struct Halves {
    world: World,
    before: (Objects, Live),
    after: (Objects, Live),
}

impl Halves {
    fn new() -> Self {
        let world = World::new();
        let before = (world.release(&Program::new("one", ROUTES), &release("a")), world.live());
        let after = (world.release(&Program::new("two", ROUTES), &release("b")), world.live());
        world.restore(&before.0, &before.1);
        Self { world, before, after }
    }

    /// Fails unless the failed deploy left new pages, with their API, beside the books of before; and both ways out work.
    fn assert_api_stayed(&self, run: &Run, code: i32) {
        let Self { world, before, after } = self;
        assert_eq!(run.code, code, "{run:?}");
        let message = run.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("version {} of the API stays", world.live().version)), "{message}");
        let half = world.objects();
        half.assert_mix_of(&before.0, &after.0);
        assert!(half.meets_of(&after.0, &before.0), "no new page is in place");
        assert_eq!(world.live().code, after.1.code);
        assert_eq!(half.pointer()["live"], before.0.pointer()["live"]);
        assert_eq!(world.json(&["status"])["api"]["matches"], json!(false));

        // The pages that were live come first, since the new API serves them, too.
        let asked = world.order_of(&["rollback"], &["/docs/guide.html", "/aliases/live"]);
        assert!(asked.is_sorted(), "{asked:?}");
        self.assert_is(&before.0, &before.1);
        world.json(&["deploy"]);
        self.assert_is(&after.0, &after.1);
    }

    fn assert_is(&self, objects: &Objects, live: &Live) {
        let now = self.world.objects();
        now.assert_at_rest();
        now.assert_promises(objects);
        assert_eq!((&self.world.live().code, &now.api()["digest"]), (&live.code, &json!(live.code)));
    }
}

fn rule(run: &Run) -> Value {
    run.json()["error"]["rule"].clone()
}

#[test]
fn one_page_of_several_that_cannot_be_published_leaves_the_others_their_api() {
    let halves = Halves::new();
    let run = halves.world.suffer(&["deploy", "--json"], |request, _| {
        let refused = request.line.starts_with("PUT ") && request.line.contains("/index.html");
        if refused { Fate::slow_down() } else { Fate::passes() }
    });
    assert_eq!(rule(&run), "throttled");
    halves.assert_api_stayed(&run, 5);
}

#[test]
fn a_signal_among_the_pages_leaves_them_their_api() {
    let halves = Halves::new();
    let run = halves.world.suffer(&["deploy", "--json"], |request, victim| {
        let victim = victim.clone();
        if request.line.starts_with("PUT ") && request.line.contains("/docs/guide.html") {
            // It must have heard of the signal when the answer comes.
            Fate::passes().first(move || {
                victim.signal(Signal::TERM);
                std::thread::sleep(std::time::Duration::from_millis(100));
            })
        } else {
            Fate::passes()
        }
    });
    assert_eq!(rule(&run), "interrupted");
    halves.assert_api_stayed(&run, 143);
}

#[test]
fn a_switch_that_fails_leaves_the_pages_that_are_in_place_their_api() {
    let halves = Halves::new();
    let written = AtomicBool::new(false);
    let run = halves.world.suffer(&["deploy", "--json"], move |request, _| {
        let put = |what: &str| request.line.starts_with("PUT ") && request.line.contains(what);
        written.fetch_or(put("/_tb/ledger/inventory/"), Ordering::SeqCst);
        let switches = put("/_tb/ledger/pointer.json") && written.load(Ordering::SeqCst);
        if switches { Fate::slow_down() } else { Fate::passes() }
    });
    halves.assert_api_stayed(&run, 5);
}

#[test]
fn a_file_that_no_page_in_place_names_takes_the_api_back_when_it_cannot_be_published() {
    let Halves { world, before, after } = Halves::new();
    let run = world.suffer(&["deploy", "--json"], |request, _| {
        let refused = request.line.starts_with("PUT ") && request.line.contains("/assets/app.bbbbbbbb.js");
        if refused { Fate::slow_down() } else { Fate::passes() }
    });
    assert_eq!((run.code, rule(&run)), (5, json!("throttled")), "{run:?}");
    assert!(!run.stdout.contains("of the API stays"), "{run:?}");
    let now = world.objects();
    assert!(!now.meets_of(&after.0, &before.0));
    assert_eq!((&world.live().code, &now.pointer()["live"]), (&before.1.code, &before.0.pointer()["live"]));
}
