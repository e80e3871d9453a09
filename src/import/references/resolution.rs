//! Everything that references of rows are resolved with: what the lists have, what a person decided, and what is to be made.

use super::answers::{Answers, Decided, Given, column_key, exact_key_of, key_of};
use super::new_parent::{Made, NewParent};
use super::questions::Questions;
use super::reference::Reference;
use super::resolver::{Meant, Resolver, Unclear, Way};
use super::telling::operation_of;
use crate::entity::{AccountMode, Catalog, Entity, Requirement};
use crate::error::{Error, Result};
use crate::format::Content;
use crate::import::operation::{DraftWriter, Members, WriteOperation};
use crate::import::options::{ImportOptions, Missing};
use crate::import::spool::SpooledRow;
use crate::journal::Journal;
use crate::message;
use crate::message::{Detail, Message};
use crate::problem::Problem;
use crate::terminal::Printer;
use crate::text::clean;

/// Everything references are resolved with.
pub(super) struct Resolution<'w, 'a> {
    pub resolver: Resolver<'w, 'a>,
    /// Fields whose ids of another system tell nothing, as a person decided.
    pub passed_over: Vec<String>,
    pub catalog: &'w Catalog,
    /// Whether records are to be made that are not there.
    pub creates: bool,
    /// Those that were made.
    pub made: Option<&'w Made>,
    /// Which were made for which rows, to be written down.
    pub made_for: Vec<(Content, String)>,
    pub journal: Option<&'w Journal>,
    pub answers: Answers,
    /// What becomes of what is not there, by field.
    pub missing: Vec<(String, Missing)>,
    pub entity: &'w Entity,
    pub drafts: DraftWriter,
    pub account_mode: AccountMode,
    pub questions: &'w mut Questions,
    /// Whether a person is asked about what is not clear: not of a row that is held back.
    pub asks: bool,
}

/// What became of a reference of a row.
pub(super) enum Resolved {
    /// The row says nothing of it, or it stays empty.
    Nothing,
    /// Its id stands in the row now.
    Found {
        /// What the record is called.
        name: String,
        /// What there is to say of it.
        word: Option<Problem>,
    },
    /// It is to be made before the row.
    Awaits(NewParent),
    /// A person has to decide, or the list has to be read completely, or what is to be made first is not there yet.
    Waits,
    /// The row is not sent.
    Refused(Unclear),
}

