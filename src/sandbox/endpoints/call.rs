//! One request on its way through the server: what was asked, and by whom.

use crate::sandbox::custom_fields::CustomFields;
use crate::sandbox::record_style::RecordStyle;
use crate::sandbox::routes::Route;
use crate::sandbox::variants::Variants;

/// One request to an endpoint, logged in and routed.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The endpoint it is for.
    pub route: &'a Route,
    /// The id in its path.
    pub id: Option<i64>,
    /// Its query parameters.
    pub query: Vec<(String, String)>,
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Its `Requestid`; empty when it has none.
    pub request_id: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// The switches in force.
    pub variants: &'a Variants,
    /// The account's custom fields.
    pub custom_fields: &'a CustomFields,
    /// Whether the main account is asking.
    pub is_main: bool,
}

impl Call<'_> {
    /// How records are written in its answer.
    pub(crate) fn record_style(&self) -> RecordStyle<'_> {
        RecordStyle {
            variants: self.variants,
            custom_fields: self.custom_fields,
            is_v2: self.route.is_v2,
            without_custom_fields: false,
        }
    }

    /// The value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
