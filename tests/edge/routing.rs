//! Which file a path leads to, and which paths lead nowhere.

use treebeard_cdn::edge::Api;

use super::world::World;

const FILES: &[(&str, &str)] = &[
    ("index.html", "<h1>home</h1>"),
    ("docs/index.html", "<h1>docs</h1>"),
    ("404.html", "<h1>lost</h1>"),
    ("assets/app.4f3c2b1a.js", "console.log(1)"),
    (".well-known/security", "contact us"),
    ("robots.txt", "allow"),
];

fn multi_page(clean_urls: bool) -> World {
    let adjust = move |config: &mut treebeard_cdn::config::Config| {
        config.site.spa = false;
        config.site.clean_urls = clean_urls;
    };
    World::with(FILES, adjust, Api::absent("none"))
}

fn assert_routes(world: &World, routes: &[(&str, u16, &str)]) {
    for (path, status, body) in routes {
        let reply = world.get(path);
        assert_eq!((reply.status, reply.text().trim()), (*status, *body), "{path}");
    }
}

#[test]
fn a_single_page_app_gets_its_page_for_every_route_and_real_404s_for_files() {
    let world = World::new(FILES);
    assert_routes(
        &world,
        &[
            ("/", 200, "<h1>home</h1>"),
            ("/?q=1", 200, "<h1>home</h1>"),
            ("/plans", 200, "<h1>home</h1>"),
            ("/plans/plan_0042/", 200, "<h1>home</h1>"),
            ("/v1.2/notes", 200, "<h1>home</h1>"),
            ("/api", 200, "<h1>home</h1>"),
            ("/assets/app.4f3c2b1a.js", 200, "console.log(1)"),
            ("/assets/app.4f3c2b1a.js?v=2", 200, "console.log(1)"),
            ("/.well-known/security", 200, "contact us"),
            ("/.well-known/other", 404, "404 Not Found"),
            ("/assets/gone.js", 404, "404 Not Found"),
            ("/missing.html", 404, "404 Not Found"),
            ("/favicon.ico", 404, "404 Not Found"),
        ],
    );
}

#[test]
fn a_site_of_pages_serves_folders_and_its_own_404_page() {
    let world = multi_page(false);
    assert_routes(
        &world,
        &[
            ("/", 200, "<h1>home</h1>"),
            ("/docs/", 200, "<h1>docs</h1>"),
            ("/docs/index.html", 200, "<h1>docs</h1>"),
            ("/docs", 404, "<h1>lost</h1>"),
            ("/gone/", 404, "<h1>lost</h1>"),
            ("/assets/gone.js", 404, "<h1>lost</h1>"),
        ],
    );
    let lost = world.get("/gone.txt");
    assert_eq!(lost.header("content-type"), Some("text/html"));
    assert_eq!(lost.header("etag"), None);
}

#[test]
fn clean_urls_redirect_to_the_folder_and_never_to_another_host() {
    let world = multi_page(true);
    for (path, location) in [
        ("/docs", "/docs/"),
        ("/docs?a=1&b=&a=2&c", "/docs/?a=1&a=2&b&c"),
        ("//evil.example/docs%2e", "/evil.example/docs%2e/"),
        ("//evil", "/evil/"),
        ("/%09/evil", "/%09/evil/"),
    ] {
        let reply = world.get(path);
        if path.contains("%2e") {
            assert_eq!(reply.status, 404, "{path}");
            continue;
        }
        assert_eq!((reply.status, reply.header("location")), (308, Some(location)), "{path}");
        assert_eq!(reply.header("x-cache"), Some("FunctionGeneratedResponse from cloudfront"));
    }
    assert_routes(&world, &[("/docs/", 200, "<h1>docs</h1>"), ("/.well-known/x", 404, "<h1>lost</h1>")]);
}

#[test]
fn our_own_keys_are_hidden_however_they_are_spelled() {
    let world = World::new(FILES);
    for path in [
        "/_tb",
        "/_tb/",
        "/_tb/ledger/pointer.json",
        "/_tb/br/index.html",
        "/%5Ftb/ledger/pointer.json",
        "/%5f%74b/ledger/pointer.json",
        "/_tb%2Fledger/pointer.json",
        "//_tb/ledger/pointer.json",
        "///_tb/ledger/pointer.json",
        "/x/../_tb/ledger/pointer.json",
        "/%2e%2e/_tb/ledger/pointer.json",
        "/./_tb/ledger/pointer.json",
        "/../ledger/pointer.json",
        "/x/%2E%2E/%2E%2E/ledger/pointer.json",
        "/_tb?x=1",
    ] {
        let reply = world.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.text().contains("generation"), "{path}");
    }
}

#[test]
fn broken_paths_are_refused_without_harm() {
    let world = World::new(FILES);
    let long = format!("/{}.js", "a".repeat(8_000));
    let longer = format!("/{}", "a".repeat(9_000));
    for (path, expected) in [
        ("/%", 400),
        ("/%zz.js", 400),
        ("/%ff%fe.js", 400),
        ("/a%c3.js", 400),
        ("/%00.js", 404),
        ("/a%00b", 200),
        ("//", 200),
        ("/a//b.js", 404),
        ("/a%5cb.js", 404),
        ("/a%2fb.js", 404),
        ("*", 400),
        (long.as_str(), 400),
        (longer.as_str(), 414),
    ] {
        assert_eq!(world.get(path).status, expected, "{}", &path[..path.len().min(40)]);
    }
}

#[test]
fn before_the_first_deploy_the_edge_says_what_to_do() {
    let mut world = World::new(&[]);
    let reply = world.get("/");
    assert_eq!(reply.status, 404);
    assert!(reply.text().contains("treebeard-cdn deploy"), "{}", reply.text());
    world.deploy(FILES);
    assert_eq!(world.get("/").status, 200);
}
