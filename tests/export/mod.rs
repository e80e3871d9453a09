//! `bw8 export` and `bw8 mirror`, through the binary.

mod drift;
mod faults;
mod filters;
mod incremental;
mod lies;
mod output;
mod resume;
#[cfg(unix)]
mod signals;
