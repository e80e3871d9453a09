//! One endpoint of an entity.

use serde::{Deserialize, Serialize};

use super::confidence::Confidence;

/// HTTP method of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "their names are what HTTP calls them")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// One endpoint of an entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// HTTP method.
    pub method: Method,
    /// Path under the base address; `{id}` stands for a record's id.
    pub path: String,
    /// The member a request's record is wrapped in; none means the bare record is sent.
    #[serde(default)]
    pub wrap: Option<String>,
    /// The member an answer carries its records in; `tickets.results` is a path of two.
    #[serde(default)]
    pub answer: Option<String>,
    /// Whether a list takes `page` and `per_page` and answers with `count`.
    #[serde(default = "yes")]
    pub paged: bool,
    /// Records a page when `per_page` is not given, where it is not the service's usual 100.
    #[serde(default)]
    pub per_page: Option<u32>,
    /// Query parameters it takes beside those of paging.
    #[serde(default)]
    pub filters: Vec<String>,
    /// The two filters that bound creation time, where they are not `created_start` and `created_end`.
    #[serde(default)]
    pub window: Option<[String; 2]>,
    /// Fields an update has to send again with the value they have.
    #[serde(default)]
    pub resend: Vec<String>,
    /// Whether it takes options of custom fields by their ids; by their texts otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub option_ids: bool,
    /// How sure it is that this endpoint exists so.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

fn yes() -> bool {
    true
}
