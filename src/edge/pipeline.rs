//! A request's way through the edge, from top to bottom.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::{Body as _, Incoming};

use super::{
    answer::{Answer, Source, finish, text},
    body::Body,
    bucket::Bucket,
    cache::{Cache, Entry, Lookup},
    deliver::deliver,
    event::{self, Verdict},
    freshness::lifetime,
    function::Function,
    invalidation::Follower,
    object::Content,
    proxy::Api,
    target,
};
use crate::{
    error::Result,
    model::distribution::{Behavior, Caching, Distribution, Methods, Origin},
    remote::{ObjectStore, local::LocalCdn},
};

/// How often a large object is looked up again because it was replaced between its description and its bytes.
const ATTEMPTS: usize = 3;

/// The edge of one distribution.
pub struct Edge {
    distribution: Distribution,
    function: Function,
    cache: Cache,
    bucket: Bucket,
    api: Api,
}

impl Edge {
    /// An edge with an empty cache. `cdn` is where it hears of invalidations.
    pub fn new(distribution: Distribution, store: Arc<dyn ObjectStore>, cdn: LocalCdn, api: Api) -> Result<Self> {
        Ok(Self {
            function: Function::new(&distribution.function)?,
            distribution,
            cache: Cache::new(Follower::new(cdn)),
            bucket: Bucket::new(store),
            api,
        })
    }

    /// Answers a request of the viewer at `viewer`.
    pub async fn respond(&self, request: Request<Incoming>, viewer: IpAddr) -> Response<Body> {
        let is_head = request.method() == Method::HEAD;
        let origin = request.headers().get(header::ORIGIN).cloned();
        let (behavior, answer) = match target::matched_path(request.uri()) {
            Ok(path) => {
                let behavior = self.distribution.behavior(&path);
                let answer = self.answer(behavior, request, viewer).await;
                (behavior, self.in_place_of_error(answer).await)
            }
            Err(status) => (self.distribution.behavior("/"), Answer::refused(status)),
        };
        finish(answer, behavior, origin.as_ref(), is_head)
    }

    /// The page that is sent instead of an origin's error, where there is one. As on CloudFront, whoever made it.
    async fn in_place_of_error(&self, answer: Answer) -> Answer {
        let wanted = self.distribution.error_pages.get(&answer.response.status().as_u16());
        let Some(wanted) = wanted.filter(|it| !it.page.is_empty() && answer.source != Source::Function) else {
            return answer;
        };
        let behavior = self.distribution.behavior(&wanted.page);
        let page = self.object(&wanted.page, behavior, &Method::GET, &HeaderMap::new()).await;
        match (page, StatusCode::from_u16(wanted.status)) {
            (Ok(mut page), Ok(status)) if page.response.status() == StatusCode::OK => {
                *page.response.status_mut() = status;
                page
            }
            // CloudFront sends the origin's error when it cannot get the page.
            _ => answer,
        }
    }

    async fn answer(&self, behavior: &Behavior, request: Request<Incoming>, viewer: IpAddr) -> Answer {
        if !is_allowed(behavior.methods, &request) {
            return Answer::refused(StatusCode::FORBIDDEN);
        }
        if behavior.origin == Origin::Api {
            return Answer { response: self.api.forward(request, viewer).await, source: Source::Origin };
        }
        let (request, _no_body) = request.into_parts();
        let uri = if behavior.function {
            let reply = event::event(&request, viewer).map_err(|cause| cause.to_string());
            let reply = reply.and_then(|event| self.function.call(&event).map_err(|cause| cause.to_string()));
            match reply.ok().as_deref().and_then(event::verdict) {
                Some(Verdict::Forward(uri)) => uri,
                Some(Verdict::Respond(response)) => return Answer { response, source: Source::Function },
                None => return Answer::refused(StatusCode::SERVICE_UNAVAILABLE),
            }
        } else {
            request.uri.path().to_owned()
        };
        if request.method == Method::OPTIONS {
            // S3 without a CORS configuration.
            return Answer::refused(StatusCode::FORBIDDEN);
        }
        match self.object(&uri, behavior, &request.method, &request.headers).await {
            Ok(answer) => answer,
            Err(cause) => Answer {
                response: text(StatusCode::BAD_GATEWAY, format!("502 Bad Gateway\n\n{cause}\n")),
                source: Source::Origin,
            },
        }
    }

    async fn object(&self, uri: &str, behavior: &Behavior, method: &Method, headers: &HeaderMap) -> Result<Answer> {
        for _ in 0..ATTEMPTS {
            let (entry, source) = self.entry(uri, behavior).await?;
            if let Some(response) = deliver(&self.bucket, &entry.object, method, headers).await? {
                return Ok(Answer { response, source });
            }
        }
        Ok(Answer::refused(StatusCode::SERVICE_UNAVAILABLE))
    }

    /// The response for a rewritten URI, from the cache or the bucket.
    async fn entry(&self, uri: &str, behavior: &Behavior) -> Result<(Arc<Entry>, Source)> {
        // Before the lookup: what was invalidated before the request came is never served to it.
        let generation = self.cache.follow_invalidations();
        if behavior.caching == Caching::Disabled {
            return Ok((self.fetch(uri, behavior).await?, Source::Origin));
        }
        match self.cache.lookup(uri).await {
            Lookup::Fresh(entry) => {
                let age = entry.stored.elapsed().as_secs();
                Ok((entry, Source::Cache { age }))
            }
            Lookup::Stale(entry) => {
                if let Some(info) = &entry.object.info
                    && self.bucket.is_unchanged(uri, info).await?
                {
                    let object = entry.object.clone();
                    let entry = Arc::new(Entry { object, stored: Instant::now(), lifetime: entry.lifetime });
                    self.cache.replace(uri, &entry, generation);
                    return Ok((entry, Source::Revalidated));
                }
                let entry = self.fetch(uri, behavior).await?;
                self.cache.replace(uri, &entry, generation);
                Ok((entry, Source::Origin))
            }
            Lookup::Missing(place) => {
                let entry = self.fetch(uri, behavior).await?;
                self.cache.fill(place, &entry, generation);
                Ok((entry, Source::Origin))
            }
        }
    }

    async fn fetch(&self, uri: &str, behavior: &Behavior) -> Result<Arc<Entry>> {
        let stored = Instant::now();
        let object = self.bucket.fetch(uri, behavior.not_found_page.as_ref()).await?;
        let lifetime = match &object.content {
            Content::InBucket(_) => None,
            Content::Held(_) if object.info.is_some() => lifetime(object.cache_control(), &behavior.caching),
            Content::Held(_) if object.cache_control() == Some("no-store") => None,
            Content::Held(_) => Some(self.error_ttl(object.status)),
        };
        Ok(Arc::new(Entry { object, stored, lifetime }))
    }

    fn error_ttl(&self, status: StatusCode) -> Duration {
        let page = self.distribution.error_pages.get(&status.as_u16());
        page.map_or(self.distribution.error_ttl, |page| Duration::from_secs(page.ttl))
    }
}

/// CloudFront refuses other methods, and a GET with a body, with 403.
fn is_allowed(methods: Methods, request: &Request<Incoming>) -> bool {
    let has_body = !request.body().is_end_stream();
    methods.names().contains(&request.method().as_str()) && !(request.method() == Method::GET && has_body)
}
