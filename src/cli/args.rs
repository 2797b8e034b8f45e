//! The command line, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Takes a single-page app from source to the world's browsers on S3 and CloudFront.
#[derive(Debug, Parser)]
#[command(name = "treebeard-cdn", version, propagate_version = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "cdn-config.yml")]
    pub config: PathBuf,
    /// The environment of the configuration to use.
    #[arg(long, global = true, value_name = "NAME", default_value = "local")]
    pub env: String,
    /// Print one JSON document on standard output; progress goes to standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results and errors only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every step.
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented cdn-config.yml for the frontend in this folder.
    Init(Init),
    /// Validate the configuration: all problems at once.
    Check,
    /// Print the JSON Schema of cdn-config.yml.
    Schema,
    /// Build, scan, hash and compress the frontend; print sizes per file.
    Build(BuildOptions),
    /// Show what `deploy` and `provision` would do, with a reason for each line.
    Plan(Plan),
    /// Create or update bucket, origin access, policies, function and distribution.
    Provision(Provision),
    /// Print the IAM policy that a command needs.
    IamPolicy(IamPolicy),
    /// Build, publish, invalidate and verify the site.
    Deploy(Deploy),
    /// List the releases of the environment.
    Releases,
    /// Make an earlier release live again, and invalidate what changes.
    Rollback(Rollback),
    /// Delete what no retained release needs.
    Prune(Prune),
    /// End a lock whose holder is gone.
    Unlock(Unlock),
    /// Invalidate paths.
    Invalidate(Invalidate),
    /// Show the live release and what is unfinished.
    Status,
    /// Request the deployed site as a browser would and check it against the live release.
    Verify(Verify),
    /// Serve the local environment: the edge, and the API behind it.
    Serve(Serve),
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Replace an existing configuration.
    #[arg(long)]
    pub force: bool,
}

/// Options of commands that build.
#[derive(Debug, Clone, Args)]
pub struct BuildOptions {
    /// Use the output folder as it is; run neither `site.install` nor `site.build`.
    #[arg(long)]
    pub no_build: bool,
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// How to build.
    #[command(flatten)]
    pub build: BuildOptions,
    /// Exit with 2 when there are changes, 0 when there are none.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan with foreign objects in the way taken over.
    #[arg(long)]
    pub adopt: bool,
    /// Show one part only.
    #[arg(long, value_enum)]
    pub only: Option<Part>,
    /// List the bucket and look at every object, rather than believe the ledger: shows what somebody changed.
    #[arg(long)]
    pub refresh: bool,
}

/// A part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// What `deploy` would do.
    Content,
    /// What `provision` would do.
    Infra,
}

/// Options of `provision`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Provision {
    /// Show the plan and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Do not wait until the distribution's change has reached every edge.
    #[arg(long, conflicts_with = "destroy")]
    pub no_wait: bool,
    /// Have the distribution send another secret to the API, without refusing a viewer meanwhile.
    #[arg(long, conflicts_with = "destroy")]
    pub rotate_origin_secret: bool,
    /// Remove everything that `provision` made.
    #[arg(long)]
    pub destroy: bool,
    /// Delete the releases, too.
    #[arg(long, requires = "destroy")]
    pub with_content: bool,
}

/// Options of `iam-policy`.
#[derive(Debug, Args)]
pub struct IamPolicy {
    /// What the policy is for.
    #[arg(long = "for", value_enum, default_value = "deploy")]
    pub purpose: Purpose,
}

/// What an IAM policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Purpose {
    /// `deploy`, `rollback`, `prune`, `invalidate`, `unlock`, and all that looks.
    Deploy,
    /// `provision`, and all that looks.
    Provision,
    /// `plan`, `status`, `releases`, `verify`.
    Read,
}

/// Options of `deploy`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Deploy {
    /// How to build.
    #[command(flatten)]
    pub build: BuildOptions,
    /// Show the plan and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Take over objects that somebody else wrote at keys that the site needs.
    #[arg(long)]
    pub adopt: bool,
    /// Look at every object, and put right what somebody else changed or deleted.
    #[arg(long)]
    pub repair: bool,
    /// Do not wait until the CDN has carried out the invalidation.
    #[arg(long)]
    pub no_wait: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Delete up to so many objects this time, instead of `releases.max_deletes`.
    #[arg(long, value_name = "N")]
    pub max_deletes: Option<usize>,
    /// How to migrate.
    #[command(flatten)]
    pub migration: Migration,
    /// Serve the local environment after the deploy.
    #[arg(long, conflicts_with = "dry_run")]
    pub serve: bool,
    /// Port of `--serve`.
    #[arg(long, requires = "serve", default_value_t = DEFAULT_PORT)]
    pub port: u16,
}

/// Options of commands that put a new version in the place of the API that is live.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Migration {
    /// Let a migration break the version of the API that is live, and the new version lack routes of that one.
    #[arg(long)]
    pub allow_breaking: bool,
}

/// Options of `rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The release to make live: its id, or how it begins. Without it, what was live before the last deploy.
    pub release: Option<String>,
    /// Show the plan and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not wait until the CDN has carried out the invalidation.
    #[arg(long)]
    pub no_wait: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Delete up to so many objects this time, instead of `releases.max_deletes`.
    #[arg(long, value_name = "N")]
    pub max_deletes: Option<usize>,
}

/// Options of `prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// Show what would be deleted and delete nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Delete up to so many objects this time, instead of `releases.max_deletes`.
    #[arg(long, value_name = "N")]
    pub max_deletes: Option<usize>,
}

/// Options of `unlock`.
#[derive(Debug, Args)]
pub struct Unlock {
    /// End the lock even if its holder may still be there.
    #[arg(long)]
    pub force: bool,
}

/// Options of `invalidate`.
#[derive(Debug, Args)]
pub struct Invalidate {
    /// Viewer paths with a leading slash; `*` only at the end.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The site's address; the running local edge when absent.
    pub url: Option<String>,
    /// Check every file, not a sample.
    #[arg(long)]
    pub all: bool,
    /// Check against this manifest instead of the live release's.
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Port to listen on, on the loopback address; 0 takes any free one.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    pub port: u16,
}

/// Where the local environment is served.
pub const DEFAULT_PORT: u16 = 8787;
