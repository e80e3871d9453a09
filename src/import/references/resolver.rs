//! Finds the record that a row means in the account's lists. What tells most decides; all else that the row says of the record
//! has to agree with it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::reference::{Reference, Tell};
use crate::api::as_text;
use crate::check::duplicates::{each_value, is_same_key_value};
use crate::entity::{Entity, Kind};
use crate::error::Result;
use crate::format::{Cell, CellKind};
use crate::import::operation::Members;
use crate::journal::{Journal, KnownReference, OldIds, StrangeIds};
use crate::lookup::{KnownList, ListProof, Lists};
use crate::message::Detail;
use crate::problem::Problem;
use crate::text::{clean, shorten};
use crate::value::foreign_id;

/// What rows said before that is kept at hand, some 250 bytes each; beyond it, it is looked up again, which costs ten times as
/// much. A large account has a hundred thousand customers.
const AT_HAND: usize = 1 << 17;
/// A text with so many digits may be a telephone number.
const DIGITS_OF_NUMBER: usize = 7;
/// Candidates that are named.
const NAMED: usize = 5;
/// Most characters of a word of the account that is shown.
const SHOWN: usize = 40;

/// What became of a reference of a row.
pub(super) type Found = std::result::Result<Meant, Unclear>;

/// The record that is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Meant {
    /// The id.
    pub id: String,
    /// What it is called; empty where that is not known.
    pub name: String,
    /// The id stands as the row has it: there is no list to compare it with.
    pub word: Option<Problem>,
}

/// Why it is not clear which record is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclear {
    /// What tells of it.
    pub member: String,
    /// What it says.
    pub text: String,
    /// What is wrong.
    pub problem: Problem,
    /// What can be done about it.
    pub way: Way,
    /// Records that may be meant: ids, and what tells them apart.
    pub candidates: Vec<(String, String)>,
}

/// What can be done about a reference that is not clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing here: the row contradicts itself, or names an id that is not there.
    Correct,
    /// A person decides.
    Decide,
    /// The account does not have it: a person decides, or has decided for all such rows.
    DecideMissing,
    /// Nothing is known here of any id of its column: a person decides about the column.
    DecideColumn,
    /// The list has to be read completely, some other time.
    Later,
}

/// Finds records for the references of rows.
pub(super) struct Resolver<'l, 'a> {
    lists: &'l mut Lists<'a>,
    /// The ids that records have in another system, where rows name records by them.
    old_ids: Option<OldIds>,
    /// Systems of whose ids none is known here, each with the entity that they are of.
    strange: Vec<(String, String)>,
    /// The run, which keeps what texts were taken to mean.
    journal: Option<&'l Journal>,
    /// What is to be kept there.
    pub new: Vec<KnownReference>,
    known: HashMap<String, Rc<KnownList<'a>>>,
    at_hand: HashMap<(String, String), Found>,
    /// Whether the service shows the records that a person chose, by entity and id.
    shown: HashMap<(String, String), bool>,
}

