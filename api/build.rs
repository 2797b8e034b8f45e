//! Migrations are compiled in, and Cargo watches source files only. The version names the commit, where it is known.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-env-changed=GIT_COMMIT");
    let version = var("CARGO_PKG_VERSION").unwrap_or_default();
    match var("GIT_COMMIT") {
        Ok(commit) => println!("cargo:rustc-env=API_VERSION={version} ({commit})"),
        Err(_) => println!("cargo:rustc-env=API_VERSION={version}"),
    }
}
