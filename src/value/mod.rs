//! One cell made into one value of the service, by the kind of its field: plain functions that restore only what is
//! provable and name a [`Problem`] for the rest.

mod choice;
mod clean;
mod clear_word;
mod code;
mod damage;
mod date;
mod digits;
mod email;
mod foreign_id;
mod form_fit;
mod half_width;
mod html_entities;
mod invisible;
mod landline;
mod list;
mod name;
mod null_word;
mod number;
mod options;
mod phone;
mod restoring;
mod same;
mod same_number;
mod shown_error;
mod tag_list;
mod tags;

pub use clean::clean;
pub use clear_word::is_clear_word;
pub use email::looks_like_address;
pub use foreign_id::foreign_id;
pub use invisible::visible;
pub use list::{count_parts, each_of_several, part, parts as list_parts};
pub use name::full_name;
pub use null_word::is_no_name;
pub use options::{Country, DateOrder, ValueOptions};
pub use phone::{LANDLINE_IN_MOBILE, NumberLook, is_mainland_mobile, number_look};
pub use same::is_same_value;
pub use same_number::push_number;
pub use tags::{edited_tags, signed_tags, tags};
