//! References to secrets, and what is said when they lead nowhere.

use std::net::TcpListener;
use std::process::{Command, Output};

use sqlx::ConnectOptions;

use crate::support::{Ministack, PROGRAM, database};

async fn migrate(database_url: &str, environment: Vec<(&'static str, String)>) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("migrate").envs(environment).env("DATABASE_URL", database_url);
    let Output { status, stderr, .. } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_reference_of_either_kind_is_as_good_as_the_value() {
    let cloud = Ministack::get().await;
    let url = database(false).await.to_url_lossy().to_string();
    cloud.put_parameter("/secrets/url", &url).await;
    cloud.put_secret("secrets/url", &url).await;
    for reference in ["ssm:/secrets/url", "secretsmanager:secrets/url"] {
        let (code, words) = migrate(reference, cloud.environment().to_vec()).await;
        assert_eq!(code, Some(0), "{reference}: {words}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named_with_its_variable() {
    let cloud = Ministack::get().await;
    for (reference, why) in [
        ("ssm:/secrets/missing", "there is no text under that name"),
        ("secretsmanager:secrets/missing", "ResourceNotFoundException (400): "),
    ] {
        let (code, words) = migrate(reference, cloud.environment().to_vec()).await;
        let expected = format!("error: DATABASE_URL is {reference}, which cannot be read: {why}");
        assert!(code == Some(3) && words.starts_with(&expected), "{words}");
    }
    cloud.put_parameter("/secrets/wrong", "mysql://user:hunter2@host/x").await;
    let (code, words) = migrate("ssm:/secrets/wrong", cloud.environment().to_vec()).await;
    assert!(code == Some(3) && words.contains("not a postgres:// URL") && !words.contains("hunter2"), "{words}");
}

#[tokio::test]
async fn nobody_there_is_said_after_a_few_attempts() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut environment = Ministack::get().await.environment().to_vec();
    environment.push(("AWS_ENDPOINT_URL_SSM", format!("http://{nobody}")));
    let (code, words) = migrate("ssm:/secrets/url", environment).await;
    assert!(code == Some(3) && words.contains("DATABASE_URL is ssm:/secrets/url, which cannot be read"), "{words}");
}
