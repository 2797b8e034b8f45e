//! TreeBeard itself, from nothing to its viewers: provisioned, deployed with its API as a Lambda function, used.
//!
//! ministack executes the function, with PostgreSQL and Redis behind it and a distribution in front of it.

mod function;
mod timings;
mod world;
