//! Bad input of every kind ends in a 4xx in our form, and never reaches the database as anything but a value.

use axum::body::Body;
use axum::http::Request;

use crate::support::App;

#[tokio::test]
async fn values_that_cannot_be_read_are_400() {
    let app = App::demo().await;
    for query in [
        "page=x",
        "page=-1",
        "page=1.5",
        "page=99999999999",
        "page=1&page=2",
        "plan_type=boat",
        "rate_type=",
        "min_renewable=%FF",
    ] {
        let reply = app.get(&format!("/api/v1/plans/catalog?{query}")).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, "bad_request"), "{query}");
    }
    assert_eq!(app.get("/api/v1/usage/history?months=all").await.status, 400);
}

#[tokio::test]
async fn values_out_of_bounds_are_422_and_the_message_has_the_bounds() {
    let app = App::demo().await;
    for (query, words) in [
        ("page=0", "page must be from 1 to 1000000"),
        ("page=1000001", "page must be from 1 to 1000000"),
        ("page_size=0", "page_size must be from 1 to 100"),
        ("page_size=101", "page_size must be from 1 to 100"),
        ("min_renewable=101", "min_renewable must be from 0 to 100"),
        ("max_contract_length=121", "max_contract_length must be from 0 to 120"),
        ("zip_code=7700", "zip_code must be five digits"),
        ("zip_code=%27%3B--x", "zip_code must be five digits"),
        ("zip_code=%D9%A0%D9%A1x", "zip_code must be five digits"),
    ] {
        let reply = app.get(&format!("/api/v1/plans/catalog?{query}")).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (422, "invalid_value"), "{query}");
        assert_eq!(reply.json()["error"]["message"], words);
    }
    for months in ["0", "25"] {
        assert_eq!(app.get(&format!("/api/v1/usage/history?months={months}")).await.status, 422);
    }
}

#[tokio::test]
async fn hostile_ids_are_refused() {
    let app = App::demo().await;
    let long = "a".repeat(65);
    for id in ["%27%20OR%201=1--", "..%2f..%2fetc", "plan%00", "%FF%FE", "pl%C3%A4n", "a%0d%0aX-Evil:1", "a%20b", &long]
    {
        for path in ["plans", "recommendations"] {
            let reply = app.get(&format!("/api/v1/{path}/{id}")).await;
            assert_eq!((reply.status, reply.error_code().as_str()), (400, "bad_request"), "{path}/{id}");
            assert!(reply.headers.get("x-evil").is_none());
        }
    }
    assert_eq!(app.get(&format!("/api/v1/plans/{}", "a".repeat(64))).await.status, 404);
    let plans: i64 = sqlx::query_scalar("SELECT count(*) FROM plan_catalog").fetch_one(&app.db).await.unwrap();
    assert_eq!(plans, 124);
}

#[tokio::test]
async fn unknown_routes_are_404_and_wrong_methods_405() {
    let app = App::demo().await;
    for path in ["/", "/api/v1", "/api/v1/plans", "/api/v2/plans/catalog", "/index.html", "/api/v1/plans/a/b"] {
        let reply = app.get(path).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (404, "not_found"), "{path}");
    }
    for (method, path) in [("POST", "/api/v1/plans/catalog"), ("DELETE", "/api/v1/users/profile"), ("PUT", "/health")] {
        let reply = app.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (405, "method_not_allowed"), "{method} {path}");
        assert_eq!(reply.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn request_ids_are_kept_when_harmless_and_replaced_when_not() {
    let app = App::demo().await;
    let ask = async |id: &[u8]| {
        let request = Request::get("/health/live").header("x-request-id", id).body(Body::empty()).unwrap();
        app.send(request).await.header("x-request-id").to_owned()
    };
    assert_eq!(ask(b"edge-1.2_3").await, "edge-1.2_3");
    for hostile in [&b"a b"[..], b"\"quoted\"", b"", &[b'a'; 129], b"\xff"] {
        let id = ask(hostile).await;
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    }
    assert_ne!(
        app.get("/health/live").await.header("x-request-id"),
        app.get("/health/live").await.header("x-request-id")
    );
}

#[tokio::test]
async fn a_head_request_has_the_headers_and_no_body() {
    let app = App::demo().await;
    let reply = app.send(Request::head("/api/v1/plans/plan_0042").body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    assert_eq!(reply.header("content-type"), "application/json");
}
