//! What continuous integration gets: the action, the summary of a run, the documented workflows.

mod action;
mod docs;
mod runner;
