//! What has changed since a run began.

use crate::journal::RunIdentity;
use crate::t;

/// What can change between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Target,
    Entity,
    Key,
    Input,
    Mapping,
    Catalog,
}

impl Change {
    pub(super) fn label(self) -> String {
        match self {
            Change::Target => t!("resume.target"),
            Change::Entity => t!("resume.entity"),
            Change::Key => t!("resume.key"),
            Change::Input => t!("resume.input"),
            Change::Mapping => t!("resume.mapping"),
            Change::Catalog => t!("resume.catalog"),
        }
        .into_owned()
    }
}

/// What is not as it was.
pub(super) fn changes(before: &RunIdentity, now: &RunIdentity) -> Vec<Change> {
    [
        (before.target != now.target, Change::Target),
        (before.entity != now.entity || before.mode != now.mode, Change::Entity),
        (before.key != now.key, Change::Key),
        (before.input != now.input, Change::Input),
        (before.mapping != now.mapping, Change::Mapping),
        // What records are known by is part of what is known of them here.
        (before.catalog != now.catalog && before.key == now.key, Change::Catalog),
    ]
    .into_iter()
    .filter_map(|(changed, what)| changed.then_some(what))
    .collect()
}
