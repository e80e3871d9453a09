//! One cell made into one value of the service, by the kind of its field: plain functions that restore only what is
//! provable and name a [`Problem`] for the rest.

mod clean;
mod date;
mod digits;
mod half_width;
mod phone;
mod same;
mod tags;

pub use clean::clean;
pub use same::is_same_value;
pub use tags::tags;
