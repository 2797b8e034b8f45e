//! Where Redis is.

use std::fmt;
use std::time::Duration;

use redis::Client;
use redis::cluster::ClusterClient;

use super::link::Link;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(1);

/// A Redis, or the nodes of a Redis Cluster that are known beforehand.
#[derive(Clone)]
pub struct Address {
    nodes: Vec<Client>,
    cluster: Option<ClusterClient>,
}

impl Address {
    /// Reads a URL: `redis://` and `rediss://` (TLS) with `[user:password@]host[:port][/database]`, `redis+unix://`
    /// with a socket's path, `redis-cluster://` and `rediss-cluster://` with one node or more, separated by commas.
    ///
    /// # Errors
    /// What is wrong with it, in words that name no part of it: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let refused = |_| "REDIS_URL is not a redis://, rediss://, redis+unix:// or redis-cluster:// URL".to_owned();
        if url.starts_with("rediss") {
            // Fails when there is one already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let Some((scheme, hosts)) = url.split_once("-cluster://") else {
            let client = Client::open(url).map_err(refused)?;
            return Ok(Self { nodes: vec![client], cluster: None });
        };
        let (login, hosts) = hosts.rsplit_once('@').map_or(("", hosts), |(login, hosts)| (login, hosts));
        let at = if login.is_empty() { "" } else { "@" };
        let urls: Vec<String> = hosts.split(',').map(|host| format!("{scheme}://{login}{at}{host}")).collect();
        let nodes = urls.iter().map(|url| Client::open(url.as_str())).collect::<Result<_, _>>().map_err(refused)?;
        let cluster = ClusterClient::builder(urls).connection_timeout(CONNECT).retries(1).build().map_err(refused)?;
        Ok(Self { nodes, cluster: Some(cluster) })
    }

    /// A new connection for commands.
    pub async fn connect(&self) -> redis::RedisResult<Link> {
        let connect = async {
            match &self.cluster {
                Some(cluster) => cluster.get_async_connection().await.map(Link::Cluster),
                None => self.nodes[0].get_multiplexed_async_connection().await.map(Link::Single),
            }
        };
        tokio::time::timeout(CONNECT, connect).await.unwrap_or_else(|_| Err(late()))
    }

    /// A new connection for messages. Every node of a cluster delivers all of them; `attempt` picks one.
    pub async fn subscribe(&self, attempt: usize, channel: &str) -> redis::RedisResult<redis::aio::PubSub> {
        let client = &self.nodes[attempt % self.nodes.len()];
        let subscribe = async {
            let mut messages = client.get_async_pubsub().await?;
            messages.subscribe(channel).await?;
            Ok(messages)
        };
        tokio::time::timeout(CONNECT, subscribe).await.unwrap_or_else(|_| Err(late()))
    }

    /// Whether it is a cluster.
    #[must_use]
    pub const fn is_cluster(&self) -> bool {
        self.cluster.is_some()
    }
}

fn late() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Without the URL: it may hold a password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("nodes", &self.nodes.len()).field("cluster", &self.is_cluster()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_each_kind_are_read() {
        for (url, nodes, cluster) in [
            ("redis://localhost:6379/0", 1, false),
            ("rediss://user:secret@cache.example.com", 1, false),
            ("redis+unix:///tmp/redis.sock", 1, false),
            ("redis-cluster://a:7000,b:7001,c:7002", 3, true),
            ("rediss-cluster://user:secret@a:7000", 1, true),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.nodes.len(), address.is_cluster()), (nodes, cluster), "{url}");
            assert!(!format!("{address:?}").contains("secret"));
        }
    }

    #[test]
    fn other_urls_are_refused_without_their_password() {
        for url in ["", "localhost:6379", "http://x", "redis-cluster://", "redis://user:hunter2@:x/y"] {
            let refusal = Address::parse(url).unwrap_err();
            assert!(refusal.starts_with("REDIS_URL is not") && !refusal.contains("hunter2"), "{url}: {refusal}");
        }
    }
}
