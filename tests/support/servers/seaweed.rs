//! SeaweedFS: close to S3 in what objects are and in how strictly signatures are checked.

use std::sync::OnceLock;

use super::{Server, free_pair, installed, start, wait_for};

/// The server, started by whoever asks first.
pub fn seaweed() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server { port: free_pair(), access_key: "seaweedkey", secret_key: "seaweedsecret" };
        let folder = tempfile::Builder::new().prefix("seaweed-").tempdir().unwrap().keep();
        let identities = serde_json::json!({ "identities": [
            {
                "name": "deployer",
                "credentials": [{ "accessKey": server.access_key, "secretKey": server.secret_key }],
                "actions": ["Admin", "Read", "List", "Tagging", "Write"],
            },
            {
                "name": "reader",
                "credentials": [{ "accessKey": "readerkey", "secretKey": "readersecret" }],
                "actions": ["Read", "List"],
            },
        ]});
        let config = folder.join("s3.json");
        std::fs::write(&config, identities.to_string()).unwrap();
        let (master, volume, filer) = (free_pair(), free_pair(), free_pair());
        let args = vec![
            format!("-logdir={}", folder.display()),
            "server".into(),
            format!("-dir={}", folder.display()),
            "-ip=127.0.0.1".into(),
            "-ip.bind=127.0.0.1".into(),
            format!("-master.port={master}"),
            "-master.telemetry=false".into(),
            // A bucket has volumes of its own, which are files that grow.
            "-master.volumeSizeLimitMB=64".into(),
            "-volume.max=1000".into(),
            format!("-volume.port={volume}"),
            "-filer".into(),
            format!("-filer.port={filer}"),
            "-s3".into(),
            format!("-s3.port={}", server.port),
            "-s3.port.iceberg=0".into(),
            "-s3.port.lance=0".into(),
            format!("-s3.config={}", config.display()),
        ];
        start(installed("tools/bin/weed"), args, &[], folder.clone());
        // It takes requests before it can store anything.
        let stores = || {
            let trial = async {
                let s3 = server.s3();
                s3.create_bucket().bucket("ready").send().await.is_ok()
                    && s3.put_object().bucket("ready").key("x").send().await.is_ok()
            };
            // On a thread of its own: the caller may be inside a runtime.
            std::thread::scope(|scope| {
                scope
                    .spawn(|| {
                        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(trial)
                    })
                    .join()
                    .unwrap()
            })
        };
        wait_for("SeaweedFS", &folder, stores);
        server
    })
}
