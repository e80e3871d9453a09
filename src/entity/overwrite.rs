//! What an update does where the account has another value already.

use serde::{Deserialize, Serialize};

/// What an update does where the account has another value already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overwrite {
    /// A value is written that somebody changed in the file; one that the file has from an export of ours and that nobody
    /// touched is not.
    #[default]
    Edited,
    /// Every value is written.
    Always,
    /// A value is written where the account has none.
    IfBlank,
    /// No value is written.
    Never,
    /// What a list has is added to what the account's has.
    Merge,
    /// What a list has is taken away from what the account's has.
    Remove,
}

impl Overwrite {
    /// Those a person can name.
    const NAMED: [(&'static str, Overwrite); 5] = [
        ("always", Overwrite::Always),
        ("if-blank", Overwrite::IfBlank),
        ("never", Overwrite::Never),
        ("merge", Overwrite::Merge),
        ("remove", Overwrite::Remove),
    ];

    /// Whether it is for lists alone.
    pub fn is_of_lists(self) -> bool {
        matches!(self, Overwrite::Merge | Overwrite::Remove)
    }

    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Overwrite> {
        Overwrite::NAMED.into_iter().find(|(known, _)| *known == name.trim()).map(|(_, overwrite)| overwrite)
    }

    /// Its name; none of what is done unless something else is said.
    pub fn name(self) -> Option<&'static str> {
        Overwrite::NAMED.into_iter().find(|(_, overwrite)| *overwrite == self).map(|(name, _)| name)
    }
}
