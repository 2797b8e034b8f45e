//! `init`: writes a first configuration for the frontend that it finds.

use std::{fs::OpenOptions, io::Write, path::Path, process::ExitCode};

use serde_json::json;

use super::{Context, args::Init};
use crate::{
    config::starter::{self, Frontend},
    error::{Class, Error, IoContext, Result},
};

/// Writes it, and says what comes next.
pub fn run(context: &Context, args: &Init) -> Result<ExitCode> {
    let file = &context.global.config;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let frontend = starter::detect(folder)?;
    write(file, &starter::template(frontend.as_ref()), args.force)?;
    context.print(&json!({ "file": file, "frontend": frontend }), || next_steps(file, frontend.as_ref()))?;
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, text: &str, force: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut open = match options.open(file) {
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("{} is already there", file.display());
            return Err(Error::new(Class::Config, "config-exists", message).help("edit it, or replace it with --force"));
        }
        opened => opened.doing("write", file)?,
    };
    open.write_all(text.as_bytes()).doing("write", file)
}

fn next_steps(file: &Path, frontend: Option<&Frontend>) -> String {
    let found = match frontend {
        Some(Frontend { framework, root, output, .. }) => {
            let what = framework.map_or_else(|| "files".to_owned(), |name| format!("a {name} project"));
            format!("found {what} in {root}, with the built site in {output}")
        }
        None => "found no frontend here: fill in `site` before you go on".to_owned(),
    };
    format!(
        "{found}\nwrote {}\n\nnext:\n  treebeard-cdn check            validate it after every change\n  \
         treebeard-cdn deploy --serve   build and publish the site on this machine, and serve it\n  \
         echo .treebeard/ >> .gitignore keep local state out of version control",
        file.display()
    )
}