impl<'a> Resolution<'_, 'a> {
    /// Notes the columns of whose ids none is known here and which a person has decided to pass over.
    pub(super) fn pass_over(&mut self, references: &[Reference<'a>], printer: &Printer) -> Result<()> {
        for reference in references {
            for source in reference.tells.iter().filter_map(|tell| tell.source.as_deref()) {
                let key = column_key(&reference.field, source);
                let given = self.answers.get(&key).filter(|given| given.decided == Decided::Others).cloned();
                if let Some(given) = given.filter(|_| self.resolver.is_strange(reference.entity, source)) {
                    let label = reference.labels.clone();
                    printer.say(&message!("lookup.passed_over", label = label, source = source).to_string());
                    self.keep_answer(&key, &given)?;
                    self.passed_over.push(reference.field.clone());
                }
            }
        }
        Ok(())
    }

    pub(super) fn resolve(&mut self, reference: &Reference<'a>, members: &mut Members) -> Result<Resolved> {
        if self.passed_over.contains(&reference.field) {
            reference.leave_out_old_ids(members);
        }
        match reference.is_list.then(|| reference.parts(members)) {
            Some(parts) if !parts.is_empty() => self.resolve_parts(reference, members, parts),
            _ => self.resolve_one(reference, members),
        }
    }

    /// Finds the record that each part of a list means.
    fn resolve_parts(
        &mut self,
        reference: &Reference<'a>,
        members: &mut Members,
        parts: Vec<Members>,
    ) -> Result<Resolved> {
        let (mut ids, mut names): (Vec<String>, Vec<String>) = Default::default();
        let (mut said, mut waits, mut refused) = (None, false, None);
        for mut part in parts {
            match self.resolve_one(reference, &mut part)? {
                Resolved::Nothing => {}
                Resolved::Found { name, word } => {
                    let id = part.value(&reference.field).unwrap_or_default();
                    if !ids.iter().any(|known| known == id) {
                        ids.push(id.to_owned());
                        names.push(name);
                    }
                    said = said.or(word);
                }
                Resolved::Awaits(_) | Resolved::Waits => waits = true,
                Resolved::Refused(unclear) => refused = refused.or(Some(unclear)),
            }
        }
        names.retain(|name| !name.is_empty());
        Ok(match refused {
            Some(unclear) => Resolved::Refused(unclear),
            None if waits => Resolved::Waits,
            None if ids.is_empty() => {
                reference.leave_out(members);
                Resolved::Nothing
            }
            None => put(reference, members, Meant { id: ids.join(","), name: names.join("、"), word: said }),
        })
    }

    fn resolve_one(&mut self, reference: &Reference<'a>, members: &mut Members) -> Result<Resolved> {
        let unclear = match self.resolver.find(reference, members)? {
            None => return Ok(Resolved::Nothing),
            Some(Ok(meant)) => match self.decided_otherwise(reference, members, &meant) {
                None => return Ok(put(reference, members, meant)),
                Some(unclear) => unclear,
            },
            Some(Err(unclear)) => unclear,
        };
        let said = reference.said(members);
        let (key, exact_key) = match unclear.way {
            Way::DecideColumn => {
                let key = column_key(&reference.field, reference.source_of(&unclear.member));
                (key.clone(), key)
            }
            _ => (key_of(&reference.field, &said), exact_key_of(&reference.field, &said)),
        };
        let may_be_blank = !self.is_required(reference);
        let given = self.answers.of(&key, &exact_key);
        if let Some(given) = given.cloned().filter(|_| unclear.way != Way::Correct) {
            match self.decided(reference, members, &given, (unclear.way, may_be_blank))? {
                // What was chosen once is not there any more.
                None => {}
                Some(resolved) => {
                    self.keep_answer(&key, &given)?;
                    if let (Resolved::Found { .. }, Some(id)) = (&resolved, members.value(&reference.field)) {
                        self.resolver.keep(&reference.field, &said, id);
                    }
                    return Ok(match resolved {
                        Resolved::Refused(refused) => Resolved::Refused(Unclear { text: unclear.text, ..refused }),
                        resolved => resolved,
                    });
                }
            }
        }
        let missing = self.missing.iter().find(|(field, _)| *field == reference.field).map(|(_, missing)| *missing);
        let parent = reference.new_parent(members, self.account_mode).filter(|_| unclear.way == Way::DecideMissing);
        match (unclear.way, missing) {
            (Way::Correct, _) | (Way::DecideMissing, Some(Missing::Refuse)) => Ok(Resolved::Refused(unclear)),
            (Way::DecideMissing, Some(Missing::Blank)) => {
                reference.leave_out(members);
                Ok(Resolved::Nothing)
            }
            (Way::Later, _) => Ok(Resolved::Waits),
            (Way::Decide | Way::DecideMissing | Way::DecideColumn, _) => match parent {
                Some(parent) if missing == Some(Missing::Create) => Ok(self.made(reference, members, parent)),
                parent => {
                    let may_be = (parent.is_some(), may_be_blank);
                    if self.asks {
                        let shown = match unclear.way {
                            Way::DecideColumn => reference.source_of(&unclear.member).to_owned(),
                            _ => reference.shown(members),
                        };
                        self.questions.ask(key, reference, &unclear, shown, may_be);
                    }
                    Ok(Resolved::Waits)
                }
            },
        }
    }

    /// Why the one record that a text tells of is not taken for the one that is meant: a person decided on another one. That
    /// one stands as long as it is there, whatever the account has come to have or lost since.
    fn decided_otherwise(&self, reference: &Reference<'a>, members: &Members, meant: &Meant) -> Option<Unclear> {
        if !self.answers.hold_ids() {
            return None;
        }
        let said = reference.said(members);
        let given = self.answers.of(&key_of(&reference.field, &said), &exact_key_of(&reference.field, &said))?;
        let is_other = matches!(&given.decided, Decided::Use(id) if *id != meant.id);
        is_other.then(|| Unclear {
            member: reference.tells[0].member.clone(),
            text: reference.shown(members),
            problem: Problem::new("decided_is_gone").with_detail("entity", reference.entity.labels()),
            way: Way::Decide,
            candidates: vec![(meant.id.clone(), format!("{} {}", meant.id, meant.name).trim_end().to_owned())],
        })
    }

    /// Keeps an answer of a workbook in the journal, once.
    fn keep_answer(&mut self, key: &str, given: &Given) -> Result<()> {
        let Some(journal) = self.journal.filter(|_| given.place.is_some()) else { return Ok(()) };
        journal.keep_decision(key, &given.decided.to_text())?;
        if let Some(own) = self.answers.given_before(key) {
            own.place = None;
        }
        Ok(())
    }

    /// A draft of which nothing is open any more becomes the request that it asks for: from here on it is read once more, and a
    /// request is read faster than a draft.
    pub(super) fn finish(&self, row: &mut SpooledRow) {
        if let Some(operation) = operation_of(row)
            && matches!(operation, WriteOperation::Draft(_))
            && !operation.is_unresolved()
        {
            let draft = std::mem::replace(operation, WriteOperation::Draft(Members::default()));
            *operation = self.drafts.finished(draft);
        }
    }

    /// The id of a record that was made; a row that refers to one that was not waits.
    fn made(&self, reference: &Reference<'a>, members: &mut Members, parent: NewParent) -> Resolved {
        let Some(made) = self.made else { return Resolved::Awaits(parent) };
        match made.get(&parent.key(reference.entity)) {
            Some((id, _)) => put(reference, members, Meant { id: id.to_owned(), name: parent.shown(), word: None }),
            None => Resolved::Waits,
        }
    }

    /// Notes which of the records that a row awaited were made for it.
    pub(super) fn note_made(&mut self, row: Content, awaited: &[NewParent], members: &Members) {
        let made = awaited.iter().filter_map(|parent| {
            let entity = self.catalog.get(&parent.entity)?;
            let (id, is_new) = self.made?.get(&parent.key(entity))?;
            let is_meant = is_new && members.value(&parent.field) == Some(id);
            is_meant.then(|| format!("{} {id} {}", parent.entity, parent.shown()))
        });
        let made: Vec<String> = made.collect();
        if !made.is_empty() {
            self.made_for.push((row, made.join("; ")));
        }
    }

    /// Does what a person decided; none when the record that was chosen before is not there any more, or what was to be made
    /// cannot be.
    fn decided(
        &mut self,
        reference: &Reference<'a>,
        members: &mut Members,
        given: &Given,
        (way, may_be_blank): (Way, bool),
    ) -> Result<Option<Resolved>> {
        match &given.decided {
            Decided::Create | Decided::Use(_) if way == Way::DecideColumn => {
                not_this(given, |place| message!("lookup.whole_column", place = place))
            }
            Decided::Others => not_this(given, |place| message!("lookup.no_column", place = place)),
            Decided::Create => {
                let parent = reference.new_parent(members, self.account_mode).filter(|_| way == Way::DecideMissing);
                match (parent, &given.place) {
                    (Some(parent), _) => Ok(Some(self.made(reference, members, parent))),
                    (None, None) => Ok(None),
                    (None, Some(place)) => Err(cannot_be_made(reference, place.clone())),
                }
            }
            Decided::Use(id) => match (self.resolver.chosen(reference, id)?, &given.place) {
                (Some(meant), place) => match given.miscalls(&meant.name) {
                    Some(said) => Err(is_called_otherwise(meant, said, place.clone().unwrap_or_default())),
                    None => Ok(Some(put(reference, members, meant))),
                },
                (None, None) => Ok(None),
                (None, Some(place)) => {
                    let entity = reference.entity.labels();
                    Err(Error::usage(message!("lookup.no_such_id", place = place.clone(), entity = entity, id = id))
                        .hint(message!("lookup.bad_answer_hint")))
                }
            },
            Decided::Blank if may_be_blank => {
                reference.leave_out(members);
                Ok(Some(Resolved::Nothing))
            }
            Decided::Blank => {
                let place = given.place.clone().unwrap_or_default();
                Err(Error::usage(message!("lookup.not_blank", place = place, label = reference.labels.clone()))
                    .hint(message!("lookup.bad_answer_hint")))
            }
            Decided::Refuse => Ok(Some(Resolved::Refused(Unclear {
                member: reference.tells[0].member.clone(),
                text: String::new(),
                problem: Problem::new("decided_not_to_send"),
                way: Way::Correct,
                candidates: Vec::new(),
            }))),
        }
    }

    fn is_required(&self, reference: &Reference<'_>) -> bool {
        let field = self.entity.field(&reference.field);
        field.is_some_and(|field| matches!(self.entity.requirement(field, self.account_mode), Requirement::Always(_)))
    }

    /// Writes down what texts were taken to mean, once there are so many.
    pub(super) fn keep(&mut self, least: usize) -> Result<()> {
        if let Some(journal) = self.journal.filter(|_| self.made_for.len() >= least) {
            journal.keep_made_first(&std::mem::take(&mut self.made_for))?;
        }
        match self.journal {
            Some(journal) if self.resolver.new.len() >= least => {
                journal.keep_references(&std::mem::take(&mut self.resolver.new))
            }
            Some(_) => Ok(()),
            None => {
                self.resolver.new.clear();
                Ok(())
            }
        }
    }
}

