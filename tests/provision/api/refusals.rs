//! What Lambda refuses, and what becomes of that.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{Api, LAMBDA, refusal, world};
use crate::{provision::world::World, support::proxy::Fate};

const CREATE: &str = "POST /2015-03-31/functions HTTP";

/// From now on the first `times` requests whose line contains `part` are refused. Gives how many were.
fn refuse(world: &World, part: &'static str, times: usize, answer: &'static str) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    world.proxy.script(move |request| {
        if request.line.contains(part) && counted.load(Ordering::SeqCst) < times {
            counted.fetch_add(1, Ordering::SeqCst);
            return Fate::refuses(answer);
        }
        Fate::passes()
    });
    count
}

#[test]
fn what_takes_other_services_some_seconds_to_know_is_waited_for() {
    for message in [
        "The role defined for the function cannot be assumed by Lambda.",
        "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
        "Lambda was unable to configure access to your environment variables because the KMS key is invalid for \
         CreateGrant. Please check your KMS key settings. KMS Exception: InvalidArnException KMS Message: ARN does not \
         refer to a valid principal",
    ] {
        let world = world();
        let refused = refuse(&world, CREATE, 1, refusal(400, "InvalidParameterValueException", message));
        world.provision();
        assert_eq!((refused.load(Ordering::SeqCst), world.drift()), (1, Vec::new()), "{message}");
    }
}

#[test]
fn a_function_that_is_being_changed_is_asked_again() {
    let pending =
        "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    let updating = "The operation cannot be performed at this time. An update is in progress for resource: \
                    arn:aws:lambda:us-east-1:000000000000:function:site-api";
    let busy = |message| refusal(409, "ResourceConflictException", message);
    let world = world();
    // Creations are not retried by the SDK, changes are.
    for (part, message) in [
        ("/versions HTTP", pending),
        ("/aliases HTTP", updating),
        ("POST /2021-10-31/functions/", updating),
        ("/policy?", updating),
    ] {
        let refused = refuse(&world, part, 2, busy(message));
        world.provision();
        assert_eq!((refused.load(Ordering::SeqCst), world.drift()), (2, Vec::new()), "{part}");
        world.proxy.calm();
        world.json(&["provision", "--destroy", "--yes"]);
    }
    world.provision();
    let concurrent = format!("{LAMBDA}\n    reserved_concurrency: 7");
    for (part, message, top) in [
        ("PUT /2017-10-31/functions/", updating, concurrent.clone()),
        ("DELETE /2017-10-31/functions/", updating, LAMBDA.to_owned()),
        ("PUT /2015-03-31/functions/", updating, LAMBDA.replace("256MiB", "512MiB")),
    ] {
        world.configure("", &top);
        let refused = refuse(&world, part, 2, busy(message));
        world.provision();
        assert_eq!((refused.load(Ordering::SeqCst), world.drift()), (2, Vec::new()), "{part}");
    }
    let refused = refuse(&world, "DELETE /2015-03-31/functions/", 2, busy(updating));
    world.json(&["provision", "--destroy", "--yes"]);
    assert_eq!((refused.load(Ordering::SeqCst), Api::of(&world).left()), (2, Vec::new()));
}

#[test]
fn a_quota_that_is_used_up_is_named_and_a_busy_server_asked_again() {
    let world = world();
    let message = "Code storage limit exceeded.";
    let full = refuse(&world, CREATE, usize::MAX, refusal(400, "CodeStorageExceededException", message));
    let error = world.refused(&["provision", "--yes"], 5, "quota");
    assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    assert!(error["help"].as_str().unwrap().contains("--service-code lambda"), "{error}");
    assert_eq!(full.load(Ordering::SeqCst), 1, "a quota does not grow by asking again");

    let busy = refusal(429, "TooManyRequestsException", "Rate Exceeded.");
    for (part, top) in [(CREATE, LAMBDA.to_owned()), ("PUT /2015-03-31/functions/", LAMBDA.replace("256MiB", "512MiB"))]
    {
        world.configure("", &top);
        let refused = refuse(&world, part, 2, busy);
        world.provision();
        assert_eq!((refused.load(Ordering::SeqCst), world.drift()), (2, Vec::new()), "{part}");
    }
    world.configure("", LAMBDA);
    let never = refuse(&world, "PUT /2015-03-31/functions/", usize::MAX, busy);
    world.refused(&["provision", "--yes"], 5, "throttled");
    assert!(never.load(Ordering::SeqCst) > 2);
    world.proxy.calm();
    world.provision();
}

#[test]
fn concurrency_that_the_account_lacks_is_refused_and_can_be_corrected() {
    let reserving = |count: u32| format!("{LAMBDA}\n    reserved_concurrency: {count}");
    let message = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                   below its minimum value of [100].";
    let world = World::new("", &reserving(950));
    refuse(&world, "/concurrency HTTP", usize::MAX, refusal(400, "InvalidParameterValueException", message));
    let error = world.refused(&["provision", "--yes"], 3, "reserved-concurrency");
    assert!(error["message"].as_str().unwrap().contains("minimum value of [100]"), "{error}");
    assert!(error["help"].as_str().unwrap().contains("api.lambda.reserved_concurrency"), "{error}");
    world.proxy.calm();
    world.configure("", &reserving(5));
    world.provision();
    let api = Api::of(&world);
    assert_eq!((api.reserved(), world.drift()), (Some(5), Vec::new()));
    // Somebody takes it away; and the configuration drops it.
    api.unreserve();
    assert_eq!(world.drift(), ["lambda reserved_concurrency"]);
    world.provision();
    assert_eq!(api.reserved(), Some(5));
    world.configure("", LAMBDA);
    assert_eq!(world.drift(), ["lambda reserved_concurrency"]);
    world.provision();
    assert_eq!((api.reserved(), world.drift()), (None, Vec::new()));
}