impl<'l, 'a> Resolver<'l, 'a> {
    /// A resolver that has looked for nothing yet.
    ///
    /// # Errors
    /// A damaged index.
    pub(super) fn new(
        lists: &'l mut Lists<'a>,
        references: &[Reference<'a>],
        old_ids: Option<OldIds>,
        journal: Option<&'l Journal>,
    ) -> Result<Self> {
        let mut strange = Vec::new();
        for reference in references {
            for source in reference.tells.iter().filter_map(|tell| tell.source.as_ref()) {
                let entity = &reference.entity.name;
                if let Some(old_ids) = &old_ids
                    && !old_ids.has_any(entity, source)?
                {
                    strange.push((entity.clone(), source.clone()));
                }
            }
        }
        Ok(Resolver {
            lists,
            old_ids,
            strange,
            journal,
            new: Vec::new(),
            known: HashMap::new(),
            at_hand: HashMap::new(),
            shown: HashMap::new(),
        })
    }

    /// Whether no id is known here that the records have in that system.
    pub(super) fn is_strange(&self, entity: &Entity, source: &str) -> bool {
        self.strange.iter().any(|(known, system)| *known == entity.name && system == source)
    }

    /// The record that a row means by a reference; none when it says nothing of it.
    ///
    /// # Errors
    /// A list that cannot be read now.
    pub(super) fn find(&mut self, reference: &Reference<'a>, members: &Members) -> Result<Option<Found>> {
        let told = reference.told(members);
        if told.is_empty() {
            return Ok(None);
        }
        let key = (reference.field.clone(), reference.said(members));
        if let Some(found) = self.at_hand.get(&key) {
            return Ok(Some(found.clone()));
        }
        let found = match reference.is_subject {
            true => self.subject(reference, &told)?,
            false => {
                let list = self.list(reference)?;
                match self.as_before(&list, &key.0, &key.1)? {
                    Some(meant) => Ok(meant),
                    None => self.look_up(reference, &list, &told)?,
                }
            }
        };
        if let Ok(meant) = &found {
            self.keep(&key.0, &key.1, &meant.id);
        }
        if self.at_hand.len() >= AT_HAND {
            self.at_hand.clear();
        }
        self.at_hand.insert(key, found.clone());
        Ok(Some(found))
    }

    /// Looks for a record, first by the id that it has in another system: one that is known is the record's id here.
    fn look_up(&self, reference: &Reference<'_>, list: &KnownList<'_>, told: &[(&Tell, &str)]) -> Result<Found> {
        let is_old_id = |(tell, _): &&(&Tell, &str)| tell.source.is_some();
        let (Some(old_ids), Some((tell, text))) = (&self.old_ids, told.iter().find(is_old_id)) else {
            return one(list, told);
        };
        let others: Vec<(&Tell, &str)> = told.iter().filter(|told| !is_old_id(told)).copied().collect();
        let source = tell.source.as_deref().unwrap_or_default();
        let old_id = foreign_id(Cell { text, kind: CellKind::Text }).unwrap_or_default();
        match old_ids.find(&reference.entity.name, source, &old_id)? {
            Some(id) => {
                let own = tell.of_id();
                let told: Vec<(&Tell, &str)> = std::iter::once((&own, id.as_str())).chain(others).collect();
                one(list, &told)
            }
            None if others.is_empty() => one(list, told),
            // The id of this service says it as well, and zeros are how other systems say "none".
            None if others.iter().any(|(other, _)| other.member == reference.field)
                || old_id.bytes().all(|byte| byte == b'0') =>
            {
                one(list, &others)
            }
            None => self.unknown(list, (tell, text), &others),
        }
    }

    /// The record that a row changes and names by its id in another system.
    fn subject(&self, reference: &Reference<'_>, told: &[(&Tell, &str)]) -> Result<Found> {
        let Some((tell, old_id)) = told.first() else { return Ok(Ok(Meant::default())) };
        let source = tell.source.as_deref().unwrap_or_default();
        let known =
            self.old_ids.as_ref().map(|known| known.find(&reference.entity.name, source, old_id)).transpose()?;
        if let Some(id) = known.flatten() {
            return Ok(Ok(Meant { id, name: String::new(), word: None }));
        }
        let problem = Problem::new("old_id_unknown").with("source", source);
        let problem = problem.with_detail("entity", reference.entity.labels());
        let (member, text) = (tell.member.clone(), (*old_id).to_owned());
        Ok(Err(Unclear { member, text, problem, way: Way::DecideMissing, candidates: Vec::new() }))
    }

    /// Old ids that are known from accounts alone of which nobody has said whether they are this one.
    pub(super) fn strangers(&self) -> Vec<StrangeIds> {
        self.old_ids.as_ref().map(OldIds::strangers).unwrap_or_default()
    }

    /// A record whose id in another system is not known here: what else the row says may be of another record that shares it,
    /// and is a candidate.
    fn unknown(&self, list: &KnownList<'_>, (tell, text): (&Tell, &str), others: &[(&Tell, &str)]) -> Result<Found> {
        let candidates = match one(list, others)? {
            Err(unclear) if unclear.way == Way::Correct => return Ok(Err(unclear)),
            Err(unclear) => unclear.candidates,
            Ok(meant) => match list.record(&meant.id)? {
                Some(record) => {
                    let candidate = Candidate { id: meant.id.clone(), record };
                    vec![(meant.id, described(list.entity, &candidate))]
                }
                None => Vec::new(),
            },
        };
        let source = tell.source.as_deref().unwrap_or_default();
        let is_strange = self.is_strange(list.entity, source);
        let code = if is_strange { "old_ids_strange" } else { "old_id_unknown" };
        let problem = Problem::new(code).with("source", source).with_detail("entity", list.entity.labels());
        let way = if is_strange { Way::DecideColumn } else { Way::DecideMissing };
        let (member, text) = (tell.member.clone(), text.to_owned());
        Ok(Err(Unclear { member, text, problem, way, candidates }))
    }

    /// Notes what a text was taken to mean.
    pub(super) fn keep(&mut self, field: &str, said: &str, id: &str) {
        self.new.push(KnownReference { field: field.to_owned(), said: said.to_owned(), id: id.to_owned() });
    }

    /// The record of an id, as one that a person chose; none when it is not there. Where nobody can look, the id stands.
    ///
    /// # Errors
    /// A list that cannot be read now.
    pub(super) fn chosen(&mut self, reference: &Reference<'a>, id: &str) -> Result<Option<Meant>> {
        if reference.is_subject {
            let key = (reference.entity.name.clone(), id.to_owned());
            let is_there = match self.shown.get(&key) {
                Some(is_there) => *is_there,
                None => self.lists.gives(reference.entity, id)?,
            };
            self.shown.insert(key, is_there);
            return Ok(is_there.then(|| Meant { id: id.to_owned(), ..Meant::default() }));
        }
        let list = self.list(reference)?;
        let name = match list.record(id)? {
            Some(record) => name_of(list.entity, &record),
            None if list.proof.is_whole() => return Ok(None),
            None => String::new(),
        };
        Ok(Some(Meant { id: id.to_owned(), name, word: None }))
    }

    /// What the rows of this run that said the same were taken to mean, as long as that is there: a text does not come to mean
    /// another record while a run goes on.
    fn as_before(&self, list: &KnownList<'_>, field: &str, said: &str) -> Result<Option<Meant>> {
        let Some(journal) = self.journal else { return Ok(None) };
        let Some(id) = journal.reference(field, said)? else { return Ok(None) };
        let name = list.record(&id)?.map(|record| name_of(list.entity, &record));
        Ok(name.map(|name| Meant { id, name, word: None }))
    }

    fn list(&mut self, reference: &Reference<'a>) -> Result<Rc<KnownList<'a>>> {
        let entity = reference.entity;
        if let Some(list) = self.known.get(&entity.name) {
            return Ok(Rc::clone(list));
        }
        let list = self.lists.of(entity)?;
        // All that records are known by is found in one reading.
        let sets: Vec<[&str; 1]> = entity.known_by.iter().map(|key| [key.as_str()]).collect();
        list.index(&sets.iter().map(|set| &set[..]).collect::<Vec<_>>())?;
        self.known.insert(entity.name.clone(), Rc::clone(&list));
        Ok(list)
    }
}

/// Codes of rows that are refused for what the account has or lacks, or for an old id that no run has made a record of: that may
/// change.
pub(in crate::import) const NOT_YET: [&str; 5] =
    ["no_such_record", "ambiguous_record", "record_disagrees", "not_there", "old_id_unknown"];

/// The one record that all of this tells of.
fn one(list: &KnownList<'_>, told: &[(&Tell, &str)]) -> Result<Found> {
    let [(first, text), others @ ..] = told else {
        return Ok(Ok(Meant::default()));
    };
    // That is how a list of ids, or an export, says "none".
    if first.key.is_none() && *text == "0" {
        return Ok(Ok(Meant { id: (*text).to_owned(), name: String::new(), word: None }));
    }
    let is_id = first.key.is_none() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unclear = |problem: Problem| {
        let problem = problem.with_detail("entity", list.entity.labels());
        let way = match problem.code {
            "ambiguous_record" | "name_not_looked_up" => Way::Decide,
            "no_such_record" if !is_id => Way::DecideMissing,
            "record_unproved" => Way::Later,
            _ => Way::Correct,
        };
        let (member, text) = (first.member.clone(), (*text).to_owned());
        Ok(Err(Unclear { member, text, problem, way, candidates: Vec::new() }))
    };
    if let ListProof::CannotBeHad(why) = &list.proof {
        return match is_id {
            true => {
                let word = Problem::word("id_not_looked_up").with_detail("entity", list.entity.labels());
                let word = word.with_detail("why", why.clone().into());
                Ok(Ok(Meant { id: (*text).to_owned(), name: String::new(), word: Some(word) }))
            }
            false => unclear(Problem::new("name_not_looked_up").with_detail("why", why.clone().into())),
        };
    }
    let mut found = records(list, first, text)?;
    let all = found.clone();
    for (tell, text) in others {
        found = agreeing(list, found, tell, text)?;
    }
    let named = |records: &[Candidate]| {
        let texts = records.iter().take(NAMED).map(|candidate| Detail::Text(described(list.entity, candidate)));
        Detail::List(texts.collect())
    };
    match (found.as_slice(), all.as_slice()) {
        ([candidate], _) => {
            let is_name = first.key.is_some() && first.key == list.entity.display || first.key.is_none() && !is_id;
            match &list.proof {
                // Another one of this name may be among what was not read.
                ListProof::NotWhole(why) if is_name && others.is_empty() => {
                    unclear(Problem::new("record_unproved").with_detail("why", why.clone().into()))
                }
                _ => {
                    let name = name_of(list.entity, &candidate.record);
                    Ok(Ok(Meant { id: candidate.id.clone(), name, word: None }))
                }
            }
        }
        ([], []) => match proof_of(list, first, text, is_id)? {
            ListProof::NotWhole(why) => unclear(Problem::new("record_unproved").with_detail("why", why.into())),
            _ => unclear(Problem::new("no_such_record")),
        },
        ([], there) => {
            let says = disagreeing(list, there, others)?.into_iter().map(|text| Detail::Text(shown(text))).collect();
            unclear(
                Problem::new("record_disagrees")
                    .with_detail("records", named(there))
                    .with_detail("says", Detail::List(says)),
            )
        }
        (several, _) => {
            let problem = Problem::new("ambiguous_record").with("count", several.len());
            let candidates =
                several.iter().map(|candidate| (candidate.id.clone(), described(list.entity, candidate))).collect();
            let found: Found = unclear(problem.with_detail("records", named(several)))?;
            Ok(found.map_err(|unclear| Unclear { candidates, ..unclear }))
        }
    }
}

/// The texts that no record of these has, each once; all of them where only together they are those of none.
fn disagreeing<'t>(list: &KnownList<'_>, there: &[Candidate], others: &[(&Tell, &'t str)]) -> Result<Vec<&'t str>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (tell, text) in others {
        if !all.contains(text) {
            all.push(*text);
            if agreeing(list, there.to_vec(), tell, text)?.is_empty() {
                wrong.push(*text);
            }
        }
    }
    Ok(if wrong.is_empty() { all } else { wrong })
}

/// What proves that no record is meant by a text that finds none: the list, as far as it shows what such a text is found by.
fn proof_of(list: &KnownList<'_>, tell: &Tell, text: &str, is_id: bool) -> Result<ListProof> {
    let is_number = || text.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_OF_NUMBER;
    let is_such = |key: &&String| match list.entity.field(key).map(|field| field.kind) {
        Some(Kind::Email) => text.contains('@'),
        Some(Kind::Mobile | Kind::Phone) => is_number(),
        _ => Some(*key) == list.entity.display.as_ref(),
    };
    let keys: Vec<&String> = match &tell.key {
        Some(key) => vec![key],
        None if is_id => Vec::new(),
        None => list.entity.known_by.iter().filter(is_such).collect(),
    };
    for key in keys {
        let proof = list.proof_by(&[key])?;
        if !proof.is_whole() {
            return Ok(proof);
        }
    }
    Ok(list.proof.clone())
}

/// A record that may be meant.
#[derive(Debug, Clone)]
struct Candidate {
    id: String,
    record: Value,
}

/// The records that a text tells of, each once.
fn records(list: &KnownList<'_>, tell: &Tell, text: &str) -> Result<Vec<Candidate>> {
    let mut ids = Vec::new();
    match &tell.key {
        // Nobody knows a record by it.
        Some(_) if tell.source.is_some() => {}
        Some(key) => ids = known_by(list, key, text)?,
        None => {
            ids.extend(list.record(text)?.map(|_| text.to_owned()));
            for key in &list.entity.known_by {
                ids.extend(known_by(list, key, text)?);
            }
        }
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    for id in ids {
        if candidates.iter().any(|candidate| candidate.id == id) {
            continue;
        }
        if let Some(record) = list.record(&id)? {
            candidates.push(Candidate { id, record });
        }
    }
    Ok(candidates)
}

/// The ids of the records that are known by a text, else of those that have it beside others in the same field.
fn known_by(list: &KnownList<'_>, key: &str, text: &str) -> Result<Vec<String>> {
    let ids = list.find(&[key], &[text])?;
    if ids.is_empty() { list.find_among_several(&[key], &[text]) } else { Ok(ids) }
}

/// Those candidates with which another text agrees: a record that says nothing of the kind contradicts nothing.
fn agreeing(list: &KnownList<'_>, found: Vec<Candidate>, tell: &Tell, text: &str) -> Result<Vec<Candidate>> {
    let Some(key) = &tell.key else {
        let meant = records(list, tell, text)?;
        let is_meant = |candidate: &Candidate| meant.iter().any(|other| other.id == candidate.id);
        return Ok(found.into_iter().filter(is_meant).collect());
    };
    let says = |candidate: &Candidate| {
        candidate.record.get(key).map(|value| as_text(value).trim().to_owned()).filter(|text| !text.is_empty())
    };
    let is_same = |said: &str| is_same_key_value(list.entity, key, said, text);
    let field = list.entity.field(key);
    let same = |said: &str| {
        let mut each = field.map(|field| each_value(field, said)).unwrap_or_default().into_iter();
        is_same(said) || each.any(is_same)
    };
    let exactly: Vec<Candidate> =
        found.iter().filter(|candidate| says(candidate).is_some_and(|said| same(&said))).cloned().collect();
    if !exactly.is_empty() {
        return Ok(exactly);
    }
    Ok(found.into_iter().filter(|candidate| says(candidate).is_none()).collect())
}

fn name_of(entity: &Entity, record: &Value) -> String {
    entity.display.as_ref().and_then(|name| record.get(name)).map(|name| shown(&as_text(name))).unwrap_or_default()
}

/// A record as a person tells it from others: its id, its name and what else it is known by.
fn described(entity: &Entity, candidate: &Candidate) -> String {
    let texts = entity.display.iter().chain(entity.known_by.iter().filter(|key| Some(*key) != entity.display.as_ref()));
    let texts = texts.filter_map(|key| candidate.record.get(key)).map(|value| shown(&as_text(value)));
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    match texts.is_empty() {
        true => candidate.id.clone(),
        false => format!("{} {}", candidate.id, texts.join(" ")),
    }
}

/// Words of the account, as one line of ours may hold them.
fn shown(text: &str) -> String {
    clean(&shorten(text.trim(), SHOWN)).into_owned()
}
