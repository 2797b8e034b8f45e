//! The API's half of `deploy` and `rollback`: what is built, what is live, and what becomes of it.

use std::sync::Arc;

use super::{
    Context, Environment,
    args::{BuildOptions, Migration},
    hosted,
};
use crate::{
    apply::api::{Change, Migrate, Order, Source},
    config::{Config, Target},
    error::{Class, Error, IoContext as _, Result},
    model::{
        api::ApiRecord,
        digest::Digest,
        ledger::{Pointer, Release},
        openapi::{Document, Operations},
    },
    package::{self, Package},
    plan::Plan,
    remote::{Body, functions::Live},
    report::ApiReport,
    site::{
        Listener,
        shell::{self, Shell},
    },
};

/// By this exit code a migration says that it would break the version that runs.
const BREAKING: i32 = 8;

/// What was built of the API, and what viewers meet of it now.
#[derive(Default)]
pub struct Built {
    /// The code, where it is ours to publish.
    code: Option<Package>,
    /// What runs now, once that was looked at.
    live: Option<Live>,
    /// The document that the pages' client was generated from.
    wanted: Option<Document>,
}

/// The API's half of a release.
#[derive(Default)]
pub struct Half {
    /// What the release records of it, as far as that is known by now.
    pub record: Option<ApiRecord>,
    /// What becomes of it; none where it stays as it is.
    pub change: Option<Change>,
    /// Holds the file that the change takes the code from.
    _package: Option<Package>,
}

impl Built {
    /// Builds the API's code. Changes nothing.
    pub async fn new(
        context: &Context,
        config: &Config,
        environment: &Environment,
        options: &BuildOptions,
    ) -> Result<Self> {
        let Some(api) = config.api.as_ref().filter(|_| config.target != Target::Local) else {
            return Ok(Self::default());
        };
        let code = match (&api.lambda, &environment.functions) {
            (Some(lambda), Some(_)) => {
                Some(package::build(config, lambda, !options.no_build, &listener(context)).await?)
            }
            _ => None,
        };
        // The build may be what writes it.
        let wanted = api.openapi.as_ref().map(|path| {
            let bytes = std::fs::read(path).doing("read", path).map_err(|error| unreadable(error.message))?;
            Document::read(&bytes)
                .map_err(|cause| unreadable(format!("{} is no OpenAPI document: {cause}", path.display())))
        });
        Ok(Self { code, live: None, wanted: wanted.transpose()? })
    }

    /// Looks at what is live: once the ledger is read, so that whoever deploys in between is seen here, or by the
    /// pointer's having changed when the lease is taken.
    pub async fn look(&mut self, environment: &Environment) -> Result<()> {
        if let (Some(_), Some(functions)) = (&self.code, &environment.functions) {
            self.live = Some(functions.live().await?);
        }
        Ok(())
    }

    /// Digest of the code that was built.
    #[must_use]
    pub fn code(&self) -> Option<Digest> {
        self.code.as_ref().map(|package| package.digest)
    }

    /// What a release records of it, as far as that is known before it is published. Fails where the API is hosted
    /// elsewhere, and lacks what the pages need.
    pub async fn record(
        &self,
        config: &Config,
        pointer: &Pointer,
        commit: Option<&String>,
    ) -> Result<Option<ApiRecord>> {
        let Some(package) = &self.code else { return hosted::record(config, self.wanted.as_ref()).await };
        let same = known(pointer, package.digest).cloned();
        let mut record =
            same.unwrap_or(ApiRecord { digest: Some(package.digest), commit: commit.cloned(), ..ApiRecord::default() });
        if let Some(live) = self.live.as_ref().filter(|live| live.is(&package.digest)) {
            record.version = Some(live.version.clone());
        }
        Ok(Some(record))
    }

    /// What has to be done for `plan`, whose release has this record.
    pub fn half(
        self,
        context: &Context,
        config: &Config,
        environment: &Environment,
        migration: Migration,
        plan: &Plan,
        pointer: &Pointer,
    ) -> Half {
        let record = plan.outcome.release().api.clone();
        let (Some(package), Some(before), Some(functions)) = (self.code, self.live, &environment.functions) else {
            return Half { record, ..Half::default() };
        };
        let Some((api, lambda)) = config.api.as_ref().and_then(|api| Some((api, api.lambda.as_ref()?))) else {
            return Half { record, ..Half::default() };
        };
        let known = known(pointer, package.digest);
        let needs_look = || {
            let seen = known.and_then(|it| it.openapi);
            !plan.is_empty() && (known.is_none() || self.wanted.as_ref().is_some_and(|it| Some(it.digest) != seen))
        };
        if before.is(&package.digest) && !needs_look() {
            return Half { record, ..Half::default() };
        }
        let body = Body::File { path: package.path().to_owned(), sha256: package.digest, size: package.size };
        let change = Change {
            functions: Arc::clone(functions),
            before,
            code: package.digest,
            source: Source::Built(body, package.size),
            migrate: api.migrate.clone().map(|command| migrate(context, config, command, migration)),
            reads: api.smoke.clone(),
            needs: self.wanted.map(|it| it.operations).unwrap_or_default(),
            // Before the first release viewers meet what `provision` leaves.
            keeps_routes: !migration.allow_breaking && pointer.live_release().and_then(Release::code).is_some(),
            architecture: lambda.architecture.to_string(),
            commit: record.as_ref().and_then(|it| it.commit.clone()),
            order: Order::ApiFirst,
        };
        Half { record, change: Some(change), _package: Some(package) }
    }
}

