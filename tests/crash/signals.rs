//! Ctrl-C, and what a CI system sends when a job is cancelled.

use rustix::process::Signal;

use super::{
    sites::release,
    world::{World, sample},
};
use crate::support::proxy::Fate;

#[test]
fn a_deploy_that_is_told_to_end_gives_its_lease_back() {
    let world = World::new();
    let before = world.release(&release("a"));
    let after = world.release(&release("b"));
    let requests = world.proxy.count();
    let points = (1..=requests).flat_map(|request| [(request, Signal::INT, 130), (request, Signal::TERM, 143)]);
    let points = sample(points.collect(), 4);
    println!("interrupted at {} points of {}", points.len(), 2 * requests);
    for (number, signal, code) in points {
        world.restore(&before);
        let run = world.suffer(&mut world.command(&["deploy"]), move |request, victim| {
            let victim = victim.clone();
            if request.number == number {
                // It must have heard of the signal when the answer comes.
                Fate::passes().first(move || {
                    victim.signal(signal);
                    std::thread::sleep(std::time::Duration::from_millis(100));
                })
            } else {
                Fate::passes()
            }
        });
        let now = world.objects();
        let pointer = now.pointer();
        println!("request {number}, {signal:?}: {}", run.code);
        assert_eq!(pointer.get("lease"), None, "{pointer:#}");
        now.assert_mix_of(&before, &after);
        if run.code == 0 {
            // It was live already, and finished what was left.
            assert_eq!(now.live(), after.live());
        } else {
            assert_eq!(run.code, code, "{run:?}");
            assert!(run.stderr.contains("interrupted"), "{run:?}");
        }
        world.succeed(&["deploy"]);
        world.assert_is(&after);
    }
}
