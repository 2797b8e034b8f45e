//! Requests with a body and a caller.

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use serde_json::{Value, json};

use super::{App, Reply};

/// A user who has signed up.
pub struct SignedIn<'a> {
    pub app: &'a App,
    pub id: String,
    pub access: String,
    pub refresh: String,
}

pub fn json_request(method: &str, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

impl App {
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(json_request("POST", path, body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(json_request("PUT", path, body)).await
    }

    /// Makes an account, with the password `correct horse`.
    pub async fn register(&self, email: &str) -> SignedIn<'_> {
        let form = json!({ "email": email, "password": "correct horse", "name": "Alex", "zip_code": "77002" });
        let reply = self.post("/api/v1/auth/register", &form).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        let session = reply.json();
        let text = |key: &str| session[key].as_str().unwrap().to_owned();
        SignedIn { app: self, id: text("user_id"), access: text("access_token"), refresh: text("refresh_token") }
    }

    pub async fn with_token(&self, token: &str, path: &str) -> Reply {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn login(&self, email: &str, password: &str) -> Reply {
        self.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
    }
}

impl SignedIn<'_> {
    fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.access))
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.app.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, method: &str, path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
        let request = self.request(method, path).header("content-type", content_type);
        self.app.send(request.body(body.into()).unwrap()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, "application/json", body.to_string()).await
    }
}
