//! What commands that publish share: build the site, read the ledger, plan, apply.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Context, Environment, api,
    args::{BuildOptions, Migration},
};
use crate::{
    apply::{self, Applied, Ports},
    config::Config,
    error::Result,
    model::{asset::Site, lease::Holder, ledger::Release, path::ViewerPath},
    plan::{self, Facts, Plan},
    remote::{
        cdn::Delivery,
        conditions, lease, process,
        refresh::{Seen, refresh},
        state::{self, LoadedPointer},
    },
    site,
};

/// For so long what was read of the ledger is taken for what it says now.
const FRESH: Duration = Duration::from_secs(2);

/// How a plan is to be made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Take over foreign objects at keys that the site needs.
    pub adopt: bool,
    /// Look at the objects themselves rather than believe the ledger, and put right what is not as it says.
    pub refresh: bool,
    /// Stop early where somebody else writes.
    pub writes: bool,
    /// The brake on deletions, if not the configuration's.
    pub max_deletes: Option<usize>,
    /// How to migrate the API's database.
    pub migration: Migration,
}

/// A plan, and what it was made from.
pub struct Prepared {
    /// What there is to do.
    pub plan: Plan,
    /// What becomes of the API.
    pub api: api::Half,
    /// The pointer that it was planned from.
    pub loaded: LoadedPointer,
    /// What was left out of the site or looks odd.
    pub notes: Vec<String>,
    /// What a look at the objects showed, where one was asked for.
    pub seen: Option<Seen>,
}

impl Prepared {
    /// Builds the site and plans its way into the environment. Changes nothing there.
    pub async fn new(
        context: &Context,
        config: &Config,
        environment: &Environment,
        build_options: &BuildOptions,
        options: Options,
    ) -> Result<Self> {
        let store = environment.store.as_ref();
        let started = Instant::now();
        // What would stop the command at its end, a bucket that is missing or locked, a distribution that is not there, stops it at its beginning.
        let early = async {
            let loaded = state::load_pointer(store).await?;
            if loaded.pointer.negotiates != Some(true) {
                environment.delivery().await?;
            }
            if loaded.pointer.live_release().and_then(Release::code).is_none() {
                environment.require_function().await?;
            }
            if options.writes { lease::refuse_held(&loaded).map(|()| loaded) } else { Ok(loaded) }
        };
        let (early, mut site) = futures_util::try_join!(early, build(context, config, build_options))?;
        let mut api = api::Built::new(context, config, environment, build_options).await?;
        let loaded = if started.elapsed() < FRESH { early } else { state::load_pointer(store).await? };
        if options.writes {
            lease::refuse_held(&loaded)?;
        }
        api.look(environment).await?;
        let mut notes = std::mem::take(&mut site.notes);
        // What the CDN was seen to do at the last deploy is what it does; where it did nothing, it may have begun to.
        let negotiates = match loaded.pointer.negotiates {
            Some(true) => true,
            _ => environment.delivery().await?.negotiates,
        };
        let mut built = plan::built(&site, negotiates);
        if !options.refresh {
            match plan::unchanged(built, api.code(), &loaded.pointer) {
                Ok(plan) => {
                    let api = api.half(context, config, environment, options.migration, &plan, &loaded.pointer);
                    notes.extend(untried(context, &api, options));
                    return Ok(Self { plan, api, loaded, notes, seen: None });
                }
                Err(changed) => built = changed,
            }
        }
        let (delivery, state) =
            futures_util::try_join!(environment.delivery(), state::load(store, loaded.pointer.clone()))?;
        let saving = saving(&site).filter(|_| !delivery.negotiates);
        for note in inactive(environment, delivery, saving) {
            // Where there is a CDN, the verification says so.
            if options.writes && !environment.has_cdn {
                context.say(format_args!("note: {note}"));
            }
            notes.push(note);
        }
        let mut state = state;
        let mut seen = None;
        if options.refresh {
            let found = refresh(store, &state).await?;
            state.drift.clone_from(&found.drift);
            for key in &found.lost {
                state.inventory.objects.remove(key);
            }
            seen = Some(found);
        }
        let commit = commit(config).await;
        let facts = Facts {
            api: api.record(config, &loaded.pointer, commit.as_ref()).await?,
            commit,
            adopt: options.adopt,
            negotiates: delivery.negotiates,
            encodings: delivery.encodings.clone(),
            saving,
            ..facts(config, environment, options.max_deletes)
        };
        if delivery.negotiates != negotiates {
            built = plan::built(&site, delivery.negotiates);
        }
        let plan = plan::plan(&site, built, &state, &facts)?;
        let api = api.half(context, config, environment, options.migration, &plan, &loaded.pointer);
        notes.extend(untried(context, &api, options));
        Ok(Self { plan, api, loaded, notes, seen })
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty() && !self.api.goes_live()
    }
}

