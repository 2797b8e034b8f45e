//! Accounts: registering, signing in, refreshing, and who may read what.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use treebeard_api::auth::AuthMode;

use crate::support::{App, SECRET};

const PROFILE: &str = "/api/v1/users/profile";

#[tokio::test]
async fn who_registers_is_signed_in_and_has_a_profile() {
    let app = App::new(AuthMode::Jwt).await;
    let alex = app.register(" Alex@Example.com ").await;
    let profile = alex.get(PROFILE).await.json();
    assert_eq!((&profile["user_id"], &profile["email"]), (&alex.id.as_str().into(), &"alex@example.com".into()));
    assert_eq!(profile["preferences"], json!({"cost": 40, "flexibility": 20, "renewables": 20, "supplier_rating": 20}));
    assert!(profile["current_plan"].is_null());
    let stored: String = sqlx::query_scalar("SELECT password_hash FROM users WHERE user_id = $1")
        .bind(&alex.id)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !stored.contains("correct horse"), "{stored}");

    let again = json!({ "email": "ALEX@example.com", "password": "another horse", "name": "Eve", "zip_code": "77002" });
    let refused = app.post("/api/v1/auth/register", &again).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (409, "conflict"));
}

#[tokio::test]
async fn signing_in_takes_the_password_and_says_no_more_than_that_it_is_wrong() {
    let app = App::new(AuthMode::Jwt).await;
    let alex = app.register("alex@example.com").await;
    let reply = app.login("ALEX@example.com", "correct horse").await;
    let session = reply.json();
    assert_eq!((reply.status, &session["user_id"]), (200, &alex.id.as_str().into()));
    assert_eq!((&session["token_type"], &session["expires_in"]), (&"Bearer".into(), &900.into()));
    assert_eq!(reply.header("cache-control"), "no-store");

    let wrong = app.login("alex@example.com", "wrong horse").await;
    // The demo's users have no password, so that none is theirs.
    for (email, password) in
        [("nobody@example.com", "correct horse"), ("not an address", "x"), ("alex.rivera@example.com", "")]
    {
        let reply = app.login(email, password).await;
        let words = |reply: &crate::support::Reply| reply.json()["error"]["message"].clone();
        assert_eq!((reply.status, reply.error_code().as_str()), (401, "wrong_credentials"), "{email}");
        assert_eq!(words(&reply), words(&wrong));
    }
}

#[tokio::test]
async fn ten_wrong_passwords_close_an_account_for_a_while_and_no_other() {
    let app = App::new(AuthMode::Jwt).await;
    app.register("alex@example.com").await;
    app.register("sam@example.com").await;
    for _ in 0..10 {
        assert_eq!(app.login("alex@example.com", "wrong horse").await.status, 401);
    }
    let closed = app.login("alex@example.com", "correct horse").await;
    assert_eq!((closed.status, closed.error_code().as_str()), (429, "too_many_requests"));
    let seconds: u64 = closed.header("retry-after").parse().unwrap();
    assert!((880..=901).contains(&seconds), "{seconds}");
    assert_eq!(app.login("sam@example.com", "correct horse").await.status, 200);
}

