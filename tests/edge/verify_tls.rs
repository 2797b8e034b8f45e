//! `verify` over TLS, from a place that has nothing but the manifest.

use std::{fs, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};
use treebeard_cdn::edge::Api;

use super::world::World;
use crate::support::Project;

const FILES: &[(&str, &str)] = &[("index.html", "<h1>home</h1>"), ("assets/app.4f3c2b1a.js", "console.log(1)")];

/// An authority that nobody knows, and a server of it for `localhost`.
fn authority() -> (String, ServerConfig) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    (issuer.pem(), config)
}

/// Speaks TLS in front of the world's edge; gives the port.
fn terminate(world: &World, config: ServerConfig) -> u16 {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = world.runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    let edge = world.port;
    world.runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us goes away.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut inner = TcpStream::connect(("127.0.0.1", edge)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut inner).await;
            });
        }
    });
    port
}

#[test]
fn a_manifest_is_verified_over_tls_without_credentials() {
    let world = World::with(FILES, |config| config.api = None, Api::absent("none"));
    let (pem, config) = authority();
    let port = terminate(&world, config);

    let project = Project::new();
    project.write("ca.pem", pem);
    project.write("manifest.json", world.manifest.to_bytes());
    let places = format!(
        "  url: {{ bucket: my-bucket, region: us-east-1, viewer_url: 'https://localhost:{port}' }}\n  \
           none: {{ bucket: my-bucket, region: us-east-1 }}\n"
    );
    project.write("cdn-config.yml", format!("version: 1\nsite: {{ output: dist }}\nenvironments:\n{places}"));
    let verify = |environment: &str, arguments: &[&str], trusted: bool| {
        let mut command = project.command(&[&["verify", "--json", "--manifest", "manifest.json"], arguments].concat());
        command.args(["--env", environment]).env_clear().env("NO_COLOR", "1");
        let authorities = if trusted { project.path("ca.pem") } else { project.path("none.pem") };
        let output = command.env("SSL_CERT_FILE", authorities).output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), document)
    };
    let url = format!("https://localhost:{port}");
    for (environment, arguments) in [("url", &[][..]), ("none", &[url.as_str()])] {
        let (code, report) = verify(environment, arguments, true);
        assert_eq!((code, &report["failures"]), (0, &serde_json::json!([])), "{report}");
        assert_eq!(report["url"], url.as_str());
        let timing = |step: &str| report["timing"][step].as_f64().unwrap();
        assert!(timing("time_connect") < timing("time_appconnect"), "{report}");
        assert!(timing("time_appconnect") < timing("time_starttransfer"), "{report}");
    }
    let (code, error) = verify("none", &[], true);
    assert_eq!((code, &error["error"]["rule"]), (3, &"no-url".into()));

    // Somebody else's authority is not trusted, and no authority at all is said so.
    fs::write(project.path("none.pem"), authority().0).unwrap();
    let (code, error) = verify("url", &[], false);
    assert_eq!((code, &error["error"]["rule"]), (7, &"unreachable".into()));
    assert!(error["error"]["message"].as_str().unwrap().contains("certificate"), "{error}");
    fs::write(project.path("none.pem"), "").unwrap();
    let (code, error) = verify("url", &[], false);
    assert_eq!((code, &error["error"]["rule"]), (3, &"no-root-certificates".into()), "{error}");
}
