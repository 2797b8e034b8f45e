//! A migration that is added must be compiled in, and Cargo watches source files only.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
