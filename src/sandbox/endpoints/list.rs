//! Lists: all of an entity, those of a company or contact, several by id, search.

use serde_json::{Value, json};

use super::call::Call;
use super::filter::{column, direction, filter};
use super::paging::Page;
use super::parameter_error::parameter_error;
use crate::entity::{Entity, Kind, Method};
use crate::error::Result;
use crate::sandbox::answer::{Answer, error_answer};
use crate::sandbox::clock::now_milliseconds;
use crate::sandbox::record_style::{RecordStyle, plural, push_text};
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::Record;
use crate::sandbox::records::selection::Selection;
use crate::sandbox::records::store::Store;
use crate::sandbox::variants::Rows;

/// `GET /<collection>.json`.
pub(crate) fn list(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    answer_selection(call, entity, Selection::default(), store)
}

/// The tickets or contacts of one company or contact.
pub(crate) fn list_by_owner(
    call: &Call<'_>,
    entity: &Entity,
    owner: &str,
    id: i64,
    store: &mut Store,
) -> Result<Answer> {
    if !store.exists(owner, id) {
        return Ok(error_answer(call.variants, 404, "SANDBOX-NO-SUCH-RECORD", &format!("{id} does not exist")));
    }
    let parent =
        IndexedFields::of(entity).parent.and_then(|name| entity.field(name)).and_then(|f| f.reference.as_deref());
    // Tickets belong to contacts, and contacts to companies.
    let condition = match parent {
        Some(parent) if parent == owner => "parent = ? AND parent <> 0".to_owned(),
        _ => "parent <> 0 AND parent IN (SELECT id FROM record WHERE entity = 'customers' AND parent = ? AND parent <> 0)"
            .to_owned(),
    };
    let selection = Selection { conditions: vec![condition], values: vec![id.into()], ..Selection::default() };
    answer_selection(call, entity, selection, store)
}

/// `show_many`: records by their ids, in the order asked for.
pub(crate) fn show_many(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let Some(ids) = call.parameter("ids").filter(|ids| !ids.is_empty()) else {
        return Ok(parameter_error(call, &("ids".to_owned(), "is required")));
    };
    let mut records = Vec::new();
    for id in ids.split(',') {
        let Ok(id) = id.trim().parse() else { return Ok(parameter_error(call, &("ids".to_owned(), "must be ids"))) };
        if store.exists(&entity.name, id) {
            records.extend(store.get(&entity.name, id)?.map(|record| (id, record)));
        }
    }
    Ok(Answer::text(200, format!("{{{}}}", rows(plural(entity), &call.record_style(), entity, &records))))
}

/// Search: `field:value` terms that must all hold; a value matches what begins with it where the field is a time.
pub(crate) fn search(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let mut selection = Selection::default();
    for term in call.parameter("query").unwrap_or_default().split_whitespace() {
        let Some((name, value)) = term.split_once(':') else {
            return Ok(parameter_error(call, &("query".to_owned(), "each term must be field:value")));
        };
        let Some(field) = entity.field(name) else {
            return Ok(parameter_error(call, &(format!("query {name}"), "no such field")));
        };
        let column = column(entity, name);
        if matches!(field.kind, Kind::DateTime | Kind::Date) {
            selection.conditions.push(format!("{column} >= ? AND {column} < ? || char(1114111)"));
            selection.values.extend([value.to_owned().into(), value.to_owned().into()]);
        } else {
            // SQLite uses a partial index only where the query repeats the index's own condition.
            selection.conditions.push(match column.as_str() {
                "parent" => "parent = ? AND parent <> 0".to_owned(),
                "lookup" => "lookup = ? AND lookup <> ''".to_owned(),
                column => format!("{column} = ?"),
            });
            let is_id = column == "parent";
            selection.values.push(match value.parse::<i64>() {
                Ok(number) if is_id => number.into(),
                _ => value.to_owned().into(),
            });
        }
    }
    if let Some(name) = call.parameter("sort_by") {
        if entity.field(name).is_none() {
            return Ok(parameter_error(call, &("sort_by".to_owned(), "no such field")));
        }
        match direction(call, "sort_order") {
            Ok(direction) => selection.orders.push(format!("{} {}", column(entity, name), direction.unwrap_or("ASC"))),
            Err(error) => return Ok(parameter_error(call, &error)),
        }
    }
    answer_selection(call, entity, selection, store)
}

/// Adds what the query says to `selection` and answers the page asked for.
fn answer_selection(call: &Call<'_>, entity: &Entity, mut selection: Selection, store: &mut Store) -> Result<Answer> {
    selection.entity.clone_from(&entity.name);
    if let Err(error) = filter(call, entity, &mut selection) {
        return Ok(parameter_error(call, &error));
    }
    if call.variants.list_delay > 0 && call.route.method == Method::Get {
        let seen = now_milliseconds() - i64::try_from(call.variants.list_delay).unwrap_or(i64::MAX);
        selection.conditions.push("stored <= ?".to_owned());
        selection.values.push(seen.into());
    }
    let page = match Page::requested(call) {
        Ok(page) => page,
        Err(error) => return Ok(parameter_error(call, &error)),
    };
    let (total, records) = store.page(&selection, page.skip(), page.size)?;
    let key = call.route.endpoint.and_then(|endpoint| endpoint.answer.as_deref()).unwrap_or_else(|| plural(entity));
    let style =
        RecordStyle { without_custom_fields: call.variants.rows == Rows::NoCustomFields, ..call.record_style() };
    Ok(Answer::text(
        200,
        match key.split_once('.') {
            Some((outer, inner)) => found(outer, inner, total, entity, &records),
            None => format!("{{{}{}}}", rows(key, &style, entity, &records), page.members(call, total)),
        },
    ))
}

/// `"<key>":[…]`.
fn rows(key: &str, style: &RecordStyle<'_>, entity: &Entity, records: &[(i64, Record)]) -> String {
    let mut out = String::with_capacity(records.len() * 700 + 64);
    push_text(&mut out, key);
    out.push_str(":[");
    for (index, (id, record)) in records.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        style.write(&mut out, entity, *id, record);
    }
    out.push(']');
    out
}

/// The answer of ticket search: ids alone, and the count as a string beside them.
fn found(outer: &str, inner: &str, total: usize, entity: &Entity, records: &[(i64, Record)]) -> String {
    let name = entity.id.as_deref().unwrap_or("id");
    let results: Vec<Value> = records.iter().map(|(id, _)| json!({ name: id.to_string() })).collect();
    json!({ outer: {"count": total.to_string(), inner: results} }).to_string()
}
