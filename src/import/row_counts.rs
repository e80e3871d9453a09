//! What the rows come to that are to be sent, counted before anything is.

use serde_json::{Value, json};

use super::decision::There;
use super::forecast::Would;
use super::options::ImportOptions;
use super::preflight::Preflight;
use crate::check::findings::Findings;
use crate::entity::WriteMode;
use crate::message;
use crate::message::Message;
use crate::text::grouped;

/// How many of the rows that are to be sent come to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Rows that become new records.
    pub new: u64,
    /// Rows that change records, …
    pub changes: u64,
    /// … or of which some may change nothing: so many.
    pub unclear: u64,
    /// Rows whose records say all of it already.
    pub unchanged: u64,
    /// Rows of which nothing is written, because somebody changed their records since.
    pub kept: u64,
    /// Rows whose records are there and left as they are.
    pub exists: u64,
    /// Rows that were made by earlier runs, and whose records are not there.
    pub remembered: u64,
    /// Rows that wait for a person or for a whole list.
    pub held: u64,
    /// Rows that are refused for what the account has.
    pub refused: u64,
    /// Rows that would be held back for what they say, and are not sent anyway.
    pub spared: u64,
}

impl Plan {
    /// Rows that are sent.
    pub(super) fn sent(&self) -> u64 {
        self.new + self.changes
    }

    /// It in words, with what the first reading refused and held back.
    pub(super) fn words(&self, options: &ImportOptions<'_>, preflight: &Preflight) -> Message {
        let Plan { new, changes, unchanged, exists, unclear, .. } = *self;
        let (new, unchanged, exists) = (grouped(new), grouped(unchanged), grouped(exists));
        let changes = match unclear {
            0 => Message::from(grouped(changes)),
            _ => message!("modes.plan_at_most", rows = grouped(changes), unclear = grouped(unclear)),
        };
        let done = match options.preflight.mode {
            _ if options.changes_records() => message!("modes.plan_update", changes = changes, unchanged = unchanged),
            WriteMode::Create | WriteMode::SkipExisting => message!("modes.plan_skip", new = new, exists = exists),
            WriteMode::Update => message!("modes.plan_update", changes = changes, unchanged = unchanged),
            WriteMode::Upsert => {
                message!("modes.plan_upsert", new = new, changes = changes, unchanged = unchanged)
            }
        };
        let Findings { refused, held, .. } = preflight.findings;
        let (refused, held) = (refused + self.refused, held.saturating_sub(self.spared) + self.held);
        let more = [
            (refused, message!("modes.plan_refused", rows = grouped(refused))),
            (held, message!("modes.plan_held", rows = grouped(held))),
            (preflight.waiting, message!("modes.plan_waiting", rows = grouped(preflight.waiting))),
            (self.remembered, message!("modes.plan_remembered", rows = grouped(self.remembered))),
            (self.kept, message!("modes.plan_kept", rows = grouped(self.kept))),
        ];
        let more = more.into_iter().filter(|(rows, _)| *rows > 0).map(|(_, message)| message);
        Message::joined("modes.plan_and", std::iter::once(done).chain(more)).unwrap_or_default()
    }

    /// It for scripts.
    pub(super) fn json(&self) -> Value {
        json!({"create": self.new, "update": self.changes, "update_unclear": self.unclear, "unchanged": self.unchanged, "kept": self.kept, "exists": self.exists,
            "sent_before": self.remembered, "held": self.held, "refused": self.refused})
    }

    /// Takes one more row.
    pub(super) fn add(&mut self, there: There, would: &Would) {
        self.unclear += u64::from(there == There::Changes && *would == Would::MayWrite);
        *match there {
            There::New | There::Anew => &mut self.new,
            There::Changes => match would {
                Would::Write | Would::MayWrite => &mut self.changes,
                Would::Keep => &mut self.kept,
                Would::Done => &mut self.remembered,
                Would::Ask(_) => &mut self.held,
                Would::Deleted(_) | Would::NotThere(_) | Would::NotShown(_) => &mut self.refused,
            },
            There::Unchanged => &mut self.unchanged,
            There::Exists => &mut self.exists,
            There::Several | There::KeyOfAnother | There::Unproved | There::Gone => &mut self.held,
            There::Missing | There::Lacks | There::SameRecord(_) => &mut self.refused,
        } += 1;
    }
}
