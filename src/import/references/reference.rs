//! Which references the rows of an input have, and by what they tell which record they mean.

use super::new_parent::NewParent;
use crate::entity::{ANY, AccountMode, Catalog, Entity, Field, Kind, OLD_ID, Requirement, fold};
use crate::import::operation::Members;
use crate::import::pairs::Pairs;
use crate::mapping::Mapping;
use crate::message::Detail;

/// A reference of the rows of an input.
#[derive(Debug, Clone)]
pub(in crate::import) struct Reference<'a> {
    /// The field that takes the id.
    pub field: String,
    /// Its label.
    pub labels: Detail,
    /// Whether it takes several ids.
    pub is_list: bool,
    /// What the record is.
    pub entity: &'a Entity,
    /// What tells which record is meant, that which tells most first.
    pub tells: Vec<Tell>,
    /// It is the record that the row changes. No list is asked about it: the record itself is read before it is written.
    pub is_subject: bool,
}

/// What tells which record is meant.
#[derive(Debug, Clone)]
pub(in crate::import) struct Tell {
    /// The name under which a row's values have it.
    pub member: String,
    /// The field of the record that it is of; none for whatever the record is known by, its id too.
    pub key: Option<String>,
    /// The system whose ids it holds, where it tells by the id that the record has there.
    pub source: Option<String>,
    /// How far it is from telling all, by its place among what the record is known by.
    weight: usize,
}

impl Tell {
    /// The same where the id itself is known.
    pub(super) fn of_id(&self) -> Tell {
        Tell { member: self.member.clone(), key: None, source: None, weight: 0 }
    }
}

impl<'a> Reference<'a> {
    /// The references that a mapping gives values to.
    pub(in crate::import) fn all(mapping: &Mapping, catalog: &'a Catalog) -> Vec<Reference<'a>> {
        let mut references: Vec<Reference<'a>> = Vec::new();
        for source in mapping.sources.iter().filter(|source| source.sent) {
            let name = match &source.field.clue {
                Some(clue) => &clue.reference,
                None if source.field.is_looked_up => &source.field.name,
                None => continue,
            };
            let Some(field) = mapping.entity().field(name) else { continue };
            let Some(entity) = field.reference.as_ref().and_then(|entity| catalog.get(entity)) else { continue };
            let key = source.field.clue.as_ref().map(|clue| clue.key.clone()).filter(|key| key != ANY);
            let is_old_id = key.as_deref() == Some(OLD_ID);
            let weight = match (&source.field.clue, &key) {
                (None, _) => 0,
                (Some(_), Some(_)) if is_old_id => 0,
                // It may be no more than a name.
                (Some(_), None) => 2 * entity.known_by.len(),
                (Some(_), Some(key)) => {
                    let is_name = entity.display.as_ref() == Some(key);
                    let place = entity.known_by.iter().position(|known| known == key).unwrap_or_default();
                    if is_name { 2 * entity.known_by.len() + 1 } else { place + 1 }
                }
            };
            let system = mapping
                .source_of_reference(mapping.column(&source.field.name))
                .filter(|_| is_old_id)
                .map(str::to_owned);
            let tell = Tell { member: source.field.name.clone(), key, source: system, weight };
            match references.iter_mut().find(|reference| reference.field == *name) {
                Some(reference) => reference.tells.push(tell),
                None => references.push(Reference {
                    field: name.clone(),
                    labels: field.labels(),
                    is_list: field.kind == Kind::Ids,
                    entity,
                    tells: vec![tell],
                    is_subject: false,
                }),
            }
        }
        references.iter_mut().for_each(|reference| reference.tells.sort_by_key(|tell| tell.weight));
        references.extend(Reference::subjects(mapping, catalog));
        references
    }

    /// The records that rows change, where these are of several entities and may be named by ids of another system: one
    /// reference for each entity.
    fn subjects(mapping: &Mapping, catalog: &'a Catalog) -> Vec<Reference<'a>> {
        let (Some(edits), Some(source)) = (&mapping.entity().edits, mapping.source()) else { return Vec::new() };
        let Some(field) = mapping.entity().field(&edits.record) else { return Vec::new() };
        let of = |entity: &'a Entity| {
            // The same id may be that of a record of each entity.
            let member = format!("{OLD_ID} {}", entity.name);
            let tell = Tell { member, key: Some(OLD_ID.to_owned()), source: Some(source.to_owned()), weight: 0 };
            Reference {
                field: field.name.clone(),
                labels: field.labels(),
                is_list: false,
                entity,
                tells: vec![tell],
                is_subject: true,
            }
        };
        catalog.entities().iter().filter(|entity| entity.tags.is_some()).map(of).collect()
    }

    /// Whether old ids may tell which record is meant.
    pub(in crate::import) fn has_old_ids(&self) -> bool {
        self.tells.iter().any(|tell| tell.source.is_some())
    }

    /// What a row says of the record, that which tells most first.
    pub(super) fn told<'b>(&'b self, members: &'b Members) -> Vec<(&'b Tell, &'b str)> {
        self.tells.iter().filter_map(|tell| Some((tell, members.value(&tell.member)?))).collect()
    }

