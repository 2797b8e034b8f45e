//! Hostile bodies and headers: each ends in a 4xx in our form, and in the database as a value or not at all.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{App, json_request};

const BODIES: [(&str, &str); 5] = [
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("PUT", "/api/v1/users/preferences"),
    ("POST", "/api/v1/usage/upload"),
];

async fn send(app: &App, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let reply = app.send(request.body(Body::from(body)).unwrap()).await;
    (reply.status, reply.error_code())
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_4xx_on_every_route_that_takes_one() {
    let app = App::demo().await;
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let json = Some("application/json");
    for (method, path) in BODIES {
        // Where a list is no value, that is said before its depth is known.
        assert!(matches!(send(&app, method, path, json, deep.clone()).await.0, 400 | 422), "{path}");
        let cases: [(Vec<u8>, Option<&str>, u16, &str); 7] = [
            (vec![b' '; 300_000], json, 413, "payload_too_large"),
            (b"\xff\xfe".to_vec(), json, 400, "bad_request"),
            (b"{".to_vec(), json, 400, "bad_request"),
            (Vec::new(), json, 400, "bad_request"),
            (b"{}".to_vec(), None, 415, "unsupported_media_type"),
            (b"{}".to_vec(), Some("application/x-www-form-urlencoded"), 415, "unsupported_media_type"),
            (b"{}".to_vec(), json, 422, "invalid_value"),
        ];
        for (body, content_type, status, code) in cases {
            let what = format!("{method} {path} with {} bytes of {content_type:?}", body.len());
            assert_eq!(send(&app, method, path, content_type, body).await, (status, code.to_owned()), "{what}");
        }
    }
}

#[tokio::test]
async fn bad_utf8_in_a_field_is_400() {
    let app = App::demo().await;
    let body = b"{\"email\": \"\xff\xfe\", \"password\": \"x\"}".to_vec();
    let reply = send(&app, "POST", "/api/v1/auth/login", Some("application/json"), body).await;
    assert_eq!(reply, (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn a_body_without_a_declared_length_is_measured_as_it_comes() {
    let app = App::demo().await;
    let chunks = std::iter::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 10_000])).take(1_000);
    let body = Body::from_stream(tokio_stream::iter(chunks));
    let request = Request::post("/api/v1/usage/upload").header("content-type", "text/csv").body(body).unwrap();
    let reply = app.send(request).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (413, "payload_too_large"));
}

#[tokio::test]
async fn sql_in_a_field_is_a_value() {
    let app = App::demo().await;
    let evil = "Robert'); DROP TABLE users;--";
    let form = json!({ "email": "bobby@example.com", "password": evil, "name": evil, "zip_code": "77002" });
    let reply = app.post("/api/v1/auth/register", &form).await;
    assert_eq!(reply.status, 201);
    let name: String = sqlx::query_scalar("SELECT name FROM users WHERE email = 'bobby@example.com'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(name, evil);
    assert_eq!(app.login("bobby@example.com", evil).await.status, 200);
    assert_eq!(app.login("bobby@example.com' OR '1'='1", evil).await.status, 401);
    let reading = json!({ "readings": [{ "date": "2026-10-01'; DELETE FROM users", "kwh": 1 }] });
    assert_eq!(app.post("/api/v1/usage/upload", &reading).await.status, 422);
    // PostgreSQL's text holds no NUL: it is refused before it gets there.
    let nul =
        json!({ "email": "nul@example.com", "password": "correct\u{0}horse", "name": "A\u{0}B", "zip_code": "77002" });
    assert_eq!(app.post("/api/v1/auth/register", &nul).await.status, 422);
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&app.db).await.unwrap();
    assert_eq!(users, 21);
}

#[tokio::test]
async fn no_header_of_ours_takes_anything_from_a_body() {
    let app = App::demo().await;
    let evil = "x\r\nSet-Cookie: admin=1\r\n\r\n<script>";
    for (method, path) in BODIES {
        let reply = app.send(json_request(method, path, &json!({ "email": evil, "date": evil }))).await;
        assert_eq!(reply.status, 422, "{path}");
        assert!(reply.headers.get("set-cookie").is_none());
        assert_eq!(reply.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_nobodys() {
    let app = App::demo().await;
    let alex = app.register("alex@example.com").await;
    let request = Request::get("/api/v1/users/profile")
        .header("authorization", format!("Bearer {}", alex.access))
        .header("authorization", "Bearer x");
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 401);
    for scheme in ["Basic", "Token", ""] {
        let request =
            Request::get("/api/v1/users/profile").header("authorization", format!("{scheme} {}", alex.access));
        assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 401, "{scheme}");
    }
    assert_eq!(alex.get("/api/v1/users/profile").await.json()["user_id"], Value::from(alex.id.clone()));
}

#[tokio::test]
async fn a_duplicated_or_unknown_field_is_refused() {
    let app = App::demo().await;
    let body = r#"{"cost":100,"cost":0,"flexibility":0,"renewables":0,"supplier_rating":100}"#;
    let request = Request::put("/api/v1/users/preferences").header("content-type", "application/json");
    let reply = app.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (422, "invalid_value"));
}
