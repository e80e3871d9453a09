//! A user's `api.toml` laid over the embedded catalog, key by key: what it names changes, everything else stays. It is
//! how a wrong assumption, a private deployment, custom fields or a whole new kind of record become a text edit.
//!
//! Both texts are merged as parsed TOML that still knows its locations, and the result is read as strictly as the embedded
//! files are; so a mistake is told by file, line and key. Lists are replaced as a whole, but for `fields`, which are
//! merged by name, and `custom_fields`, which are added.

mod custom_field;
mod key_location;
mod load;
mod merge;
mod source_text;
mod toml_value;
