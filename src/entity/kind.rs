//! The kinds of fields.

use serde::{Deserialize, Serialize};

/// What a field's text must look like, and how a spreadsheet should keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One line or more of text.
    Text,
    /// Text that may hold HTML.
    Html,
    /// Mobile number.
    Mobile,
    /// Any telephone number.
    Phone,
    /// Mail address.
    Email,
    /// Id of one record; digits.
    Id,
    /// Ids of several records, comma-separated.
    Ids,
    /// Whole number.
    Integer,
    /// Number with a fraction.
    Decimal,
    /// One of the field's choices.
    Choice,
    /// Day, `2018-02-03`.
    Date,
    /// Moment, `2018-02-03 00:00:00`, in the service's time zone.
    DateTime,
    /// Tag names, comma-separated.
    Tags,
}
