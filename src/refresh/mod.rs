//! Brings the mirror up to date: asks the service page by page, stores what it answers, and proves that nothing is missing.
//! It is the one place where `api` and `mirror` meet; exports are written from what it leaves behind.
//!
//! `list_query` is what is asked, `refresher` asks and stores. `pages` says which page to ask for and what a page proves,
//! `page_reader` reads the pages of one query to their end, `whole_list` repeats that until `decision` finds the answer
//! whole, `changes` asks only for what changed since. `details` asks for single records, `walk` finds records that have no
//! list, `several_lists` those that have more than one. `beyond` looks for more behind the last record, `evidence` for where those are that a total has more, `filter_probe` whether filters by date find what is there. What a list took is told in `refreshed_list`.

mod beyond;
mod changes;
mod comparison;
mod decision;
mod details;
mod evidence;
mod filter_probe;
mod list_query;
mod not_whole;
mod page_reader;
mod pages;
mod parts;
mod record_key;
mod refreshed_list;
mod refresher;
mod several_lists;
mod span_search;
mod spans;
mod walk;
mod whole_list;

pub use details::{Detail, DetailsRead, FailedPage};
pub use list_query::ListQuery;
pub use pages::Page;
pub use refreshed_list::{ListReport, ReadingReport, RefreshedList};
pub use refresher::Refresher;
