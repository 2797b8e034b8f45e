//! Readers and writers at random on several nodes: no read that began after a node's invalidation sees what was before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::support::{Database, Node, Redis, within};

/// How long each seed runs.
const RUN: Duration = Duration::from_millis(1_500);

fn pause(most: u64) -> Duration {
    Duration::from_micros(fastrand::u64(..most))
}

/// One node with the version that its last invalidation promised.
#[derive(Clone)]
struct Witness {
    node: Node,
    promised: Arc<AtomicI64>,
}

impl Witness {
    async fn read_for(self, run: Duration) {
        let start = Instant::now();
        while start.elapsed() < run {
            let promised = self.promised.load(Ordering::SeqCst);
            let (version, source) = self.node.read_slowly("u", sleep(pause(3_000))).await;
            assert!(version >= promised, "{source:?} gave {version} after {promised} had been promised");
            sleep(pause(500)).await;
        }
    }

    async fn write_for(self, run: Duration) {
        let start = Instant::now();
        while start.elapsed() < run {
            let version = self.node.source.write();
            sleep(pause(1_000)).await;
            self.node.invalidate("u").await;
            self.promised.fetch_max(version, Ordering::SeqCst);
            sleep(pause(4_000)).await;
        }
    }
}

async fn race(nodes: Vec<Node>) {
    let witnesses: Vec<Witness> = nodes.into_iter().map(|node| Witness { node, promised: Arc::default() }).collect();
    let tasks: Vec<_> = witnesses
        .iter()
        .flat_map(|witness| {
            let readers = (0..6).map(|_| tokio::spawn(witness.clone().read_for(RUN)));
            readers.chain([tokio::spawn(witness.clone().write_for(RUN))]).collect::<Vec<_>>()
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let last = witnesses[0].node.source.version();
    for witness in &witnesses {
        within(Duration::from_secs(1), "all agree on the last version", async || {
            witness.node.read("u").await.0 >= last
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_and_writers_of_several_nodes_never_see_the_past() {
    let (redis, source) = (Redis::start(), Database::default());
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Node::at(&redis.url(), &source).await);
    }
    race(nodes).await;
}
