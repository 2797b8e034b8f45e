//! A file that is sent in parts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::world::{World, sample};
use crate::support::proxy::{Fate, Request};

/// Three parts.
const BYTES: usize = 17 * 1024 * 1024;

const FILE: &str = "assets/film.0123abcd.bin";

fn is_about_parts(request: &Request) -> bool {
    request.line.contains("?uploads") || request.line.contains("uploadId=")
}

#[test]
fn a_file_in_parts_appears_whole_or_not_at_all() {
    let world = World::new();
    let before = world.objects();
    let mut bytes = vec![0; BYTES];
    fastrand::Rng::with_seed(3).fill(&mut bytes);
    world.project.write(&format!("dist/{FILE}"), &bytes);
    world.project.write("dist/index.html", format!("<!doctype html><script src=\"/{FILE}\"></script>"));
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let run = world.suffer(&mut world.command(&["deploy"]), move |request, _| {
        count.fetch_add(usize::from(is_about_parts(request)), Ordering::SeqCst);
        Fate::passes()
    });
    assert_eq!(run.code, 0, "{run:?}");
    let after = world.objects();
    assert!(after.0[FILE].bytes == bytes);
    let requests = seen.load(Ordering::SeqCst);
    assert_eq!(requests, 5, "a beginning, three parts, an end");

    let ends = ["503", "lost", "answer lost", "answer cut", "killed before", "killed after"];
    let points = (1..=requests).flat_map(|request| ends.map(|end| (request, end)));
    let points = sample(points.collect(), 2);
    println!("in parts: {} points of {}", points.len(), ends.len() * requests);
    for (number, end) in points {
        world.restore(&before);
        let count = AtomicUsize::new(0);
        let run = world.suffer(&mut world.command(&["deploy"]), move |request, victim| {
            if !is_about_parts(request) || count.fetch_add(1, Ordering::SeqCst) + 1 != number {
                return Fate::passes();
            }
            let victim = victim.clone();
            match end {
                "503" => Fate::slow_down(),
                "lost" => Fate::lost(),
                "answer lost" => Fate::answer_lost(),
                "answer cut" => Fate::answer_cut(),
                "killed before" => Fate::lost().first(move || victim.kill()),
                _ => Fate::answer_lost().then(move || victim.kill()),
            }
        });
        println!("request {number}, {end}: {}", run.code);
        assert!(run.code == if end.starts_with("killed") { -1 } else { 0 }, "{run:?}");
        world.objects().assert_mix_of(&before, &after);
        world.succeed(&["deploy"]);
        world.assert_is(&after);
    }
}
