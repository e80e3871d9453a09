//! WHAT is moved: the catalog. Everything the program knows of the service's interface is data in `catalog/*.toml`, one
//! file per entity: endpoints, fields, choices, rules, keys, each with how sure it is. Command values, templates, header
//! matching, checks, request bodies, export columns and the sandbox all read it.
//!
//! `confirmed` and `assumed` are the two [`Confidence`]s, which the files call `mark`; `source` names where a fact was seen
//! (`docs/api-sources.md`).

mod account_fields;
mod account_mode;
mod catalog;
mod choice;
mod clue;
mod confidence;
mod conflict;
mod deleted;
mod edits;
mod embedded;
mod endpoint;
#[expect(clippy::module_inception, reason = "a file is called after what it defines")]
mod entity;
mod field;
mod fold;
mod form;
mod kind;
mod overlay;
mod overwrite;
mod part;
mod rule;
mod service;
mod simplified;
mod told_references;
mod validate;
mod walk;
mod write_mode;

pub use account_fields::titled;
pub use account_mode::AccountMode;
pub use catalog::Catalog;
pub use choice::Choice;
pub use clue::{ANY, Clue, OLD_ID};
pub use confidence::Confidence;
pub use conflict::Conflict;
pub use deleted::Deleted;
pub use edits::Edits;
pub use endpoint::{Endpoint, Method};
pub use entity::Entity;
pub use field::{Field, Instead};
pub use fold::fold;
pub use form::Form;
pub use kind::Kind;
pub use overwrite::Overwrite;
pub use part::Part;
pub use rule::{Requirement, Rule};
pub use service::{Account, Custom, CustomKind, Filters, Paging, RequestId, Service, ServiceError, Token};
pub use simplified::simplified;
pub use walk::Walk;
pub use write_mode::WriteMode;
