//! What the environment and the command line settle.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

use crate::auth::{Auth, AuthMode, OriginSecrets};
use crate::cache::{Address, Policy, Settings};
use crate::embedded::Source;
use crate::warming::Mode;

/// Where operators reach the running service, unless it is told otherwise.
pub const ADMIN_ADDR: &str = "127.0.0.1:9464";

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Starts a private PostgreSQL in .treebeard/, migrated and seeded, and serves without accounts
    #[arg(long)]
    pub embedded: bool,
    /// Where the private PostgreSQL's programs come from
    #[arg(long, env = "TREEBEARD_POSTGRES", value_enum, default_value = "auto")]
    pub postgres: Source,
    /// The address to listen on
    #[arg(long, env = "BIND_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// The port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// How callers are told apart [default: jwt, with --embedded demo]
    #[arg(long, env = "AUTH_MODE", value_enum)]
    pub auth_mode: Option<AuthMode>,
    /// Signs what users log in with: 32 bytes at least [default: in demo mode, a new one with each start]
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// How many proxies stand before the service, each adding to X-Forwarded-For; 0 believes no such header
    #[arg(long, env = "TRUSTED_PROXIES", default_value_t = 0)]
    pub trusted_proxies: usize,
    /// SHA-256 digests of what X-Origin-Verify must have, in hexadecimal, separated by commas: requests that did not
    /// come through the distribution are refused
    #[arg(long, env = "ORIGIN_SECRET_SHA256")]
    pub origin_secret_sha256: Option<OriginSecrets>,
    /// The address for operators and Prometheus, without authentication; port 0 takes a free one
    /// [default: 127.0.0.1:9464, when it is free]
    #[arg(long, env = "ADMIN_ADDR", verbatim_doc_comment)]
    pub admin_addr: Option<SocketAddr>,
    /// Fills the cache when the service has started
    #[arg(long, env = "CACHE_WARM", value_enum)]
    pub warm: Option<Mode>,
    /// The cache
    #[command(flatten)]
    pub cache: CacheOptions,
    /// The database
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// How much is cached, and for how long.
#[derive(Debug, Clone, Args)]
pub struct CacheOptions {
    /// The Redis that all nodes share: redis://, rediss://, redis+unix:// or redis-cluster://; without: none
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
    /// What the in-process cache may hold, in bytes
    #[arg(long, env = "CACHE_MAX_BYTES", default_value_t = 64 * 1024 * 1024)]
    pub cache_max_bytes: u64,
    /// How long values are fresh whose kind has no time of its own, in seconds
    #[arg(long, env = "CACHE_TTL_SECONDS", default_value_t = 86_400)]
    pub cache_ttl: u64,
    /// How long after its time a value may be served while its source fails, in seconds
    #[arg(long, env = "CACHE_STALE_SECONDS", default_value_t = 86_400)]
    pub cache_stale: u64,
}

impl CacheOptions {
    /// What may be a reference to a secret, with its variable.
    pub const fn secret(&mut self) -> (&'static str, &mut Option<String>) {
        ("REDIS_URL", &mut self.redis_url)
    }

    /// The cache that these options describe.
    ///
    /// # Errors
    /// What is wrong with the Redis' URL.
    pub fn settings(&self) -> Result<Settings, String> {
        let redis = self.redis_url.as_deref().filter(|url| !url.is_empty()).map(Address::parse).transpose()?;
        Ok(Settings {
            redis,
            max_bytes: self.cache_max_bytes,
            policy: Policy {
                default_ttl: Duration::from_secs(self.cache_ttl),
                stale_if_error: Duration::from_secs(self.cache_stale),
            },
        })
    }
}

/// Where the database is, and how many connections it gets.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// The database, a postgres:// URL
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Connections that are kept
    #[arg(long, env = "DATABASE_POOL_SIZE", default_value_t = 20)]
    pub pool_size: u32,
    /// Connections beyond those, under load
    #[arg(long, env = "DATABASE_MAX_OVERFLOW", default_value_t = 10)]
    pub max_overflow: u32,
    /// How long a request may wait for a connection, in seconds
    #[arg(long, env = "DATABASE_POOL_TIMEOUT", default_value_t = 30)]
    pub pool_timeout: u64,
    /// How old a connection may become, in seconds
    #[arg(long, env = "DATABASE_POOL_RECYCLE", default_value_t = 3600)]
    pub pool_recycle: u64,
    /// When the server cancels a statement, in seconds; 0 leaves that to the server's own settings
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT", default_value_t = 5)]
    pub statement_timeout: u64,
}

/// The connection pool.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Connections that are kept.
    pub size: u32,
    /// Connections beyond those.
    pub overflow: u32,
    /// How long to wait for one.
    pub timeout: Duration,
    /// How old one may become.
    pub recycle: Duration,
    /// When the server cancels a statement, if not by its own settings.
    pub statement_timeout: Option<Duration>,
}

impl DatabaseOptions {
    /// What may be a reference to a secret, with its variable.
    pub const fn secret(&mut self) -> (&'static str, &mut Option<String>) {
        ("DATABASE_URL", &mut self.database_url)
    }

    /// The pool that these options describe.
    #[must_use]
    pub const fn pool(&self) -> PoolSettings {
        PoolSettings {
            size: self.pool_size,
            overflow: self.max_overflow,
            timeout: Duration::from_secs(self.pool_timeout),
            recycle: Duration::from_secs(self.pool_recycle),
            statement_timeout: match self.statement_timeout {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
        }
    }
}

impl ServeOptions {
    /// What may be references to secrets, with their variables.
    pub fn secrets(&mut self) -> Vec<(&'static str, &mut Option<String>)> {
        vec![("JWT_SECRET", &mut self.jwt_secret), self.cache.secret(), self.database.secret()]
    }

    /// How callers are told apart.
    ///
    /// # Errors
    /// Demo mode is refused on an address that others can reach: everybody would be the demo user. Elsewhere tokens
    /// need a secret.
    pub fn auth(&self) -> Result<Auth, String> {
        let fallback = if self.embedded { AuthMode::Demo } else { AuthMode::Jwt };
        let mode = self.auth_mode.unwrap_or(fallback);
        if mode == AuthMode::Demo && !self.bind.is_loopback() {
            return Err(format!("demo mode lets everybody in, so it is refused on {}; bind to 127.0.0.1", self.bind));
        }
        let auth = Auth::new(mode, self.jwt_secret.as_deref(), self.trusted_proxies)?;
        Ok(Auth { origin: self.origin_secret_sha256.clone(), ..auth })
    }
}
