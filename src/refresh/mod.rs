//! Brings the mirror up to date: asks the service page by page, stores what it answers, and proves that nothing is missing.
//! It is the one place where `api` and `mirror` meet; exports are written from what it leaves behind.
//!
//! `list_query` is what is asked, `list_answer` what is answered, `refresher` asks and stores. `pages` says which page to ask
//! for and whether it joins, `page_step` what a page means for the reading, `closer_look` looks where that is open.
//! `page_reader` reads the pages of one query to their end, `readings` repeats that until `decision` finds the answer whole,
//! `whole_list` makes a list so, in `parts` where it is long, and `changes` asks only for what changed since. `details` asks
//! for single records, `detail_stamp` says how long an answer stands, `walk` finds records that have no list, `several_lists` those that have more than one. `beyond` looks
//! for more behind the last record, `evidence` for where those are that a total has more, `filter_probe` whether filters by
//! date find what is there. What a list took is told in `refreshed_list`.

mod beyond;
mod changes;
mod closer_look;
mod comparison;
mod decision;
mod detail_stamp;
mod details;
mod evidence;
mod filter_probe;
mod list_answer;
mod list_query;
mod not_whole;
mod page_reader;
mod page_step;
mod pages;
mod parts;
mod readings;
mod record_key;
mod refreshed_list;
mod refresher;
mod several_lists;
mod shown;
mod span_search;
mod spans;
mod vanished;
mod walk;
mod whole_list;

pub use detail_stamp::DetailStamp;
pub use details::{Detail, DetailsRead, FailedPage};
pub use list_query::ListQuery;
pub use pages::Page;
pub use refreshed_list::{ListReport, ReadingReport, RefreshedList};
pub use refresher::Refresher;
