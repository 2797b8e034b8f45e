//! The servers that `serve --embedded` starts for itself.

use std::env;
use std::future::pending;
use std::io;

use sqlx::PgPool;

use super::{Failure, database};
use crate::cache::{self, Address};
use crate::config::ServeOptions;
use crate::embedded::{Postgres, Redis, Settings};
use crate::{db, demo};

/// A private PostgreSQL, and a private Redis where one is installed. Both end with this process.
#[derive(Debug, Default)]
pub struct Private {
    postgres: Option<Postgres>,
    redis: Option<Redis>,
}

impl Private {
    /// Starts both, the database migrated and seeded. A Redis that is named elsewhere is used instead.
    pub async fn start(&mut self, options: &ServeOptions, cache: &mut cache::Settings) -> Result<PgPool, Failure> {
        let folder = env::current_dir()?;
        let settings = Settings { folder, source: options.postgres, ephemeral: false, supervisor: None };
        let postgres = self.postgres.insert(Postgres::start(&settings).await?);
        let connect = postgres.connect_options();
        if cache.redis.is_none() {
            self.redis = Redis::start(&settings.folder).await?;
            let url = self.redis.as_ref().map(Redis::url);
            cache.redis = url.map(|url| Address::parse(&url)).transpose().map_err(Failure::usage)?;
        }
        let maintenance = db::maintenance_pool(connect.clone());
        db::migrate(&maintenance).await?;
        if !db::demo::is_current(&maintenance).await.map_err(|e| database::explain(&e))? {
            tracing::info!("writing the demo's data");
            db::demo::write(&maintenance, &demo::generate()).await.map_err(|e| database::explain(&e))?;
        }
        maintenance.close().await;
        Ok(db::pool(connect, &options.database.pool()))
    }

    /// Says so when one of them ends by itself. The service goes on with what it has; never returns.
    pub async fn tell_when_one_ends(&mut self) {
        let postgres = async {
            if let Some(postgres) = &mut self.postgres {
                let status = postgres.wait().await;
                let log = postgres.home().join("postgres.log");
                tracing::error!(?status, log = %log.display(), "the private PostgreSQL ended");
            }
            pending::<()>().await;
        };
        let redis = async {
            if let Some(redis) = &mut self.redis {
                let status = redis.wait().await;
                tracing::error!(?status, "the private Redis ended");
            }
            pending::<()>().await;
        };
        tokio::join!(postgres, redis);
    }

    /// Stops both, and waits until nothing of them runs.
    pub async fn stop(self) -> io::Result<()> {
        if let Some(redis) = self.redis {
            redis.stop().await?;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await?;
        }
        Ok(())
    }
}
