//! `bw8 export` and `bw8 mirror`, through the binary.

mod custom_conditions;
mod destinations;
mod drift;
mod failing_pages;
mod faults;
mod filter_lies;
mod filters;
mod handed_back;
mod hidden_rows;
mod ids;
mod incremental;
mod labels;
mod lies;
mod listed;
mod members;
mod moved_rows;
mod odd_answers;
mod one_second;
mod output;
mod own_pages;
mod resume;
mod round_trip;
mod several_machines;
mod shapes;
#[cfg(unix)]
mod signals;
mod walls;
mod weeks;
