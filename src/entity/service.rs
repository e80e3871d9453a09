//! What is known of the service as a whole: where it is, how one logs in, how lists are paged, how it says no.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::confidence::Confidence;

/// The token endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Path on the host itself.
    pub path: String,
    /// Value of the form field `grant_type`.
    pub grant_type: String,
    /// Lifetime in seconds.
    pub lifetime: u64,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// The endpoint that tells about the account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Path under the base address.
    pub path: String,
    /// Members that may hold the account's name, the likeliest first.
    pub names: Vec<String>,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// How lists are paged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Parameter of the page number, from 1.
    pub page: String,
    /// Parameter of the page size.
    pub per_page: String,
    /// Page size when none is asked for.
    pub default: u32,
    /// Largest page size that is not advised against.
    pub advised: u32,
    /// Member of an answer with the total over all pages.
    pub count: String,
    /// Member of an answer with the address of the next page, empty on the last one.
    pub next: String,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// Query parameters that lists have in common; an endpoint names those it takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// From and to of the creation time.
    pub created: [String; 2],
    /// From and to of the time of the last change.
    pub updated: [String; 2],
    /// Asks for the newest records first: a parameter and its value.
    pub newest_first: [String; 2],
    /// Asks for deleted records too …
    pub deleted: String,
    /// … with this value.
    pub deleted_value: String,
    /// Asks for an order by creation …
    pub order: String,
    /// … with the oldest first.
    pub order_value: String,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// How records carry custom fields, and how these are defined.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// Member of a record that holds them.
    pub member: String,
    /// Member of one with its key.
    pub key: String,
    /// Member of one with its value.
    pub value: String,
    /// Member of a definition with the key.
    pub definition_key: String,
    /// Member of a definition with the label.
    pub label: String,
    /// Member of a definition with the options.
    pub options: String,
    /// Member of an option with its id.
    pub option_key: String,
    /// Member of an option with its text.
    pub option_text: String,
    /// Member of an option with the options below it.
    pub suboptions: String,
    /// Member of a definition that tells a field of the service's own, by `1`.
    pub system: String,
    /// Member of a definition with the code of what its values are …
    pub kind: String,
    /// … and what the codes mean.
    pub kinds: BTreeMap<String, CustomKind>,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// What the values of a custom field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CustomKind {
    /// Text.
    Text,
    /// Text that may look like a number.
    Code,
    /// Whole number.
    Integer,
    /// Number with a fraction.
    Decimal,
    /// Day.
    Date,
    /// One of its options.
    Choice,
    /// One of its options, which stand below each other.
    Cascade,
    /// Yes or no.
    Check,
    /// A file, which no record carries.
    Attachment,
}

/// The header that names a write.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestId {
    /// Name of the header.
    pub header: String,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// The error for a path that does not exist.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceError {
    /// Its code.
    pub unknown_path_code: String,
    /// Its text.
    pub unknown_path_text: String,
    /// How sure it is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// What is known of the service as a whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Address of the public service.
    pub base_url: String,
    /// Seconds east of UTC of the service's clock.
    pub utc_offset: i32,
    /// The token endpoint.
    pub token: Token,
    /// The account endpoint.
    pub account: Account,
    /// How lists are paged.
    pub paging: Paging,
    /// Query parameters lists have in common.
    pub filters: Filters,
    /// How records carry custom fields.
    pub custom: Custom,
    /// The header that names a write.
    pub request_id: RequestId,
    /// The error for a path that does not exist.
    pub error: ServiceError,
}
