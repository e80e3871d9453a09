//! What becomes of a row now: a plain function of what is known of it.

use serde::{Deserialize, Serialize};

use super::memory::Said;
use crate::check::consent::{KEY_OF_ANOTHER, RECORD_GONE};
use crate::journal::{Operation, Status};
use crate::message::Message;
use crate::problem::Severity;

/// What the checks made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is provably no data.
    Skipped,
    /// It has mistakes.
    Refused,
    /// It may be right, and nobody has consented.
    Held,
    /// The same, for something that would not be sent: whatever the account has, a person has to see it.
    HeldInAnyCase,
    /// It can be sent.
    Sound,
}

/// How a row ended before, here or in another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PastEnd {
    /// How.
    pub status: Status,
    /// Its row number then.
    pub number: u64,
    /// How often its proved rejection was sent again; of one that was not sent, how often it will have been.
    pub generation: u32,
}

impl PastEnd {
    /// The end of an operation.
    pub(super) fn of(operation: &Operation) -> Self {
        PastEnd { status: operation.status, number: operation.row.number, generation: operation.row.generation }
    }

    /// How often its proved rejections will have been sent again when it is sent next. What is not sent now keeps it.
    pub(super) fn next_generation(self) -> u32 {
        self.generation + u32::from(self.status == Status::Failed)
    }

    /// Whether a row that ended so may be sent again.
    pub(super) fn is_open(self) -> bool {
        matches!(self.status, Status::Refused | Status::Held | Status::Failed)
    }
}

/// A row with the same natural key that was sent before the input changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyMatch {
    /// How it ended.
    pub end: PastEnd,
    /// Whether that row, as it was sent, is still in the input.
    pub is_in_input: bool,
}

/// What the account has of a row that is looked up there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum There {
    /// Provably no record with its key: it becomes a new one.
    New,
    /// The same, and it lacks what a new record has to say.
    Lacks,
    /// No more: somebody has deleted the record that the row became.
    Gone,
    /// The same, and a person says that it becomes a new one.
    Anew,
    /// Provably not the record that it is to change.
    Missing,
    /// Nobody knows: what was found is not all there is.
    Unproved,
    /// Several records, of which nobody can tell which is meant.
    Several,
    /// The record that the row names by its id, and the key that it is to get is that of another one.
    KeyOfAnother,
    /// A record that the row is not to change.
    Exists,
    /// A record that says all that the row says.
    Unchanged,
    /// A record that it changes.
    Changes,
    /// A record that an earlier row of the input changes: the row of this number.
    SameRecord(u64),
}

impl There {
    /// The code of a row that is not sent for it, and what that means for the row.
    pub(super) fn code(self) -> Option<(&'static str, Severity)> {
        match self {
            There::Missing => Some(("not_there", Severity::Refused)),
            There::Lacks => Some(("lacks_for_new", Severity::Refused)),
            There::SameRecord(_) => Some(("same_record", Severity::Refused)),
            There::Several => Some(("ambiguous", Severity::Held)),
            There::KeyOfAnother => Some((KEY_OF_ANOTHER, Severity::Held)),
            There::Unproved => Some(("list_not_whole", Severity::Held)),
            There::Gone => Some((RECORD_GONE, Severity::Held)),
            There::New | There::Anew | There::Exists | There::Unchanged | There::Changes => None,
        }
    }

    /// What can be done about a row that is not sent for a code of what the account has, and this reason.
    pub(super) fn way_on(code: &str, reason: &Message) -> Message {
        let code = match reason.code() {
            // Nothing was read: that a person takes it for whole would not help.
            "modes.cannot_look" => "cannot_look",
            "modes.cannot_look_up" => "cannot_look_up",
            _ => code,
        };
        Message::of_key(format!("modes.{code}_hint"), Vec::new())
    }

    /// Whether the account tells of its record, whatever runs remember of it.
    pub(super) fn is_known(self) -> bool {
        match self {
            There::Several | There::Exists | There::Unchanged | There::Changes | There::SameRecord(_) => true,
            There::Gone | There::Anew | There::KeyOfAnother => true,
            There::New | There::Lacks | There::Missing | There::Unproved => false,
        }
    }
}

