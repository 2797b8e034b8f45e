//! What cannot be done is said before anything is half made.

use serde_json::json;

use super::world::{WHOLE, World};
use crate::support::{
    Run,
    aws_model::assert_valid,
    servers::{Answer, REGION, Scripted, Server},
};

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

/// A certificate that ACM issued for `names`: its ARN.
fn issued(world: &World, names: &[&str]) -> String {
    let config = aws_sdk_acm::Config::builder()
        .behavior_version(aws_sdk_acm::config::BehaviorVersion::latest())
        .region(aws_sdk_acm::config::Region::new(REGION))
        .endpoint_url(world.server.endpoint())
        .credentials_provider(world.server.credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let request = aws_sdk_acm::Client::from_conf(config.build()).request_certificate().domain_name(names[0]);
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let made = world.runtime.block_on(request.set_subject_alternative_names(Some(names)).send()).unwrap();
    made.certificate_arn.unwrap()
}

/// Lines of the configuration.
fn place(domains: &[&str], certificate: &str) -> String {
    format!("domains: [{}]\n    certificate_arn: {certificate}", domains.join(", "))
}

#[test]
fn a_certificate_that_does_not_exist_stops_it_before_anything_is_made() {
    let arn = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
    let world = World::new(&place(&["www.example.com"], arn), "");
    world.refused(&["provision", "--yes"], 3, "certificate-unknown");
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
}

#[test]
fn a_certificate_for_other_names_stops_it_before_anything_is_made() {
    let world = World::new("", "");
    let arn = issued(&world, &["example.org", "*.example.org"]);
    // A wildcard is one label, and not none.
    for domains in [&["www.example.org", "www.example.com"][..], &["a.b.example.org"], &["example.org.example.com"]] {
        world.configure(&place(domains, &arn), "");
        let error = world.refused(&["provision", "--yes"], 3, "certificate-names");
        let expected =
            format!("the certificate is not for {}, but for example.org, *.example.org", domains.last().unwrap());
        assert_eq!(error["message"], expected);
    }
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
}

#[test]
fn a_certificate_that_is_not_issued_yet_comes_with_the_records_that_it_waits_for() {
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
    let acm = Scripted::new(move |_, request| {
        assert_eq!(request.header("x-amz-target"), Some("CertificateManager.DescribeCertificate"));
        let record = json!({ "Name": "_a.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws." });
        let proofs = ["example.com", "*.example.com"].map(
            |name| json!({ "DomainName": name, "ValidationStatus": "PENDING_VALIDATION", "ResourceRecord": record }),
        );
        let certificate = json!({
            "CertificateArn": arn, "Status": "PENDING_VALIDATION", "DomainName": "example.com",
            "SubjectAlternativeNames": ["example.com", "*.example.com"], "DomainValidationOptions": proofs,
        });
        Answer::new(200, json!({ "Certificate": certificate }).to_string())
    });
    let world = World::new("", "");
    // Without an address in the configuration, each service may have one in the environment.
    world.configure(&place(&["www.example.com"], arn), "");
    let config = std::fs::read_to_string(world.project.path("cdn-config.yml")).unwrap();
    let lines: Vec<_> = config.lines().filter(|line| !line.contains("endpoint_url")).collect();
    world.project.write("cdn-config.yml", lines.join("\n"));
    let mut command = world.command(&["provision", "--yes", "--json"]);
    let run = Run::of(command.env("AWS_ENDPOINT_URL_ACM", acm.server.endpoint()));
    let error = &run.json()["error"];
    assert_eq!((run.code, &error["rule"]), (3, &json!("certificate-pending")), "{run:?}");
    assert_eq!(error["message"], "the certificate is not issued: it is PENDING_VALIDATION");
    let help = error["help"].as_str().unwrap();
    assert_eq!(help.matches("_a.example.com. CNAME _b.acm-validations.aws.").count(), 1, "{help}");
    assert_valid(&acm.received());
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
}

#[test]
fn domains_with_an_issued_certificate_lead_to_the_distribution() {
    let world = World::new("", "");
    let apex = &world.bucket;
    let www = format!("www.{apex}");
    let arn = issued(&world, &[apex, &format!("*.{apex}")]);
    world.configure(&place(&[&www, apex], &arn), "");
    world.proxy.record();
    let made = world.json(&["provision", "--yes"]);
    let asked = assert_valid(&world.proxy.recorded());
    assert!(asked.iter().any(|it| (it.service, it.name.as_str()) == ("acm", "DescribeCertificate")), "{asked:?}");
    assert_eq!(world.inventory(), WHOLE);

    // DNS allows no CNAME at the apex of a zone.
    let domain = &made["distribution"]["domain"];
    let records = json!([
        { "name": www, "type": "CNAME", "value": domain },
        { "name": apex, "type": "ALIAS", "value": domain },
    ]);
    assert_eq!(made["dns"], records);
    let id = made["distribution"]["id"].as_str().unwrap();
    let config = world.runtime.block_on(world.cloudfront().get_distribution_config().id(id).send()).unwrap();
    let config = config.distribution_config.unwrap();
    let mut aliases = config.aliases.unwrap().items.unwrap();
    aliases.sort();
    assert_eq!(aliases, [apex.clone(), www.clone()]);
    let certificate = config.viewer_certificate.unwrap();
    assert_eq!(certificate.acm_certificate_arn.as_deref(), Some(&*arn));
    assert_eq!(certificate.minimum_protocol_version.unwrap().as_str(), "TLSv1.2_2025");
    assert_eq!(certificate.ssl_support_method.unwrap().as_str(), "sni-only");

    assert_eq!(world.provision()["changes"], false);
    assert_eq!(world.drift(), Vec::<String>::new());
    assert_eq!(world.json(&["deploy"])["url"], format!("https://{www}"));
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
