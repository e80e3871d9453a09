//! What the texts of a field look like, where its kind does not say it.

use serde::Deserialize;

/// What the texts of a field look like. Others wait for a person: they are mostly those of a column beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// What somebody is called, or a heading: no day, no number of nothing.
    Name,
    /// What an organisation is called: no telephone number and no address of mail either.
    Organization,
    /// A number of QQ, or another name in a chat: letters, digits and the signs between them.
    Account,
    /// An address on the web.
    Web,
    /// Where somebody is found by post.
    Address,
    /// A province, or what is like one in another country.
    Province,
    /// A city, or a part of one.
    City,
    /// What somebody works as.
    Position,
}