/// What was found of a row in the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Matched {
    /// What the account has of it.
    pub there: There,
    /// The record it is about, or those that it may be about.
    pub ids: Vec<String>,
    /// Why it is held or refused, where it is.
    pub reason: Message,
}

/// What is known of a row when it is its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowFacts {
    /// What the checks made of it.
    pub checked: Checked,
    /// It has an end in this run.
    pub has_end: bool,
    /// The number of an earlier row of the input with its key.
    pub double_of: Option<u64>,
    /// What this run made of the same row before the input changed.
    pub earlier: Option<PastEnd>,
    /// What this run made, before the input changed, of a row with its key.
    pub earlier_key: Option<KeyMatch>,
    /// What another run made of it: one that retried rows of this one, or for a retry the first run and others like it.
    pub elsewhere: Option<PastEnd>,
    /// What other runs say of it, whatever their input was.
    pub remembered: Option<Said>,
    /// What the account has of it, where it is looked up there.
    pub there: Option<There>,
    /// A row that was done is sent all the same where it says something else now, as a change.
    pub changes_done: bool,
    /// A person consented to sending once more what may be meant so.
    pub may_be_sent_again: bool,
    /// For a retry: the number of another row with its key that the first run has sent.
    pub first_run_key: Option<u64>,
    /// For a retry: the number it names in the first run may be that of another row, as that run has taken a changed input as
    /// its own, and nothing else tells which row it is.
    pub has_old_number: bool,
}

/// What becomes of a row now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing: it has an end.
    Nothing,
    /// Its end from before the input changed stands.
    KeepEarlier,
    /// It is not for sending.
    Skip,
    /// Refused for its mistakes.
    RefuseMistakes,
    /// Refused: the row of this number in the input has its key.
    RefuseDouble(u64),
    /// Refused: the row of this number with its key was sent before.
    RefuseSentDouble(u64),
    /// Refused: nobody knows which row of the first run it is.
    RefuseOldNumber,
    /// It was edited since it was sent: it ends as that did, done or not known.
    Edited,
    /// Another run has taken care of it: it ends as it did there, done or not known.
    Elsewhere,
    /// It waits for a person's consent.
    Hold,
    /// It is done: another run sent it.
    SentBefore,
    /// Another run sent it, and it has changed in the other system since.
    ChangedSinceSent,
    /// Another run may have sent it.
    UnknownElsewhere,
    /// Refused: another run sent its key, by a row that says something else.
    RefuseSentKey,
    /// It waits for consent: a row that says the same was sent from another input.
    HoldSentBefore,
    /// It waits for consent: the account has a record with its key.
    HoldExisting,
    /// It waits for consent: a row with a weaker key of it was sent, and is likely the same.
    HoldLikelyDouble,
    /// It waits for a person to say which record is meant, or that the one it names is to get the key of another.
    HoldSeveral,
    /// It waits for a list that is proved whole.
    HoldUnproved,
    /// It waits for a person to say what becomes of it, as its record was deleted.
    HoldGone,
    /// Refused: the record that it is to change is not there.
    RefuseMissing,
    /// Refused: there is no record that it could change, and it lacks what a new one has to say.
    RefuseLacks,
    /// Refused: the row of this number changes the same record.
    RefuseSameRecord(u64),
    /// Its record is there already, and is left as it is.
    SkipExisting,
    /// Its record says all of it already.
    Unchanged,
    /// It is sent; a proved rejection under a new request id.
    Send {
        /// How often its proved rejection was sent again.
        generation: u32,
    },
}

