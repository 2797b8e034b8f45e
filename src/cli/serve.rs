use super::{Context, args};
use crate::error::Result;
use std::process::ExitCode;
pub async fn run(_c: &Context, _a: &args::Serve) -> Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
pub async fn serve(_c: &Context, _cfg: &crate::config::Config, _port: u16) -> Result<ExitCode> {
    unimplemented!()
}
