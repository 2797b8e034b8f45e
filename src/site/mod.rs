//! stub
pub struct Options {
    pub run_commands: bool,
}
pub enum Progress {
    Step(String),
    Compressing { done: usize, total: usize },
    Output(String),
}
pub fn build(
    _c: &crate::config::Config,
    _o: &Options,
    _p: &(dyn Fn(Progress) + Sync),
) -> crate::error::Result<crate::model::asset::Site> {
    unimplemented!()
}
