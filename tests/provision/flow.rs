//! From nothing to a site that viewers reach, and what later runs do.

use serde_json::{Value, json};

use super::world::{WHOLE, World};
use crate::support::{
    NodeApi,
    aws_model::assert_valid,
    distribution::edit,
    http::{Reply, SECURITY_HEADERS, free_port},
    servers::{Server, strict_ministack},
};

#[test]
fn from_nothing_to_a_site_and_then_there_is_nothing_to_do() {
    let world = World::new("", "");
    let first = world.run(&["plan", "--detailed-exitcode", "--json"]);
    assert_eq!(first.code, 2, "{first:?}");
    let first = first.json();
    let kinds: Vec<_> = first["infrastructure"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].clone(), it["action"].clone()))
        .collect();
    let expected = [
        "bucket",
        "origin-access-control",
        "response-headers-policy",
        "cache-policy",
        "function",
        "distribution",
        "bucket-policy",
    ];
    assert_eq!(kinds, expected.map(|kind| (json!(kind), json!("create"))));
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)), "a plan changes nothing");
    world.refused(&["provision"], 3, "confirmation");
    world.refused(&["deploy"], 3, "bucket-missing");

    world.proxy.record();
    let made = world.provision();
    assert_valid(&world.proxy.recorded());
    assert_eq!(world.inventory(), WHOLE);
    let domain = made["distribution"]["domain"].as_str().unwrap();

    world.proxy.script(|_| crate::support::proxy::Fate::passes());
    world.proxy.record();
    let again = world.provision();
    assert_eq!((&again["changes"], &again["distribution"]), (&json!(false), &made["distribution"]));
    let written: Vec<_> = world
        .proxy
        .recorded()
        .into_iter()
        .filter(|it| !it.line.starts_with("GET ") && !it.line.starts_with("HEAD "))
        .map(|it| it.line)
        .collect();
    // Describing a certificate or an identity is a POST; here there is none.
    assert_eq!(written, Vec::<String>::new());
    assert_eq!(world.drift(), Vec::<String>::new());

    let deployed = world.json(&["deploy"]);
    assert_eq!((&deployed["live"], &deployed["url"]), (&json!(true), &json!(format!("https://{domain}"))));
    assert_eq!(world.run(&["plan", "--detailed-exitcode"]).code, 0);
    let page = world.view(domain, "GET", "/some/route", &[("Accept-Encoding", "br")], b"");
    assert_eq!((page.status, page.header("content-encoding")), (200, Some("br")));
    assert_eq!(page.header("x-amz-server-side-encryption"), None);
    let missing = world.view(domain, "GET", "/assets/none.js", &[], b"");
    // The server says 403 where S3 says 404 to whoever may list the bucket.
    assert_eq!(missing.status, 403);
    for reply in [&page, &missing] {
        assert_security(reply);
    }
    let plain = world.ask(domain, "GET", "/", &[("X-Forwarded-Proto", "http")], b"");
    assert_eq!((plain.status, plain.header("location").unwrap().starts_with("https://")), (301, true));

    let status = world.json(&["status"]);
    let drifts = status["resources"].as_array().unwrap().iter().filter(|it| it["drift"] != json!([])).count();
    assert_eq!((status["resources"].as_array().unwrap().len(), drifts), (7, 0));
}

fn assert_security(reply: &Reply) {
    for (name, value) in SECURITY_HEADERS {
        assert_eq!(reply.header(name), Some(value), "{name}: {reply:?}");
    }
}

#[test]
fn the_bucket_is_open_to_its_distribution_alone_and_the_ledger_to_nobody() {
    let world = World::on(Server { ..*strict_ministack() }, "", "");
    let made = world.provision();
    world.json(&["deploy"]);
    let (domain, id) = (made["distribution"]["domain"].as_str().unwrap(), made["distribution"]["id"].as_str().unwrap());
    let anonymous = crate::support::http::get(world.server.port, &format!("/{}/index.html", world.bucket));
    assert_eq!(anonymous.status, 403, "{anonymous:?}");
    for hidden in ["/_tb/ledger/pointer.json", "/_tb/objects/x"] {
        let status = world.view(domain, "GET", hidden, &[], b"").status;
        assert!(status == 404 || status == 403, "{status}");
    }
    // Another distribution in front of the same bucket gets nothing.
    let policy = world.runtime.block_on(world.server.s3().get_bucket_policy().bucket(&world.bucket).send()).unwrap();
    let policy: Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
    let arns: Vec<_> = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["Effect"] == "Allow")
        .map(|it| &it["Condition"]["StringEquals"]["AWS:SourceArn"])
        .collect();
    assert_eq!(arns.len(), 2);
    assert!(arns.iter().all(|arn| arn.as_str().unwrap().ends_with(&format!("distribution/{id}"))), "{arns:?}");
    let other = policy.to_string().replace(id, "EOTHER00000000");
    world.runtime.block_on(world.server.s3().put_bucket_policy().bucket(&world.bucket).policy(other).send()).unwrap();
    assert_eq!(world.view(domain, "GET", "/index.html", &[], b"").status, 403);
    assert_eq!(
        world.drift(),
        ["bucket-policy statements.TreebeardCdnList", "bucket-policy statements.TreebeardCdnRead"]
    );
    world.provision();
    assert_eq!(world.view(domain, "GET", "/index.html", &[], b"").status, 200);
}