    /// What a row says of each of the records, where the field takes several.
    pub(super) fn parts(&self, members: &Members) -> Vec<Members> {
        let told = self.told(members).into_iter();
        let parts = told.flat_map(|(tell, text)| {
            text.split(',').filter(|part| !part.is_empty()).map(|part| (tell.member.as_str(), part))
        });
        parts.map(|part| Members { fields: std::iter::once(part).collect(), ..Members::default() }).collect()
    }

    /// Leaves out the ids that the record has in other systems, where the row says something else of it, too.
    pub(super) fn leave_out_old_ids(&self, members: &mut Members) {
        if self.told(members).iter().any(|(tell, _)| tell.source.is_none()) {
            let is_old_id = |name: &str| self.tells.iter().any(|tell| tell.source.is_some() && tell.member == name);
            members.fields = members.fields.iter().filter(|(name, _)| !is_old_id(name)).collect();
        }
    }

    /// What a row says of the record, as one text.
    pub(in crate::import) fn said(&self, members: &Members) -> String {
        let mut said = String::new();
        for (tell, text) in self.told(members) {
            for part in [&tell.member, text] {
                said.push_str(part);
                said.push('\u{1f}');
            }
        }
        said
    }

    /// The record that a row means, as one that can be made; none where what the row says is not enough for that.
    pub(super) fn new_parent(&self, members: &Members, mode: AccountMode) -> Option<NewParent> {
        let mut says: Vec<(String, String)> = Vec::new();
        for (tell, text) in self.told(members) {
            let field = self.said_of(tell)?;
            // Digits alone are an id rather than a name.
            if tell.key.is_none() && text.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            says.push((field.to_owned(), text.to_owned()));
        }
        let has = |name: &str| says.iter().any(|(field, _)| field == name);
        self.can_be_made(has, mode).then(|| NewParent {
            field: self.field.clone(),
            entity: self.entity.name.clone(),
            says,
        })
    }

    /// Whether rows may say enough of a record for it to be made.
    pub(super) fn may_be_made(&self, mode: AccountMode) -> bool {
        let told: Vec<&str> = self.tells.iter().filter_map(|tell| self.said_of(tell)).collect();
        self.can_be_made(|name| told.contains(&name), mode)
    }

    /// The field of the record that something is of which tells of it; none of an id, also of one of another system.
    fn said_of<'b>(&'b self, tell: &'b Tell) -> Option<&'b str> {
        match &tell.key {
            Some(key) if key == OLD_ID => None,
            Some(key) => Some(key),
            // What is known by its name alone is meant by its name.
            None => self.entity.display.as_deref().filter(|name| self.entity.known_by == [*name]),
        }
    }

    /// Whether a record can be made that says this: it has all that a new one has to say, and can be found again.
    fn can_be_made(&self, has: impl Fn(&str) -> bool, mode: AccountMode) -> bool {
        let entity = self.entity;
        let has_ways = entity.id.is_some() && ["create", "list"].iter().all(|name| entity.endpoint(name).is_some());
        let is_found_again = entity.keys.iter().any(|key| key.iter().all(|name| has(name)));
        let is_whole = entity.offered(mode).all(|field| match entity.requirement(field, mode) {
            Requirement::Always(_) | Requirement::Wished => has(&field.name),
            Requirement::OneOf(rule) => rule.one_of.iter().any(|name| has(name)),
            Requirement::Never => true,
        });
        !self.is_list && has_ways && is_found_again && is_whole
    }

    /// The system whose ids a member holds.
    pub(super) fn source_of(&self, member: &str) -> &str {
        let of_member = self.tells.iter().find(|tell| tell.member == member);
        of_member.and_then(|tell| tell.source.as_deref()).unwrap_or_default()
    }

    /// Whether a member tells of it.
    pub(super) fn has(&self, member: &str) -> bool {
        self.tells.iter().any(|tell| tell.member == member)
    }

    /// What a row says of the record, for a person.
    pub(super) fn shown(&self, members: &Members) -> String {
        let texts: Vec<&str> = self.told(members).into_iter().map(|(_, text)| text).collect();
        texts.join(" · ")
    }

    /// Whether a user means it by this name: that of the field, a label or a heading of it or of what tells it.
    pub(super) fn is_called(&self, name: &str, entity: &Entity) -> bool {
        let is_meant = |field: &Field| {
            let names = [&field.name, &field.zh, &field.en];
            names.into_iter().chain(&field.aliases).any(|known| fold(known) == fold(name))
        };
        let is_own = |field: &&Field| {
            field.name == self.field || field.clue.as_ref().is_some_and(|clue| clue.reference == self.field)
        };
        entity.fields.iter().chain(&entity.clues).filter(is_own).any(is_meant)
    }

    /// Leaves out what tells it.
    pub(in crate::import) fn leave_out(&self, members: &mut Members) {
        members.fields = members.fields.iter().filter(|(name, _)| !self.has(name)).collect();
    }

    /// Puts the id in the place of what tells it.
    pub(in crate::import) fn put(&self, members: &mut Members, id: &str) {
        let mut told = Pairs::default();
        let mut is_put = false;
        for (name, value) in members.fields.iter() {
            if !self.has(name) {
                told.push(name, value);
            } else if !std::mem::replace(&mut is_put, true) {
                told.push(&self.field, id);
            }
        }
        if !is_put {
            told.push(&self.field, id);
        }
        members.fields = told;
    }
}
