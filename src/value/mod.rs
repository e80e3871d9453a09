//! One cell made into one value of the service, by the kind of its field: plain functions that restore only what is
//! provable and name a [`Problem`] for the rest.

mod clean;
mod date;
mod phone;
mod problem;
mod same;
mod text;

pub use clean::clean;
pub use problem::Problem;
pub use same::is_same_value;
pub use text::tags;
