//! What AWS leaves out of its answers, and what it knows a little later, where the emulator does neither.

use serde_json::Value;

use super::{Api, LAMBDA, refusal, world};
use crate::{
    provision::world::World,
    support::{http::get, proxy::Fate},
};

/// From now on functions are described as `change` has them; it knows whether a version was asked for.
fn describe(world: &World, change: impl Fn(&mut Value, bool) + Send + Sync + 'static) {
    let port = world.server.port;
    world.proxy.script(move |request| {
        let mut words = request.line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let path = target.split('?').next().unwrap();
        let is_asked = method == "GET" && path.starts_with("/2015-03-31/functions/") && path.matches('/').count() == 3;
        let there = is_asked.then(|| get(port, target)).filter(|it| it.status == 200);
        let Some(there) = there else { return Fate::passes() };
        let mut described: Value = serde_json::from_slice(&there.body).unwrap();
        change(&mut described, target.contains("Qualifier"));
        let body = described.to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        Fate::refuses((head + &body).leak())
    });
}

fn leave_out(described: &mut Value, fields: &[&str]) {
    described.as_object_mut().unwrap().retain(|field, _| !fields.contains(&field.as_str()));
}

#[test]
fn concurrency_and_tags_are_those_of_the_whole_function() {
    let world = World::new("", &format!("{LAMBDA}\n    reserved_concurrency: 7"));
    // Of a version, Lambda tells neither.
    describe(&world, |described, is_version| {
        if is_version {
            leave_out(described, &["Concurrency", "Tags"]);
        }
    });
    world.provision();
    assert_eq!((world.drift(), Api::of(&world).reserved()), (Vec::new(), Some(7)));
}

#[test]
fn tags_that_may_not_be_listed_are_no_drift_but_a_permission_that_lacks() {
    let world = world();
    world.provision();
    // Who may not list tags is not refused by Lambda, but given none.
    let without_tags = |described: &mut Value, _| {
        leave_out(described, &["Tags"]);
        described["TagsError"] =
            serde_json::json!({ "ErrorCode": "AccessDeniedException", "Message": "not authorized" });
    };
    describe(&world, without_tags);
    assert_eq!(world.drift(), Vec::<String>::new());
    let message = "User: u is not authorized to perform: lambda:ListTags on resource: r";
    let refused = refusal(403, "AccessDeniedException", message);
    world.proxy.script(move |request| {
        let target = request.line.split(' ').nth(1).unwrap();
        match request.line.contains("/tags/") {
            true => Fate::refuses(refused),
            false if target.starts_with("/2015-03-31/functions/") && !target.contains("/policy") => {
                let body = serde_json::json!({
                    "Configuration": { "FunctionName": "f", "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f" },
                    "TagsError": { "ErrorCode": "AccessDeniedException", "Message": "not authorized" },
                });
                let body = body.to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                Fate::refuses((head + &body).leak())
            }
            false => Fate::passes(),
        }
    });
    let error = world.refused(&["provision", "--yes"], 5, "access-denied");
    assert!(error["message"].as_str().unwrap().contains("lambda:ListTags"), "{error}");
}

/// How IAM refuses a request, in the words of its API.
fn iam_refusal(status: u16, code: &str) -> &'static str {
    let body = format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>");
    let length = body.len();
    format!("HTTP/1.1 {status} Refused\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}").leak()
}

#[test]
fn what_iam_knows_a_little_later_is_waited_for() {
    /// The number of the first request that a run sends after, or as, the one for this action.
    fn number(world: &World, args: &[&str], action: &str) -> usize {
        world.proxy.calm();
        world.proxy.record();
        world.json(args);
        let action = format!("Action={action}&");
        let is_asked = |body: &[u8]| String::from_utf8_lossy(body).contains(&action);
        world.proxy.recorded().iter().position(|it| is_asked(&it.body)).unwrap() + 1
    }
    let (make, remove) = (["provision", "--yes"], ["provision", "--destroy", "--yes"]);
    let first = world();
    let created = number(&first, &make, "CreateRole");
    let removed = number(&first, &remove, "DeleteRole");

    let world = world();
    let unknown = iam_refusal(404, "NoSuchEntity");
    world.proxy.script(
        move |request| {
            if request.number == created + 1 { Fate::refuses(unknown) } else { Fate::passes() }
        },
    );
    world.json(&make);
    assert_eq!(world.drift(), Vec::<String>::new());
    let in_use = iam_refusal(409, "DeleteConflict");
    world.proxy.script(move |request| if request.number == removed { Fate::refuses(in_use) } else { Fate::passes() });
    world.json(&remove);
    assert_eq!(Api::of(&world).left(), Vec::<&str>::new());
}
