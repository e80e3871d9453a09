//! What tells which record a reference means where its id is not known: a name, a telephone number, a login. An entity says
//! which of its fields it is known by (`known_by`), a reference under which headings they stand beside it (`by`).

use super::catalog::Catalog;
use super::choice::Choice;
use super::clue::{ANY, Clue, OLD_ID};
use super::entity::Entity;
use super::field::Field;
use super::kind::Kind;

impl Catalog {
    /// Ties references to what their records are known by. To be called once all entities are there.
    pub(super) fn tie_references(&mut self) {
        let entities = self.entities.clone();
        let target = |field: &Field| {
            let name = field.reference.as_ref().filter(|_| !field.read_only && is_id(field))?;
            entities.iter().find(|entity| entity.name == *name && !entity.known_by.is_empty())
        };
        for entity in &mut self.entities {
            let deleted = entity.deleted.as_ref();
            for field in &mut entity.fields {
                // Nobody imports a deleted record.
                if let Some(deleted) = deleted.filter(|deleted| deleted.field == field.name) {
                    let means_it = |choice: &&mut Choice| deleted.values.contains(&choice.value);
                    field.choices.iter_mut().filter(means_it).for_each(|choice| choice.offered = false);
                }
                field.is_looked_up = target(field).is_some();
            }
            let referring = entity.fields.iter().filter_map(|field| Some((field, target(field)?)));
            let mut found: Vec<Field> = referring.flat_map(|(field, target)| clues(field, target)).collect();
            // Contacts without companies need none of that: the column is left where it is.
            for clue in &mut found {
                let reference = clue.clue.as_ref().map(|clue| &clue.reference);
                let rule =
                    entity.rules.iter().find(|rule| rule.require.as_ref() == reference && rule.require.is_some());
                clue.mode = clue.mode.or(rule.and_then(|rule| rule.mode));
            }
            entity.clues = found;
        }
    }
}

fn is_id(field: &Field) -> bool {
    matches!(field.kind, Kind::Id | Kind::Ids)
}

/// What may tell which record of `target` a field means. Of several records at once each is told by any of it.
fn clues(field: &Field, target: &Entity) -> Vec<Field> {
    let keys = target.known_by.iter().filter(|_| field.kind == Kind::Id).filter_map(|key| target.field(key));
    let any = field.by.contains_key(ANY).then(|| clue(field, field, ANY, field.zh.clone(), field.en.clone()));
    let of_key = |key: &Field| {
        let zh = joined(field.zh.trim_end_matches("编号"), &key.zh);
        let en = english(&field.en, &key.en);
        clue(field, key, &key.name, zh, en)
    };
    let old_id = (field.kind == Kind::Id).then(|| old_id(field));
    any.into_iter().chain(keys.map(of_key)).chain(old_id).collect()
}

/// The id that the record has in another system. Its label is a heading that says so.
fn old_id(field: &Field) -> Field {
    let zh = joined(field.zh.trim_end_matches("编号"), "旧系统编号");
    let en = english(&field.en, OLD_ID_LABEL);
    let named_otherwise = zh.replace("联系人", "客户");
    let aliases = vec![named_otherwise, zh.clone(), en.clone()];
    Field { kind: Kind::Text, aliases, is_looked_up: false, ..clue(field, field, OLD_ID, zh, en) }
}

/// What old ids are called in English.
const OLD_ID_LABEL: &str = "old id";

fn clue(field: &Field, of: &Field, key: &str, zh: String, en: String) -> Field {
    Field {
        name: format!("{}.{key}", field.name),
        zh,
        en,
        kind: of.kind,
        aliases: field.by.get(key).cloned().unwrap_or_default(),
        required: false,
        required_confidence: None,
        read_only: false,
        write_only: false,
        form: None,
        instead: None,
        learned: false,
        custom: false,
        secret: false,
        text_only: of.text_only,
        max: None,
        choices: Vec::new(),
        several: false,
        reference: None,
        zero_is_none: false,
        by: Default::default(),
        fallback_aliases: match field.by.keys().next().is_some_and(|first| first == key) {
            true => field.fallback_aliases.clone(),
            false => Vec::new(),
        },
        is_looked_up: key == ANY,
        takes_words: key == ANY,
        clue: Some(Clue { reference: field.name.clone(), key: key.to_owned() }),
        mode: field.mode,
        example: None,
        example_en: None,
        confidence: field.confidence,
        source: field.source.clone(),
    }
}

/// Two words as one: what the first ends with and the second begins with stands there once.
fn joined(first: &str, second: &str) -> String {
    let mut overlap =
        second.char_indices().map(|(at, c)| &second[..at + c.len_utf8()]).filter(|part| first.ends_with(part));
    let rest = overlap.next_back().map_or(second, |part| &second[part.len()..]);
    format!("{first}{rest}")
}

fn english(reference: &str, key: &str) -> String {
    let stem = reference.trim_end_matches(" IDs").trim_end_matches(" ID");
    let key = key.to_lowercase();
    match key.strip_prefix(&stem.to_lowercase()) {
        Some(rest) => format!("{stem}{rest}"),
        None => format!("{stem} {key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_told_by_what_its_record_is_known_by() {
        let labels = |entity: &str| -> Vec<(String, String)> {
            let clues = &Catalog::embedded().get(entity).unwrap().clues;
            clues.iter().map(|clue| (clue.name.clone(), format!("{}/{}", clue.zh, clue.en))).collect()
        };
        let tickets = labels("tickets");
        let label = |name: &str| tickets.iter().find(|(own, _)| own == name).map(|(_, label)| label.as_str());
        assert_eq!(label("custUserId.mobile"), Some("联系人手机/Customer mobile"));
        assert_eq!(label("servicerGroupId.sgName"), Some("受理客服组名称/Agent group name"));
        assert_eq!(label("servicerUserId.sPassportName"), Some("受理客服登录名/Assignee login name"));
        // Who made a ticket cannot be sent.
        assert_eq!(label("createrId.name"), None);
        assert!(labels("customers").contains(&("companyId.companyName".into(), "公司名称/Company name".into())));
    }
}
