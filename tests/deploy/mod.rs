//! Planning and publishing: what is written, kept, refused, in which order.

mod breaking;
mod bucket;
mod planner;
mod releases;
mod retention;
mod sites;