/// Decides what becomes of a row.
///
/// What was sent stays sent, whatever the checks say of it now; a row in doubt stays in doubt. A key that was sent is never
/// sent by another row.
pub(super) fn decide(facts: &RowFacts) -> Decision {
    if facts.has_end {
        return Decision::Nothing;
    }
    if facts.checked == Checked::Skipped {
        return Decision::Skip;
    }
    if facts.earlier.is_some_and(|earlier| !earlier.is_open()) {
        return Decision::KeepEarlier;
    }
    // What is done to a record that is there is decided by that record, not by what was made once.
    let is_known = facts.there.is_some_and(There::is_known);
    if let Some(sent) = facts.earlier_key {
        // A row that was there beside the one that was sent is no edit of it, nor is one beside it now, nor the second one
        // that would be.
        match (facts.earlier.is_some() || sent.is_in_input, facts.double_of) {
            (true, _) => return Decision::RefuseSentDouble(sent.end.number),
            (false, Some(first)) => return Decision::RefuseDouble(first),
            (false, None) if !is_known => return Decision::Edited,
            (false, None) => {}
        }
    }
    let remembered = facts.remembered.filter(|_| !is_known);
    match remembered {
        Some(Said::Done | Said::Given) => return Decision::SentBefore,
        // It would be a change, and nobody knows whether its record is there.
        Some(Said::DoneAndChanged) if facts.changes_done && facts.there == Some(There::Unproved) => {}
        Some(Said::DoneAndChanged) => return Decision::ChangedSinceSent,
        Some(Said::Unknown) => return Decision::UnknownElsewhere,
        _ => {}
    }
    if facts.checked == Checked::Refused {
        return Decision::RefuseMistakes;
    }
    if let Some(first) = facts.double_of {
        return Decision::RefuseDouble(first);
    }
    if facts.has_old_number {
        return Decision::RefuseOldNumber;
    }
    if facts.elsewhere.is_some_and(|end| !end.is_open()) {
        return Decision::Elsewhere;
    }
    if let Some(first) = facts.first_run_key {
        return Decision::RefuseSentDouble(first);
    }
    match remembered {
        Some(Said::OnlyKey) => return Decision::RefuseSentKey,
        // The run that retried it does not tell it any more.
        Some(Said::Retried) => return Decision::HoldSentBefore,
        Some(Said::DoneInAnotherInput) if !facts.may_be_sent_again => return Decision::HoldSentBefore,
        Some(Said::ExistsInAccount) if !facts.may_be_sent_again => return Decision::HoldExisting,
        Some(Said::WeakerKey) if !facts.may_be_sent_again => return Decision::HoldLikelyDouble,
        _ => {}
    }
    match facts.there {
        Some(There::Missing) => return Decision::RefuseMissing,
        Some(There::Lacks) => return Decision::RefuseLacks,
        Some(There::SameRecord(first)) => return Decision::RefuseSameRecord(first),
        Some(There::Several | There::KeyOfAnother) => return Decision::HoldSeveral,
        Some(There::Unproved) => return Decision::HoldUnproved,
        Some(There::Gone) => return Decision::HoldGone,
        Some(There::Exists) => return Decision::SkipExisting,
        Some(There::Unchanged) if facts.checked != Checked::HeldInAnyCase => return Decision::Unchanged,
        Some(There::Unchanged) => {}
        Some(There::New | There::Anew | There::Changes) | None => {}
    }
    if matches!(facts.checked, Checked::Held | Checked::HeldInAnyCase) {
        return Decision::Hold;
    }
    let generation = facts.earlier.map_or(0, PastEnd::next_generation);
    Decision::Send { generation }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(checked: Checked) -> RowFacts {
        RowFacts {
            checked,
            has_end: false,
            double_of: None,
            earlier: None,
            earlier_key: None,
            elsewhere: None,
            remembered: None,
            there: None,
            changes_done: false,
            may_be_sent_again: false,
            first_run_key: None,
            has_old_number: false,
        }
    }

    fn end(status: Status) -> PastEnd {
        PastEnd { status, number: 7, generation: 2 }
    }

    fn sent(status: Status, is_in_input: bool) -> Option<KeyMatch> {
        Some(KeyMatch { end: end(status), is_in_input })
    }

    #[test]
    fn the_table() {
        use Decision::*;
        let sound = facts(Checked::Sound);
        let with_mistakes = facts(Checked::Refused);
        let skipped = facts(Checked::Skipped);
        let held = facts(Checked::Held);
        for (facts, decision) in [
            (sound, Send { generation: 0 }),
            (with_mistakes, RefuseMistakes),
            (skipped, Skip),
            (held, Hold),
            // An end in this run is the end, whatever else is known.
            (RowFacts { has_end: true, ..sound }, Nothing),
            (RowFacts { has_end: true, ..with_mistakes }, Nothing),
            (RowFacts { has_end: true, ..skipped }, Nothing),
            // What waits for consent is not sent, and what was sent stays sent.
            (RowFacts { has_end: true, ..held }, Nothing),
            (RowFacts { earlier: Some(end(Status::Created)), ..held }, KeepEarlier),
            (RowFacts { earlier: Some(end(Status::Held)), ..held }, Hold),
            (RowFacts { earlier: Some(end(Status::Held)), ..sound }, Send { generation: 2 }),
            (RowFacts { elsewhere: Some(end(Status::Created)), ..held }, Elsewhere),
            (RowFacts { elsewhere: Some(end(Status::Held)), ..held }, Hold),
            (RowFacts { double_of: Some(3), ..held }, RefuseDouble(3)),
            // What is there already is not sent, unless the row says more than what would be.
            (RowFacts { there: Some(There::Unchanged), ..held }, Unchanged),
            (RowFacts { there: Some(There::Unchanged), ..facts(Checked::HeldInAnyCase) }, Hold),
            (RowFacts { there: Some(There::Exists), ..facts(Checked::HeldInAnyCase) }, SkipExisting),
            (facts(Checked::HeldInAnyCase), Hold),
            // What this run made of the row before the input changed.
            (RowFacts { earlier: Some(end(Status::Created)), ..sound }, KeepEarlier),
            (RowFacts { earlier: Some(end(Status::Updated)), ..with_mistakes }, KeepEarlier),
            (RowFacts { earlier: Some(end(Status::Skipped)), ..sound }, KeepEarlier),
            (RowFacts { earlier: Some(end(Status::Unknown)), ..sound }, KeepEarlier),
            (RowFacts { earlier: Some(end(Status::Failed)), ..sound }, Send { generation: 3 }),
            (RowFacts { earlier: Some(end(Status::Refused)), ..sound }, Send { generation: 2 }),
            (RowFacts { earlier: Some(end(Status::Failed)), ..with_mistakes }, RefuseMistakes),
            (RowFacts { earlier: Some(end(Status::Created)), ..skipped }, Skip),
            // Its key was sent by a row that is gone: edited; by one that is there: a double.
            (RowFacts { earlier_key: sent(Status::Created, false), ..sound }, Edited),
            (RowFacts { earlier_key: sent(Status::Unknown, false), ..with_mistakes }, Edited),
            (RowFacts { earlier_key: sent(Status::Created, false), double_of: Some(3), ..sound }, RefuseDouble(3)),
            (RowFacts { earlier_key: sent(Status::Created, true), ..sound }, RefuseSentDouble(7)),
            (RowFacts { earlier_key: sent(Status::Unknown, true), ..sound }, RefuseSentDouble(7)),
            (
                RowFacts { earlier: Some(end(Status::Refused)), earlier_key: sent(Status::Created, false), ..sound },
                RefuseSentDouble(7),
            ),
            (
                RowFacts { earlier: Some(end(Status::Failed)), earlier_key: sent(Status::Created, false), ..sound },
                RefuseSentDouble(7),
            ),
            (
                RowFacts { earlier: Some(end(Status::Created)), earlier_key: sent(Status::Created, true), ..sound },
                KeepEarlier,
            ),
            // Doubles in the input.
            (RowFacts { double_of: Some(3), ..sound }, RefuseDouble(3)),
            (RowFacts { double_of: Some(3), ..with_mistakes }, RefuseMistakes),
            (RowFacts { double_of: Some(3), earlier: Some(end(Status::Created)), ..sound }, KeepEarlier),
            (RowFacts { double_of: Some(3), elsewhere: Some(end(Status::Created)), ..sound }, RefuseDouble(3)),
            // What other runs made of it.
            (RowFacts { elsewhere: Some(end(Status::Created)), ..sound }, Elsewhere),
            (RowFacts { elsewhere: Some(end(Status::Unknown)), ..sound }, Elsewhere),
            (RowFacts { elsewhere: Some(end(Status::Failed)), ..sound }, Send { generation: 0 }),
            (RowFacts { elsewhere: Some(end(Status::Created)), ..with_mistakes }, RefuseMistakes),
            (RowFacts { has_old_number: true, elsewhere: Some(end(Status::Created)), ..sound }, RefuseOldNumber),
            (RowFacts { has_old_number: true, earlier: Some(end(Status::Created)), ..sound }, KeepEarlier),
            // What other runs say, whatever their input was.
            (RowFacts { remembered: Some(Said::Done), ..sound }, SentBefore),
            (RowFacts { remembered: Some(Said::Done), ..with_mistakes }, SentBefore),
            (RowFacts { remembered: Some(Said::Done), ..held }, SentBefore),
            (RowFacts { remembered: Some(Said::Done), double_of: Some(3), ..sound }, SentBefore),
            (RowFacts { remembered: Some(Said::Done), earlier: Some(end(Status::Created)), ..sound }, KeepEarlier),
            (RowFacts { remembered: Some(Said::Done), has_end: true, ..sound }, Nothing),
            (RowFacts { remembered: Some(Said::Done), ..skipped }, Skip),
            // What is known by its old id, whatever else stands in the row.
            (RowFacts { remembered: Some(Said::DoneAndChanged), ..sound }, ChangedSinceSent),
            (RowFacts { remembered: Some(Said::DoneAndChanged), ..with_mistakes }, ChangedSinceSent),
            (RowFacts { remembered: Some(Said::DoneAndChanged), double_of: Some(3), ..sound }, ChangedSinceSent),
            (RowFacts { remembered: Some(Said::Given), ..held }, SentBefore),
            (RowFacts { remembered: Some(Said::Given), ..skipped }, Skip),
            (RowFacts { remembered: Some(Said::Unknown), ..sound }, UnknownElsewhere),
            (RowFacts { remembered: Some(Said::OnlyKey), ..sound }, RefuseSentKey),
            (RowFacts { remembered: Some(Said::OnlyKey), ..with_mistakes }, RefuseMistakes),
            (RowFacts { remembered: Some(Said::OnlyKey), ..held }, RefuseSentKey),
            (RowFacts { remembered: Some(Said::OnlyKey), elsewhere: Some(end(Status::Created)), ..sound }, Elsewhere),
            (RowFacts { remembered: Some(Said::DoneInAnotherInput), ..sound }, HoldSentBefore),
            (
                RowFacts { remembered: Some(Said::DoneInAnotherInput), may_be_sent_again: true, ..sound },
                Send { generation: 0 },
            ),
            (RowFacts { remembered: Some(Said::DoneInAnotherInput), may_be_sent_again: true, ..held }, Hold),
            (RowFacts { remembered: Some(Said::WeakerKey), ..sound }, HoldLikelyDouble),
            (RowFacts { remembered: Some(Said::WeakerKey), may_be_sent_again: true, ..sound }, Send { generation: 0 }),
            (
                RowFacts { remembered: Some(Said::WeakerKey), there: Some(There::Changes), ..sound },
                Send { generation: 0 },
            ),
            // What the account has, as far as no run explains it.
            (RowFacts { remembered: Some(Said::ExistsInAccount), ..sound }, HoldExisting),
            (RowFacts { remembered: Some(Said::ExistsInAccount), ..held }, HoldExisting),
            (RowFacts { remembered: Some(Said::ExistsInAccount), ..with_mistakes }, RefuseMistakes),
            (RowFacts { remembered: Some(Said::ExistsInAccount), double_of: Some(3), ..sound }, RefuseDouble(3)),
            (
                RowFacts { remembered: Some(Said::ExistsInAccount), elsewhere: Some(end(Status::Created)), ..sound },
                Elsewhere,
            ),
            (
                RowFacts { remembered: Some(Said::ExistsInAccount), may_be_sent_again: true, ..sound },
                Send { generation: 0 },
            ),
            // What the account has of a row that is looked up there.
            (RowFacts { there: Some(There::New), ..sound }, Send { generation: 0 }),
            (RowFacts { there: Some(There::Changes), ..sound }, Send { generation: 0 }),
            (RowFacts { there: Some(There::Unchanged), ..sound }, Unchanged),
            (RowFacts { there: Some(There::Exists), ..sound }, SkipExisting),
            (RowFacts { there: Some(There::Several), ..sound }, HoldSeveral),
            (RowFacts { there: Some(There::Unproved), ..sound }, HoldUnproved),
            (RowFacts { there: Some(There::Missing), ..sound }, RefuseMissing),
            (RowFacts { there: Some(There::Lacks), ..sound }, RefuseLacks),
            (RowFacts { there: Some(There::SameRecord(3)), ..sound }, RefuseSameRecord(3)),
            // Mistakes and doubles first; what is not sent needs no consent.
            (RowFacts { there: Some(There::Changes), ..with_mistakes }, RefuseMistakes),
            (RowFacts { there: Some(There::Changes), ..held }, Hold),
            (RowFacts { there: Some(There::Unchanged), ..with_mistakes }, RefuseMistakes),
            (RowFacts { there: Some(There::Unchanged), ..held }, Unchanged),
            (RowFacts { there: Some(There::Exists), ..held }, SkipExisting),
            (RowFacts { there: Some(There::Unchanged), double_of: Some(3), ..sound }, RefuseDouble(3)),
            (RowFacts { there: Some(There::Changes), has_end: true, ..sound }, Nothing),
            (RowFacts { there: Some(There::Changes), ..skipped }, Skip),
            (RowFacts { there: Some(There::Changes), earlier: Some(end(Status::Updated)), ..sound }, KeepEarlier),
            (
                RowFacts { there: Some(There::Changes), earlier: Some(end(Status::Failed)), ..sound },
                Send { generation: 3 },
            ),
            // One that was deleted is neither done nor new, until a person says so.
            (RowFacts { there: Some(There::Gone), remembered: Some(Said::Done), ..sound }, HoldGone),
            (RowFacts { there: Some(There::Gone), remembered: Some(Said::OnlyKey), ..sound }, HoldGone),
            (RowFacts { there: Some(There::Gone), remembered: Some(Said::Done), ..with_mistakes }, RefuseMistakes),
            (RowFacts { there: Some(There::Gone), double_of: Some(3), ..sound }, RefuseDouble(3)),
            (RowFacts { there: Some(There::Anew), remembered: Some(Said::Done), ..sound }, Send { generation: 0 }),
            (RowFacts { there: Some(There::Anew), remembered: Some(Said::Done), ..held }, Hold),
            // A record that is there is changed, whoever made it; one that is not is made once.
            (RowFacts { there: Some(There::Changes), remembered: Some(Said::Done), ..sound }, Send { generation: 0 }),
            (
                RowFacts { there: Some(There::Changes), remembered: Some(Said::OnlyKey), ..sound },
                Send { generation: 0 },
            ),
            (
                RowFacts { there: Some(There::Changes), remembered: Some(Said::Unknown), ..sound },
                Send { generation: 0 },
            ),
            (RowFacts { there: Some(There::Unchanged), remembered: Some(Said::Unknown), ..sound }, Unchanged),
            (RowFacts { there: Some(There::New), remembered: Some(Said::Done), ..sound }, SentBefore),
            (RowFacts { there: Some(There::New), remembered: Some(Said::Unknown), ..sound }, UnknownElsewhere),
            (RowFacts { there: Some(There::New), remembered: Some(Said::OnlyKey), ..sound }, RefuseSentKey),
            (RowFacts { there: Some(There::Unproved), remembered: Some(Said::Done), ..sound }, SentBefore),
            // What is changed since is a change: it waits for a list, unless nothing that is there is changed.
            (
                RowFacts {
                    there: Some(There::Unproved),
                    remembered: Some(Said::DoneAndChanged),
                    changes_done: true,
                    ..sound
                },
                HoldUnproved,
            ),
            (
                RowFacts { there: Some(There::Unproved), remembered: Some(Said::DoneAndChanged), ..sound },
                ChangedSinceSent,
            ),
            (
                RowFacts { there: Some(There::Changes), earlier_key: sent(Status::Created, false), ..sound },
                Send { generation: 0 },
            ),
            (RowFacts { there: Some(There::New), earlier_key: sent(Status::Created, false), ..sound }, Edited),
            (
                RowFacts { there: Some(There::Changes), earlier_key: sent(Status::Created, true), ..sound },
                RefuseSentDouble(7),
            ),
            (RowFacts { first_run_key: Some(5), ..sound }, RefuseSentDouble(5)),
            (RowFacts { first_run_key: Some(5), elsewhere: Some(end(Status::Created)), ..sound }, Elsewhere),
        ] {
            assert_eq!(decide(&facts), decision, "{facts:?}");
        }
    }

    /// Everything that can be known of a row, in all combinations.
    fn all() -> Vec<RowFacts> {
        let ends = || std::iter::once(None).chain(Status::ALL.map(|status| Some(end(status))));
        let said = || Said::ALL.into_iter().map(Some).chain([None]);
        let theres =
            || [There::New, There::Unproved, There::Unchanged, There::Changes].into_iter().map(Some).chain([None]);
        let numbers = [None, Some(3)];
        let mut all = Vec::new();
        for checked in [Checked::Skipped, Checked::Refused, Checked::Held, Checked::Sound] {
            for (has_end, has_old_number, double_of, first_run_key) in [false, true].into_iter().flat_map(|e| {
                [false, true]
                    .into_iter()
                    .flat_map(move |o| numbers.into_iter().flat_map(move |d| numbers.map(|f| (e, o, d, f))))
            }) {
                for earlier in ends() {
                    let known = || {
                        ends()
                            .flat_map(|end| said().flat_map(move |said| theres().map(move |there| (end, said, there))))
                    };
                    for (elsewhere, remembered, there) in known() {
                        for earlier_key in [
                            None,
                            sent(Status::Created, true),
                            sent(Status::Unknown, false),
                            sent(Status::Created, false),
                        ] {
                            all.extend([false, true].map(|changes_done| RowFacts {
                                checked,
                                has_end,
                                double_of,
                                earlier,
                                earlier_key,
                                elsewhere,
                                remembered,
                                there,
                                changes_done,
                                may_be_sent_again: false,
                                first_run_key,
                                has_old_number,
                            }));
                        }
                    }
                }
            }
        }
        all
    }

    #[test]
    fn whatever_is_known_nothing_is_sent_twice_and_no_mistake_is_sent() {
        for facts in all() {
            let decision = decide(&facts);
            let was_sent = |end: Option<PastEnd>| end.is_some_and(|end| !end.is_open());
            if let Decision::Send { generation } = decision {
                assert!(facts.checked == Checked::Sound && !facts.has_end, "{facts:?}");
                assert!(!was_sent(facts.earlier) && !was_sent(facts.elsewhere), "{facts:?}");
                assert!(facts.double_of.is_none(), "{facts:?}");
                let is_change = facts.there == Some(There::Changes);
                assert!(is_change || matches!(facts.there, None | Some(There::New)), "{facts:?}");
                assert!(is_change || facts.earlier_key.is_none(), "{facts:?}");
                assert!(facts.first_run_key.is_none() && !facts.has_old_number, "{facts:?}");
                assert!(is_change || facts.remembered.is_none(), "{facts:?}");
                let was_rejected = facts.earlier.is_some_and(|end| end.status == Status::Failed);
                assert_eq!(
                    generation > facts.earlier.map_or(0, |end| end.generation),
                    was_rejected,
                    "a request id is new only after a proved rejection: {facts:?}"
                );
            }
            if was_sent(facts.earlier) && facts.checked != Checked::Skipped && !facts.has_end {
                assert_eq!(decision, Decision::KeepEarlier, "what was sent stays sent: {facts:?}");
            }
        }
    }
}
