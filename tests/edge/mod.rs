//! Tests of the local edge.

mod routing;
mod world;
