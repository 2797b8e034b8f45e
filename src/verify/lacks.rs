//! What a distribution is not set up to do: worth a note, and no fault of what was deployed.

use std::collections::BTreeSet;

use super::{
    Failure, Probe,
    probe::{LEDGER, Server},
};

/// What was found lacking.
pub struct Lacks {
    server: Server,
    headers: BTreeSet<String>,
    routes: BTreeSet<String>,
    unlisted: bool,
    open_ledger: bool,
}

impl Lacks {
    /// Nothing, so far.
    pub fn new(server: Server) -> Self {
        Self { server, headers: BTreeSet::new(), routes: BTreeSet::new(), unlisted: false, open_ledger: false }
    }

    /// Takes those failures that come of how the distribution is set up, and gives the others.
    pub fn take(&mut self, probe: &Probe, mut failures: Vec<Failure>) -> Vec<Failure> {
        failures.retain(|failure| !self.explains(probe, failure));
        failures
    }

    fn explains(&mut self, probe: &Probe, failure: &Failure) -> bool {
        let is_edge_header = probe.expected.edge_headers.iter().any(|(name, _)| *name == failure.what);
        if is_edge_header && !self.server.adds_headers() {
            self.headers.insert(failure.what.clone());
            return true;
        }
        let missing = probe.expected.status == Some(404) && probe.expected.content.is_none();
        if missing && failure.got == "403" && self.server != Server::Edge {
            // What S3 says of a missing object to those who may not list the bucket.
            self.unlisted = true;
            return true;
        }
        if !probe.expected.by_function || self.server.negotiates() || failure.what == Failure::REQUEST {
            return false;
        }
        if failure.path == LEDGER {
            self.open_ledger |= failure.got == "200";
        } else {
            self.routes.insert(format!("{} gives {}", failure.path, failure.got));
        }
        true
    }

    /// All of it in words, with what to do.
    pub fn notes(self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Server::Distribution { negotiates: false, saving, .. } = self.server {
            let cost = saving
                .filter(|&bytes| bytes > 0)
                .map_or_else(String::new, |bytes| format!(": {} a visit", bytesize::ByteSize::b(bytes).display().si()));
            let routes = self.routes.iter().flat_map(|route| ["; ", route]).collect::<String>();
            notes.push(format!(
                "the distribution does not run treebeard-cdn's function: br inactive{cost}{routes}; \
                 `treebeard-cdn provision` sets it up"
            ));
        }
        if !self.headers.is_empty() {
            let headers = self.headers.into_iter().collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "the distribution does not send as configured: {headers}; `treebeard-cdn provision` sets that up"
            ));
        }
        if self.unlisted && self.server.negotiates() {
            notes.push(
                "what is missing is answered with 403 rather than 404: the distribution may not list the bucket \
                 (s3:ListBucket); `treebeard-cdn provision` lets it"
                    .to_owned(),
            );
        }
        if self.open_ledger {
            notes.push(format!("anyone can read {LEDGER}; `treebeard-cdn status` prints the statement that denies it"));
        }
        notes
    }
}
