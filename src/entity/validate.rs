//! What must hold over the whole catalog and no type can say: every name that is used exists, and every name a user may
//! write means one thing. It holds for the embedded files by test; an overlay is refused when it breaks it.

use std::collections::HashMap;

use super::catalog::Catalog;
use super::entity::Entity;
use super::field::Field;
use super::fold::fold;
use super::kind::Kind;
use crate::message;
use crate::message::Message;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CatalogError {
    /// Keys that can be at fault: `customers.keys`.
    pub paths: Vec<String>,
    /// What does not hold.
    pub what: Message,
}

/// Whether all of a catalog holds.
///
/// # Errors
/// The first thing that does not.
pub(super) fn validate(catalog: &Catalog) -> Result<(), CatalogError> {
    let of_entities = || catalog.entities().iter().find_map(|entity| entity_error(catalog, entity));
    ambiguous_entity_name(catalog).or_else(of_entities).map_or(Ok(()), Err)
}

fn entity_error(catalog: &Catalog, entity: &Entity) -> Option<CatalogError> {
    ambiguous_header(entity)
        .or_else(|| dangling_field(entity))
        .or_else(|| dangling_reference(catalog, entity))
        .or_else(|| dangling_endpoint(entity))
        .or_else(|| entity.fields.iter().find_map(|field| choice_error(entity, field)))
}

fn ambiguous_entity_name(catalog: &Catalog) -> Option<CatalogError> {
    let mut seen: HashMap<String, (&str, &str)> = HashMap::new();
    for entity in catalog.entities() {
        for (key, name) in names(&entity.name, &entity.zh, &entity.en, &entity.aliases) {
            let before = seen.insert(fold(name), (&entity.name, key));
            let Some((other, other_key)) = before.filter(|(other, _)| *other != entity.name) else { continue };
            return Some(CatalogError {
                paths: vec![format!("{}.{key}", entity.name), format!("{other}.{other_key}")],
                what: message!("overlay.ambiguous_name", name = name, first = other, second = entity.name),
            });
        }
    }
    None
}

/// Everything a user may call a thing, with the key that says so.
fn names<'a>(
    name: &'a String,
    zh: &'a String,
    en: &'a String,
    aliases: &'a [String],
) -> impl Iterator<Item = (&'static str, &'a String)> {
    [("name", name), ("zh", zh), ("en", en)].into_iter().chain(aliases.iter().map(|alias| ("aliases", alias)))
}

fn field_paths(entity: &Entity, field: &str) -> [String; 2] {
    ["fields", "custom_fields"].map(|list| format!("{}.{list}.{field}", entity.name))
}

fn ambiguous_header(entity: &Entity) -> Option<CatalogError> {
    let mut seen: HashMap<String, (usize, &str)> = HashMap::new();
    let entity = &entity.with_clues();
    for (index, field) in entity.fields.iter().enumerate() {
        // Of what tells about a reference only its headings may stand above a column.
        let is_heading = |(key, _): &(&str, &String)| field.clue.is_none() || *key == "aliases";
        for (key, name) in names(&field.name, &field.zh, &field.en, &field.aliases).filter(is_heading) {
            let before = seen.insert(fold(name), (index, key));
            let Some((other, other_key)) = before.filter(|(other, _)| *other != index) else { continue };
            let other = &entity.fields[other].name;
            return Some(CatalogError {
                paths: [header_paths(entity, &field.name, key), header_paths(entity, other, other_key)].concat(),
                what: message!("overlay.ambiguous_name", name = name, first = other, second = field.name),
            });
        }
    }
    None
}

/// Where an overlay may have named a field: under the field's own key, or under that of the short form.
fn header_paths(entity: &Entity, field: &str, key: &str) -> Vec<String> {
    let custom_key = match key {
        "name" => "key",
        "zh" => "label",
        "en" => "label_en",
        key => key,
    };
    let [plain, custom] = field_paths(entity, field);
    vec![format!("{plain}.{key}"), format!("{custom}.{custom_key}")]
}