#[test]
fn requests_for_the_api_reach_it_whole_and_its_errors_come_back_untouched() {
    let port = free_port();
    let _api = NodeApi::start(port);
    let world = World::new(&format!("api_origin: http://127.0.0.1:{port}"), "api: { path: '/api/*' }");
    let made = world.provision();
    world.json(&["deploy"]);
    let domain = made["distribution"]["domain"].as_str().unwrap();
    let headers =
        [("Cookie", "a=1; b=2"), ("Authorization", "Bearer t"), ("Content-Type", "text/x"), ("Accept-Encoding", "br")];
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let reply = world.view(domain, method, "/api/echo?q=a%20b&q=c", &headers, b"the body");
        assert_eq!(reply.status, 200, "{method}: {reply:?}");
        let seen: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(
            (&seen["method"], &seen["url"], &seen["size"]),
            (&json!(method), &json!("/api/echo?q=a%20b&q=c"), &json!(8))
        );
        assert_eq!(
            (&seen["headers"]["cookie"], &seen["headers"]["authorization"]),
            (&json!("a=1; b=2"), &json!("Bearer t"))
        );
        assert_eq!(reply.header("cache-control"), Some("no-cache, no-store, must-revalidate"));
        assert_eq!((reply.header("pragma"), reply.header("expires")), (Some("no-cache"), Some("0")));
        assert_security(&reply);
    }
    let missing = world.view(domain, "GET", "/api/none", &[], b"");
    assert_eq!((missing.status, missing.text().as_str()), (404, r#"{"error":{"code":"not_found"}}"#));
    let teapot = world.view(domain, "GET", "/api/teapot", &[], b"");
    assert_eq!((teapot.status, teapot.text().as_str()), (418, "<h1>short and stout</h1>"));
    let made = world.view(domain, "GET", "/api/cookies", &[], b"");
    assert_eq!(made.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).count(), 2);
    // A redirect would turn POST into GET.
    assert_eq!(world.ask(domain, "POST", "/api/echo", &[("X-Forwarded-Proto", "http")], b"x").status, 403);
}

#[test]
fn what_somebody_changed_by_hand_is_shown_field_by_field_and_put_right() {
    let world = World::new("", "");
    let made = world.provision();
    let id = made["distribution"]["id"].as_str().unwrap();
    let client = world.cloudfront();
    world.runtime.block_on(async {
        edit(&client, id, |config| {
            config.comment = "mine".into();
            let behavior = config.default_cache_behavior.as_mut().unwrap();
            behavior.compress = Some(true);
            behavior.function_associations = None;
        })
        .await;
        let access = world.server.s3();
        access.delete_public_access_block().bucket(&world.bucket).send().await.unwrap();
        access.delete_bucket_policy().bucket(&world.bucket).send().await.unwrap();
    });
    let expected = [
        "bucket block_public_access",
        "bucket-policy statements.TreebeardCdnLedger",
        "bucket-policy statements.TreebeardCdnList",
        "bucket-policy statements.TreebeardCdnRead",
        "distribution behaviors.*.compress",
        "distribution behaviors.*.viewer_request",
    ];
    let mut drift = world.drift();
    drift.sort();
    assert_eq!(drift, expected);
    let words = world.run(&["plan", "--only", "infra"]).stdout;
    assert!(words.contains("- behaviors.*.compress: true"), "{words}");
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    // What the configuration does not speak of stays.
    let now = world.runtime.block_on(client.get_distribution_config().id(id).send()).unwrap();
    assert_eq!(now.distribution_config.unwrap().comment, "mine");
}

