//! A change takes minutes to reach every edge.

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;
use treebeard_cdn::{
    apply::provision::{Event, Workshop, provision},
    error::Class,
    model::infrastructure::{Known, Resource, Settings},
    plan::infrastructure::{Action, Step, Steps},
    remote::provider::Provider,
};

use crate::support::{
    distribution::foreign,
    servers::{Server, moto},
};

/// A distribution of moto that is not everywhere yet, as the one step of a plan that changes nothing.
async fn under_way(server: &Server) -> (Arc<dyn Provider>, Steps) {
    let bucket = server.bucket().await;
    let (id, _) = foreign(server, &bucket).await;
    let provider: Arc<dyn Provider> = Arc::new(server.connection().await.provider());
    let wanted = Resource { name: bucket, id: Some(id), settings: Settings::Distribution(Box::default()) };
    let found = provider.find(&wanted, &Known::default()).await.unwrap();
    (provider, Steps(vec![Step { action: Action::Keep, wanted, found, changes: Vec::new(), narrows: false }]))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_waited_for_until_every_edge_has_it_and_said_meanwhile() {
    let (provider, steps) = under_way(moto()).await;
    let waited = Arc::new(Mutex::new(0));
    let heard = Arc::clone(&waited);
    let listener = Arc::new(move |event: Event<'_>| {
        if matches!(event, Event::Waiting(..)) {
            *heard.lock().unwrap() += 1;
        }
    });
    let workshop = Workshop {
        provider: Arc::clone(&provider),
        listener,
        stop: CancellationToken::new(),
        wait: true,
        new_secret: None,
    };
    provision(&steps, &workshop).await.unwrap();
    assert!(*waited.lock().unwrap() > 0, "it was deployed at once");
    assert!(provider.settled(steps.0[0].found.as_ref().unwrap()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_to_wait_and_a_signal_ends_it() {
    let (provider, steps) = under_way(moto()).await;
    let (stop, listener) = (CancellationToken::new(), Arc::new(|_: Event<'_>| {}));
    let workshop =
        Workshop { provider: Arc::clone(&provider), listener, stop: stop.clone(), wait: false, new_secret: None };
    provision(&steps, &workshop).await.unwrap();
    assert!(!provider.settled(steps.0[0].found.as_ref().unwrap()).await.unwrap(), "somebody waited");
    stop.cancel();
    let (provider, steps) = under_way(moto()).await;
    let interrupted = provision(&steps, &Workshop { provider, wait: true, ..workshop }).await.unwrap_err();
    assert_eq!(interrupted.class, Class::Interrupted(15));
}
