//! What cannot be done is said before anything is half made.

use serde_json::json;

use super::world::{WHOLE, World};
use crate::support::servers::Server;

#[test]
fn somebody_elses_bucket_is_named_as_such() {
    let world = World::new("", "");
    // Twelve digits are another account to this server.
    let other = Server { access_key: "111111111111", ..world.server };
    world.runtime.block_on(other.s3().create_bucket().bucket(&world.bucket).send()).unwrap();
    let error = world.refused(&["provision", "--yes"], 5, "access-denied");
    assert!(error["message"].as_str().unwrap().contains("is somebody else's, or"), "{error}");
    assert_eq!(&world.inventory()[1..], &WHOLE.map(|(kind, _)| (kind, 0))[1..]);
}

#[test]
fn a_certificate_that_does_not_exist_or_is_for_other_names_stops_it_before_anything_is_made() {
    let arn = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
    let world = World::new(&format!("domains: [www.example.com]\n    certificate_arn: {arn}"), "");
    world.refused(&["provision", "--yes"], 3, "certificate-unknown");
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
}

#[test]
fn a_bucket_that_a_policy_opens_to_everybody_is_not_used() {
    let world = World::new("", "");
    let public = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{}/*", world.bucket),
    }]});
    world.runtime.block_on(async {
        let s3 = world.server.s3();
        s3.create_bucket().bucket(&world.bucket).send().await.unwrap();
        s3.put_bucket_policy().bucket(&world.bucket).policy(public.to_string()).send().await.unwrap();
    });
    let error = world.refused(&["provision", "--yes"], 8, "bucket-public");
    assert!(error["message"].as_str().unwrap().contains("Everybody"), "{error}");
}

#[test]
fn a_bucket_in_another_region_is_not_mistaken_for_a_new_one() {
    let world = World::new("", "");
    world.provision();
    let config = std::fs::read_to_string(world.project.path("cdn-config.yml")).unwrap();
    world.project.write("cdn-config.yml", config.replace("region: us-east-1", "region: eu-west-1"));
    world.refused(&["provision", "--yes"], 3, "bucket-region");
}