#[test]
fn every_setting_of_the_configuration_arrives_and_leaves_again() {
    let world = World::new("", "");
    world.provision();
    world.configure(
        "",
        "price_class: PriceClass_100\nlogging: { bucket: example-logs, prefix: cdn/ }\ngeo: { deny: [AQ] }\n\
         waf_acl: arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/473e64fd\norigin_shield: us-east-1\n\
         cache_tag_header: x-amz-meta-cache-tag\ntags: { team: web }\ncors: { allow_origins: ['https://app.example.com'] }\n\
         response_headers: { Permissions-Policy: 'geolocation=()' }\n\
         error_responses: [{ error_code: 503, response_code: 503, response_page_path: /503.html }]",
    );
    let plan = world.run(&["plan", "--only", "infra"]).stdout;
    for line in [
        "~ price_class: PriceClass_All → PriceClass_100",
        "+ logging.bucket: example-logs.s3.amazonaws.com  (S3 storage of the logs)",
        "+ geo.countries: AQ",
        "+ headers.Permissions-Policy: geolocation=()",
        "+ tags.team: web",
        "AWS WAF: $5 a month",
        "Origin Shield: from",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    world.proxy.record();
    world.provision();
    assert_valid(&world.proxy.recorded());
    assert_eq!(world.drift(), Vec::<String>::new());
    let made = world.json(&["provision", "--yes"]);
    let domain = made["distribution"]["domain"].as_str().unwrap();
    world.json(&["deploy"]);
    let reply = world.view(domain, "GET", "/", &[("Origin", "https://app.example.com")], b"");
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(reply.header("permissions-policy"), Some("geolocation=()"));
    // The tool made it, so the configuration speaks for all of it.
    world.configure("", "");
    let drift = world.drift();
    for path in ["distribution price_class", "response-headers-policy headers.Permissions-Policy"] {
        assert!(drift.iter().any(|it| it == path), "{path}: {drift:?}");
    }
    // But what protects it goes only when that is said.
    assert!(!drift.iter().any(|it| it == "distribution waf_acl"), "{drift:?}");
    world.configure("", "waf_acl: none");
    assert!(world.drift().contains(&"distribution waf_acl".to_owned()));
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn an_api_that_leaves_the_configuration_leaves_the_distribution_and_nothing_is_left_behind() {
    let world = World::new("api_origin: http://127.0.0.1:9999", "api: { path: '/api/*' }");
    world.provision();
    assert_eq!(world.inventory()[2], ("response headers policy", 2));
    world.configure("", "");
    let drift = world.drift();
    for path in ["distribution origin_ids", "distribution patterns"] {
        assert!(drift.iter().any(|it| it == path), "{path}: {drift:?}");
    }
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    world.json(&["provision", "--destroy", "--yes"]);
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
}

#[test]
fn what_somebody_added_by_hand_to_our_own_is_seen_and_taken_away() {
    let world = World::new("", "");
    let made = world.provision();
    let id = made["distribution"]["id"].as_str().unwrap();
    let client = world.cloudfront();
    world.runtime.block_on(async {
        edit(&client, id, |config| {
            config.default_cache_behavior.as_mut().unwrap().realtime_log_config_arn = Some("arn:aws:logs".into());
        })
        .await;
        let controls = client.list_origin_access_controls().send().await.unwrap().origin_access_control_list.unwrap();
        let part = world.bucket.replace('.', "-");
        let control = controls.items.unwrap().into_iter().find(|it| it.name.contains(&part)).unwrap();
        let now = client.get_origin_access_control().id(&control.id).send().await.unwrap();
        let mut config = now.origin_access_control.unwrap().origin_access_control_config.unwrap();
        config.signing_behavior = "never".into();
        let update = client.update_origin_access_control().id(&control.id).if_match(now.e_tag.unwrap());
        update.origin_access_control_config(config).send().await.unwrap();
    });
    assert_eq!(world.drift(), ["origin-access-control signing", "distribution behaviors.*.extras"]);
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn other_sites_may_read_what_cors_says_and_their_preflights_succeed() {
    let world =
        World::new("", "cors: { allow_origins: ['https://*.example.org'], allow_headers: [X-One], max_age: 60 }");
    let made = world.provision();
    world.json(&["deploy"]);
    let domain = made["distribution"]["domain"].as_str().unwrap();
    let ask = |origin: &str| {
        let headers =
            [("Origin", origin), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-one")];
        world.view(domain, "OPTIONS", "/assets/app.1a2b3c4d.js", &headers, b"")
    };
    let allowed = ask("https://a.example.org");
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, Some("https://a.example.org")));
    assert_eq!(
        (allowed.header("access-control-allow-headers"), allowed.header("access-control-max-age")),
        (Some("X-One"), Some("60"))
    );
    // What the bucket says to others is not ours: the emulator lets everybody in, S3 refuses.
    assert_eq!(ask("https://a.example.net").header("access-control-max-age"), None);
}

#[test]
fn everything_is_removed_in_order_and_only_with_its_content_said() {
    let world = World::new("", "");
    world.provision();
    world.json(&["deploy"]);
    world.refused(&["provision", "--destroy"], 8, "content");
    world.refused(&["provision", "--destroy", "--with-content"], 3, "confirmation");
    assert_eq!(world.inventory(), WHOLE);
    world.proxy.record();
    world.json(&["provision", "--destroy", "--with-content", "--yes"]);
    assert_valid(&world.proxy.recorded());
    assert_eq!(world.inventory(), WHOLE.map(|(kind, _)| (kind, 0)));
    world.json(&["provision", "--destroy", "--yes"]);
    // And it can come back.
    world.provision();
    world.json(&["deploy"]);
    assert_eq!(world.inventory(), WHOLE);
}

#[test]
fn a_bucket_without_a_cdn_is_a_bucket_and_nothing_else() {
    let world = World::new("cdn: none", "");
    world.provision();
    assert_eq!(world.drift(), Vec::<String>::new());
    world.json(&["deploy"]);
    let mut bucket_only = WHOLE.map(|(kind, _)| (kind, 0));
    bucket_only[0].1 = 1;
    assert_eq!(world.inventory(), bucket_only);
}
