//! Tests of site.