#[tokio::test]
async fn attempts_that_the_service_fails_are_not_counted() {
    let app = App::new(AuthMode::Jwt).await;
    app.register("alex@example.com").await;
    sqlx::query("ALTER TABLE users RENAME TO gone").execute(&app.db).await.unwrap();
    for _ in 0..12 {
        assert_eq!(app.login("alex@example.com", "correct horse").await.status, 500);
    }
    sqlx::query("ALTER TABLE gone RENAME TO users").execute(&app.db).await.unwrap();
    assert_eq!(app.login("alex@example.com", "correct horse").await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_session_and_nothing_else() {
    let app = App::new(AuthMode::Jwt).await;
    let mut alex = app.register("alex@example.com").await;
    let ask = async |token: &str| app.post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await;
    let session = ask(&alex.refresh).await;
    assert_eq!((session.status, &session.json()["user_id"]), (200, &alex.id.as_str().into()));
    assert_eq!(ask(&alex.access).await.status, 401, "an access token does not refresh");
    let access = std::mem::replace(&mut alex.access, alex.refresh.clone());
    assert_eq!(alex.get(PROFILE).await.status, 401, "a refresh token does not read");
    alex.access = access;
    assert_eq!(alex.get(PROFILE).await.status, 200);

    sqlx::query("DELETE FROM users WHERE user_id = $1").bind(&alex.id).execute(&app.db).await.unwrap();
    assert_eq!(ask(&alex.refresh).await.status, 401, "the account is gone");
}

/// A token as an attacker would make it.
fn forge(header: &Value, claims: &Value, secret: &str) -> String {
    let base64 = |bytes: &[u8]| {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digit = |bits: u32| char::from(DIGITS[bits as usize & 63]);
        bytes
            .chunks(3)
            .flat_map(|chunk| {
                let bits = chunk.iter().fold(0_u32, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
                (0..=chunk.len()).map(move |n| digit(bits >> (18 - 6 * n)))
            })
            .collect::<String>()
    };
    let message = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    let signed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message).finalize();
    format!("{message}.{}", base64(&signed.into_bytes()))
}

#[tokio::test]
async fn forged_expired_and_unsigned_tokens_are_nobodys() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = |key: &str, value: Value| {
        let mut claims =
            json!({ "iss": "treebeard-api", "aud": "access", "sub": "user_123", "iat": now, "exp": now + 60 });
        claims[key] = value;
        claims
    };
    let (hs256, good) = (json!({ "alg": "HS256", "typ": "JWT" }), claims("iat", now.into()));
    let none = forge(&json!({ "alg": "none" }), &good, SECRET);
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let valid = forge(&hs256, &good, SECRET);
    let hostile = [
        none,
        unsigned,
        forge(&hs256, &good, "another secret, as long as the real one"),
        forge(&hs256, &claims("exp", (now - 1).into()), SECRET),
        forge(&hs256, &claims("exp", Value::Null), SECRET),
        forge(&hs256, &claims("aud", "refresh".into()), SECRET),
        forge(&hs256, &claims("iss", "somebody".into()), SECRET),
        forge(&hs256, &claims("sub", "' OR 1=1--".into()), SECRET),
        forge(&json!({ "alg": "HS512" }), &good, SECRET),
        forge(&json!({ "alg": "RS256" }), &good, SECRET),
        forge(&json!({ "alg": "ES256", "jwk": { "kty": "EC" } }), &good, SECRET),
        format!("{valid}x"),
        format!("{valid}.x"),
        valid.replacen('.', "..", 1),
        "a".repeat(5000),
        String::new(),
        "a.b.c".to_owned(),
    ];
    // In demo mode a token that is no good is refused, too, and not taken for none.
    for mode in [AuthMode::Jwt, AuthMode::Demo] {
        let app = App::new(mode).await;
        assert_eq!(app.with_token(&valid, PROFILE).await.status, 200, "the forger knows how");
        for token in &hostile {
            let reply = app.with_token(token, PROFILE).await;
            assert_eq!((reply.status, reply.error_code().as_str()), (401, "unauthorized"), "{token}");
        }
    }
}

#[tokio::test]
async fn nobody_reads_or_writes_what_is_anothers() {
    let app = App::new(AuthMode::Jwt).await;
    let (alex, sam) = (app.register("alex@example.com").await, app.register("sam@example.com").await);
    let path = format!("/api/v1/recommendations/{}", alex.id);
    assert_eq!(sam.get(&path).await.status, 403);
    assert_eq!(alex.get(&path).await.status, 404);
    let weights = json!({ "cost": 100, "flexibility": 0, "renewables": 0, "supplier_rating": 0 });
    assert_eq!(sam.put("/api/v1/users/preferences", &weights).await.status, 200);
    assert_eq!(alex.get("/api/v1/users/preferences").await.json()["cost"], 40);
    for path in ["/api/v1/users/preferences", "/api/v1/usage/analysis", "/api/v1/usage/history", PROFILE] {
        assert_eq!(app.get(path).await.status, 401, "{path}");
    }
    for path in ["/api/v1/recommendations/generate", "/api/v1/usage/upload"] {
        assert_eq!(app.post(path, &json!({ "readings": [] })).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn forms_that_are_wrong_are_told_apart() {
    let app = App::new(AuthMode::Jwt).await;
    let good = json!({ "email": "a@example.com", "password": "correct horse", "name": "Alex", "zip_code": "77002" });
    for (key, value, words) in [
        ("email", json!("nobody"), "email must be a mail address"),
        ("password", json!("short"), "password must have 10 to 256 characters"),
        ("name", json!("  "), "name must have 1 to 100 characters"),
        ("zip_code", json!("7700"), "zip_code must be five digits"),
    ] {
        let mut form = good.clone();
        form[key] = value;
        let reply = app.post("/api/v1/auth/register", &form).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (422, "invalid_value"), "{key}");
        assert_eq!(reply.json()["error"]["message"], words);
    }
    let mut more = good.clone();
    more["is_admin"] = json!(true);
    assert_eq!(app.post("/api/v1/auth/register", &more).await.status, 422);
}
