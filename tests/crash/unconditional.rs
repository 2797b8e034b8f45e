//! Servers that take no notice of `If-Match` or `If-None-Match`.

use super::{
    sites::{self, release},
    world::World,
};
use crate::support::{proxy::Proxy, servers::ministack};

/// ministack compares no signatures: headers can be taken away from its requests.
fn world(dropped: &[&'static str], more: &str) -> World {
    let server = ministack();
    World::with(server, Proxy::without(server.port, dropped), more)
}

#[test]
fn a_server_without_conditional_writes_is_refused_before_anything_is_written() {
    for (dropped, named) in [
        (&["If-Match", "If-None-Match"][..], "If-None-Match"),
        (&["If-None-Match"], "If-None-Match"),
        (&["If-Match"], "If-Match"),
    ] {
        let world = world(dropped, "cdn: none");
        let before = world.objects();
        sites::write(&world.project, &release("a"));
        let run = world.run(&["deploy", "--json"]);
        let error = &run.json()["error"];
        assert_eq!((run.code, error["rule"].as_str()), (3, Some("no-conditional-writes")), "{run:?}");
        assert!(error["message"].as_str().unwrap().contains(named), "{run:?}");
        assert!(error["help"].as_str().unwrap().contains("locking: off"), "{run:?}");
        assert_eq!(world.objects().0, before.0);
    }
}

#[test]
fn a_server_without_conditional_writes_serves_whoever_turns_locking_off() {
    let world = world(&["If-Match", "If-None-Match"], "cdn: none\n    locking: off");
    let old = world.release(&release("a"));
    let new = world.release(&release("b"));
    world.assert_is(&new);
    world.succeed(&["rollback"]);
    world.objects().assert_promises(&old);
}
