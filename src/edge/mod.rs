//! stub
pub struct Running {
    pub url: String,
}
pub fn running(_c: &crate::config::Config) -> Option<Running> {
    None
}
