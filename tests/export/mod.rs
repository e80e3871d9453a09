//! `bw8 export` and `bw8 mirror`, through the binary.

mod destinations;
mod drift;
mod failing_pages;
mod faults;
mod filter_lies;
mod filters;
mod handed_back;
mod incremental;
mod labels;
mod lies;
mod listed;
mod members;
mod moved_rows;
mod odd_answers;
mod one_second;
mod output;
mod resume;
mod round_trip;
mod shapes;
#[cfg(unix)]
mod signals;
mod walls;
mod weeks;