/// Every key of the entity that holds names of its fields, with those names.
fn used_fields(entity: &Entity) -> Vec<(&'static str, &String)> {
    let mut used: Vec<(&'static str, &String)> = Vec::new();
    used.extend(entity.keys.iter().flatten().map(|name| ("keys", name)));
    used.extend(entity.known_by.iter().map(|name| ("known_by", name)));
    used.extend(entity.id.iter().map(|name| ("id", name)));
    used.extend(entity.display.iter().map(|name| ("display", name)));
    used.extend(entity.tags.iter().map(|name| ("tags", name)));
    used.extend(entity.created.iter().map(|name| ("created", name)));
    used.extend(entity.updated.iter().map(|name| ("updated", name)));
    used.extend(entity.solved.iter().map(|name| ("solved", name)));
    used.extend(entity.deleted.iter().map(|deleted| ("deleted.field", &deleted.field)));
    used.extend(
        entity.rules.iter().flat_map(|rule| rule.one_of.iter().chain(&rule.require)).map(|name| ("rules", name)),
    );
    used.extend(entity.conflict.iter().flat_map(|conflict| &conflict.by).map(|name| ("conflict.by", name)));
    used.extend(entity.conflict.iter().flat_map(|conflict| &conflict.same).map(|name| ("conflict.same", name)));
    used.extend(entity.walk.iter().flat_map(|walk| [("walk.parameter", &walk.parameter), ("walk.each", &walk.each)]));
    used.extend(entity.edits.iter().flat_map(|edits| {
        [&edits.entity, &edits.record, &edits.add, &edits.remove, &edits.set].map(|name| ("edits", name))
    }));
    used.extend(entity.endpoints.values().flat_map(|endpoint| &endpoint.resend).map(|name| ("endpoints", name)));
    used
}

fn dangling_field(entity: &Entity) -> Option<CatalogError> {
    let (key, name) = used_fields(entity).into_iter().find(|(_, name)| entity.field(name).is_none())?;
    Some(CatalogError {
        paths: vec![format!("{}.{key}", entity.name)],
        what: message!("overlay.no_field", name = name, entity = entity.name),
    })
}

fn dangling_reference(catalog: &Catalog, entity: &Entity) -> Option<CatalogError> {
    let of_fields = entity.fields.iter().filter_map(|field| {
        let reference = field.reference.as_ref()?;
        Some((field_paths(entity, &field.name).map(|path| format!("{path}.reference")).to_vec(), reference))
    });
    let of_walk = entity.walk.iter().map(|walk| (vec![format!("{}.walk.entity", entity.name)], &walk.entity));
    let (paths, name) = of_fields.chain(of_walk).find(|(_, name)| catalog.get(name).is_none())?;
    Some(CatalogError { paths, what: message!("overlay.no_entity", name = name) })
}

fn dangling_endpoint(entity: &Entity) -> Option<CatalogError> {
    let conflict = entity.conflict.iter().map(|conflict| ("conflict.endpoint", &conflict.endpoint));
    let parts = entity.parts.iter().map(|part| ("parts", &part.endpoint));
    if let Some((key, name)) = conflict.chain(parts).find(|(_, name)| entity.endpoint(name).is_none()) {
        let what = message!("overlay.no_endpoint", name = name, entity = entity.name);
        return Some(CatalogError { paths: vec![format!("{}.{key}", entity.name)], what });
    }
    let (name, endpoint) = entity.endpoints.iter().find(|(_, endpoint)| !endpoint.path.starts_with('/'))?;
    Some(CatalogError {
        paths: vec![format!("{}.endpoints.{name}.path", entity.name)],
        what: message!("overlay.bad_path", path = endpoint.path),
    })
}

fn choice_error(entity: &Entity, field: &Field) -> Option<CatalogError> {
    let what = match (field.kind == Kind::Choice, field.choices.is_empty()) {
        (true, true) => message!("overlay.no_choices"),
        (false, false) => message!("overlay.choices_of_no_choice"),
        _ => return None,
    };
    Some(CatalogError { paths: field_paths(entity, &field.name).to_vec(), what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalog_holds() {
        assert_eq!(validate(Catalog::embedded()), Ok(()));
    }
}