impl Half {
    /// What bringing back the API of `release` takes.
    pub async fn of_rollback(
        config: &Config,
        environment: &Environment,
        pointer: &Pointer,
        release: &Release,
    ) -> Result<Self> {
        let (Some(api), Some(functions)) = (&config.api, &environment.functions) else { return Ok(Self::default()) };
        let record = release.api.clone();
        let unchanged = Self { record: record.clone(), ..Self::default() };
        let Some(code) = release.code() else { return Ok(unchanged) };
        let before = functions.live().await?;
        if before.is(&code) {
            return Ok(unchanged);
        }
        let configured = || api.lambda.as_ref().map(|lambda| lambda.architecture.to_string());
        let change = Change {
            functions: Arc::clone(functions),
            order: order(pointer, before.code, release),
            before,
            code,
            source: Source::Kept,
            migrate: None,
            reads: api.smoke.clone(),
            // Its pages did with it before.
            needs: Operations::default(),
            keeps_routes: false,
            architecture: record
                .as_ref()
                .and_then(|it| it.architecture.clone())
                .or_else(configured)
                .unwrap_or_default(),
            commit: record.as_ref().and_then(|it| it.commit.clone()),
        };
        Ok(Self { record, change: Some(change), _package: None })
    }

    /// What a rollback to `release` leaves as it is: the API that it was published with, where that is not ours to
    /// publish now.
    #[must_use]
    pub fn left_alone(environment: &Environment, release: &Release) -> Option<String> {
        let record = release.api.as_ref().filter(|_| environment.functions.is_none())?;
        let version = record.version.as_ref().map_or_else(String::new, |version| format!(" (version {version})"));
        Some(format!("{} was published with an API{version} that stays as it is: it is hosted elsewhere", release.id))
    }

    /// What is worth knowing before it goes live.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let blind = self.change.as_ref().is_some_and(|change| !change.is_live() && change.reads.is_empty());
        blind.then(|| {
            "the new version of the API is tried out without a read of its data: name paths that must answer in `api.smoke`"
                .to_owned()
        })
    }

    /// Whether viewers will meet another version.
    #[must_use]
    pub fn goes_live(&self) -> bool {
        self.change.as_ref().is_some_and(|change| !change.is_live())
    }

    /// What becomes of it, in words and figures. None where there is no API that a release has to do with.
    #[must_use]
    pub fn report(&self) -> Option<ApiReport> {
        let replaced = self.change.as_ref().filter(|_| self.goes_live()).map(|change| change.before.version.clone());
        let mut record = self.record.clone()?;
        if replaced.is_some() {
            // The one that it had, if any, is not the one that it will have.
            record.version = None;
        }
        Some(ApiReport { record, published: replaced.is_some(), replaced })
    }
}

/// The live release, where its API is not what viewers meet: a deploy died before its pages were live, or a rollback
/// after. A rollback that names no release goes there.
pub async fn half_done<'a>(environment: &Environment, pointer: &'a Pointer) -> Result<Option<&'a Release>> {
    let Some(live) = pointer.live_release() else { return Ok(None) };
    let Some(code) = live.code() else { return Ok(None) };
    let met = environment.live_api().await?;
    Ok(met.is_some_and(|met| !met.is(&code)).then_some(live))
}

/// Which half of `release` goes live first, where viewers meet the code `met`: an API serves the pages before it, and not
/// those after it.
fn order(pointer: &Pointer, met: Digest, release: &Release) -> Order {
    let has_it = |it: &&Release| it.code() == Some(met);
    let of_met = pointer.live_release().filter(has_it).or_else(|| pointer.releases.iter().rev().find(has_it));
    match of_met {
        Some(of_met) if of_met.created_at < release.created_at => Order::ApiFirst,
        // One that no release has is of a deploy that did not finish, later than every release.
        _ => Order::PagesFirst,
    }
}

/// What the ledger says of code that it knows; the newest release's word.
fn known(pointer: &Pointer, code: Digest) -> Option<&ApiRecord> {
    pointer.releases.iter().rev().filter_map(|release| release.api.as_ref()).find(|api| api.digest == Some(code))
}

fn listener(context: &Context) -> Listener {
    let reporter = Arc::clone(context.reporter());
    Arc::new(move |progress| reporter.site(&progress))
}

fn unreadable(message: String) -> Error {
    Error::new(Class::Build, "api-openapi", message)
        .help("correct `api.openapi`: the document that the frontend's client is generated from")
}

fn migrate(context: &Context, config: &Config, command: String, migration: Migration) -> Migrate {
    let (listener, folder) = (listener(context), config.root.clone());
    Arc::new(move || {
        let (listener, folder, command) = (Arc::clone(&listener), folder.clone(), command.clone());
        Box::pin(async move {
            let env: &[(&str, &str)] = if migration.allow_breaking { &[("ALLOW_BREAKING", "1")] } else { &[] };
            let shell = Shell { command: &command, folder: &folder, env };
            let Err(ended) = shell::run(&shell, &listener).await?.success() else { return Ok(()) };
            if ended.code() == Some(BREAKING) {
                let message = format!("a migration would break the version that is live:\n{}", ended.output());
                return Err(Error::new(Class::Brake, "breaking-migration", message).help(
                    "nothing has changed; add first and remove in a later release, or deploy with --allow-breaking while nobody needs the live version",
                ));
            }
            Err(ended.failure(
                "migrate-failed",
                "the API and the pages are as they were; run the command in the configuration's folder to see it fail",
            ))
        })
    })
}