/// An answer that no such question has; one that was kept from before is asked for once more.
fn not_this(given: &Given, what: impl Fn(Message) -> Message) -> Result<Option<Resolved>> {
    match given.place.clone() {
        None => Ok(None),
        Some(place) => Err(Error::usage(what(place)).hint(message!("lookup.bad_answer_hint"))),
    }
}

fn put(reference: &Reference<'_>, members: &mut Members, meant: Meant) -> Resolved {
    reference.put(members, &meant.id);
    Resolved::Found { name: meant.name, word: meant.word }
}

fn is_called_otherwise(meant: Meant, said: &str, place: Message) -> Error {
    let (name, said) = (clean(&meant.name), clean(said));
    Error::usage(message!("lookup.called_otherwise", place = place, id = meant.id, name = name, said = said))
        .hint(message!("lookup.called_otherwise_hint"))
}

fn cannot_be_made(reference: &Reference<'_>, place: Message) -> Error {
    let entity = reference.entity.labels();
    Error::usage(message!("lookup.cannot_create", place = place, entity = entity))
        .hint(message!("lookup.cannot_create_hint", entity = entity))
}

/// What becomes of what is not there, by the names of fields.
pub(super) fn missing(options: &ImportOptions<'_>, references: &[Reference<'_>]) -> Result<Vec<(String, Missing)>> {
    let mut missing = Vec::new();
    for (name, what) in &options.references.missing {
        let is_meant = |reference: &&Reference<'_>| reference.is_called(name, options.entity());
        let Some(reference) = references.iter().find(is_meant) else {
            let known = references.iter().map(|reference| reference.labels.clone()).collect();
            return Err(Error::usage(message!("lookup.unknown_missing", name = name))
                .hint(message!("lookup.unknown_missing_hint", known = Detail::List(known))));
        };
        let field = options.entity().field(&reference.field);
        let is_required = field.is_some_and(|field| {
            let requirement = options.entity().requirement(field, options.preflight.account_mode);
            matches!(requirement, Requirement::Always(_))
        });
        if *what == Missing::Blank && is_required {
            let place = format!("--missing {name}");
            return Err(Error::usage(message!("lookup.not_blank", place = place, label = reference.labels.clone())));
        }
        if *what == Missing::Create && !reference.may_be_made(options.preflight.account_mode) {
            let place = message!("lookup.missing_place", name = name);
            return Err(cannot_be_made(reference, place));
        }
        missing.push((reference.field.clone(), *what));
    }
    Ok(missing)
}