/// The facts that are known before anything is built.
pub fn facts(config: &Config, environment: &Environment, max_deletes: Option<usize>) -> Facts {
    Facts {
        now: SystemTime::now(),
        commit: None,
        api: None,
        adopt: false,
        invalidation: environment.has_cdn.then_some(config.invalidation),
        negotiates: true,
        encodings: Vec::new(),
        saving: None,
        max_deletes: max_deletes.unwrap_or(config.releases.max_deletes),
    }
}

impl std::fmt::Display for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.api.report().filter(|_| self.api.goes_live()) {
            Some(api) if self.plan.is_empty() => write!(f, "  ~ API: {api}"),
            Some(api) => write!(f, "  ~ API: {api}\n{}", self.plan),
            None => self.plan.fmt(f),
        }
    }
}

/// Applies a plan, and sees to it that a signal leaves nothing half done that could be finished.
pub async fn apply(
    context: &Context,
    environment: &Environment,
    command: &str,
    wait: bool,
    Prepared { plan, api, loaded, .. }: &Prepared,
) -> Result<Applied> {
    let ports = ports(context, environment, command, wait);
    if !plan.is_empty() || api.change.is_some() {
        require_conditions(environment, loaded, &ports.holder).await?;
    }
    let _draining = context.drain();
    Box::pin(apply::apply(plan, api.change.as_ref(), loaded, &ports)).await
}

/// A server that takes no notice of conditions is found out before the first pointer is written.
pub async fn require_conditions(environment: &Environment, loaded: &LoadedPointer, me: &Holder) -> Result<()> {
    if environment.locking && loaded.etag.is_none() {
        conditions::require(environment.store.as_ref(), &me.run).await?;
    }
    Ok(())
}

/// The ports of a command that writes.
pub fn ports(context: &Context, environment: &Environment, command: &str, wait: bool) -> Ports {
    let reporter = Arc::clone(context.reporter());
    Ports {
        store: environment.store.clone(),
        cdn: environment.cdn.clone(),
        listener: Arc::new(move |event| reporter.apply(&event)),
        holder: process::this(command),
        stop: context.stop(),
        wait,
    }
}

/// Builds the site, and says what happens.
pub async fn build(context: &Context, config: &Config, options: &BuildOptions) -> Result<Site> {
    let reporter = Arc::clone(context.reporter());
    let listener: site::Listener = Arc::new(move |progress| reporter.site(&progress));
    let site = site::build(config, site::Options { run_commands: !options.no_build }, &listener).await?;
    for note in &site.notes {
        context.say(format_args!("note: {note}"));
    }
    Ok(site)
}

/// The source's git commit, where there is one.
pub async fn commit(config: &Config) -> Option<String> {
    let git = tokio::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(&config.root)
        .stderr(Stdio::null())
        .output()
        .await
        .ok()?;
    let commit = String::from_utf8(git.stdout).ok()?.trim().to_owned();
    (git.status.success() && !commit.is_empty()).then_some(commit)
}

/// Bytes that a first visit would save if variants were chosen: those of the index page and of the files that it names.
fn saving(site: &Site) -> Option<u64> {
    let index = site.assets.iter().find(|asset| asset.path.as_str() == "index.html")?;
    let page = std::fs::read(&index.identity.source.file).ok()?;
    let named = |path: &ViewerPath| memchr::memmem::find(&page, path.file_name().as_bytes()).is_some();
    let compressed = site.assets.iter().filter(|asset| !asset.variants.is_empty());
    let visit = compressed.filter(|asset| asset.path == index.path || named(&asset.path));
    let saved = visit.filter_map(|asset| {
        let best = asset.variants.iter().map(|(_, it)| it.source.size).min()?;
        asset.identity.source.size.checked_sub(best)
    });
    Some(saved.sum())
}

/// What is not known of a version of the API that goes live; said by whoever is about to have it so.
fn untried(context: &Context, api: &api::Half, options: Options) -> Option<String> {
    let note = api.note()?;
    if options.writes {
        context.say(format_args!("note: {note}"));
    }
    Some(note)
}

/// What viewers do without, where we do not manage what serves them.
fn inactive(environment: &Environment, delivery: &Delivery, saving: Option<u64>) -> Vec<String> {
    let mut notes = Vec::new();
    if !environment.has_cdn {
        notes.push("there is no CDN: no compression, no security headers, no page routing, no invalidation".to_owned());
        return notes;
    }
    if !delivery.negotiates {
        let cost = bytesize::ByteSize::b(saving.unwrap_or(0)).display().si();
        notes.push(format!(
            "the distribution does not run treebeard-cdn's function: br inactive: {cost} a visit, and pages are not \
             routed; `treebeard-cdn provision` sets it up"
        ));
    }
    if !delivery.adds_headers {
        notes.push("the distribution adds no security headers; `treebeard-cdn provision` sets them up".to_owned());
    }
    notes
}
