//! Many requests at once, or one after the other: a cold key's crowd, or a cache to fill.

use std::{cell::RefCell, error::Error, io, rc::Rc, time::Duration};

use clap::Args;
use hyper::Uri;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    client::{Client, Target},
    record::Recorder,
};

/// How many at once.
#[derive(Debug, Args)]
pub struct Options {
    /// Connections, all of which are open before the first request
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

pub async fn run(target: Rc<Target>, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut paths = io::stdin().lines().map(|line| Ok(line?.parse()?)).collect::<Result<Vec<Uri>, Box<dyn Error>>>()?;
    paths.reverse();
    let paths = Rc::new(RefCell::new(paths));

    let mut opening = JoinSet::new();
    for _ in 0..options.connections {
        opening.spawn_local(Client::open(Rc::clone(&target)));
    }
    let clients = opening.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;

    let recorder = Rc::new(RefCell::new(Recorder::new(Instant::now(), Duration::ZERO)));
    let mut workers = JoinSet::new();
    for mut client in clients {
        let (paths, recorder) = (Rc::clone(&paths), Rc::clone(&recorder));
        workers.spawn_local(async move {
            loop {
                let Some(path) = paths.borrow_mut().pop() else { return };
                let start = Instant::now();
                let outcome = client.get(&path).await;
                recorder.borrow_mut().request("paths", start, &outcome);
            }
        });
    }
    workers.join_all().await;
    recorder.borrow().summary(None);
    Ok(())
}
