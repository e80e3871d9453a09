//! Lists: filters, orders, pages, search, several by id.

use serde_json::{Value, json};

use super::answer::{Answer, RecordStyle, error_answer, plural, push_text};
use super::call::Call;
use super::clock::now_milliseconds;
use super::store::{IndexedFields, Record, Selection, Store};
use super::variants::{Count, Links, Rows, TicketPage};
use crate::entity::{Catalog, Entity, Kind, Method};
use crate::error::Result;

/// Why a list cannot be made: a parameter and what is wrong with it.
type ParameterError = (String, &'static str);

/// `GET /<collection>.json`.
pub fn list(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    answer_selection(call, entity, Selection::default(), store)
}

/// The tickets or contacts of one company or contact.
pub fn list_by_owner(call: &Call<'_>, entity: &Entity, owner: &str, id: i64, store: &mut Store) -> Result<Answer> {
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
pub fn show_many(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
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
pub fn search(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
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
            // What is said beside it lets the partial indexes be used.
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
    let page = match Page::asked(call) {
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

/// Turns the query's filters and orders into conditions. A parameter that the endpoint does not know is refused, so that
/// a filter never seems to work that does not exist.
fn filter(call: &Call<'_>, entity: &Entity, selection: &mut Selection) -> std::result::Result<(), ParameterError> {
    let Some(endpoint) = call.route.endpoint else { return Ok(()) };
    let paging = &Catalog::embedded().service.paging;
    for (name, value) in &call.query {
        if *name == paging.page || *name == paging.per_page || name == "query" || name.starts_with("sort_") {
            continue;
        }
        if !endpoint.filters.contains(name) {
            return Err((name.clone(), "no such parameter"));
        }
        let indexed = IndexedFields::of(entity);
        let window = endpoint.window.as_ref();
        let bound = |index: usize, word: &str| window.map_or(name == word, |window| *name == window[index]);
        match name.as_str() {
            _ if bound(0, "created_start") => time(selection, indexed.created.map(|_| "created"), ">=", name, value)?,
            _ if bound(1, "created_end") => time(selection, indexed.created.map(|_| "created"), "<=", name, value)?,
            "updated_start" => time(selection, indexed.updated.map(|_| "updated"), ">=", name, value)?,
            "updated_end" => time(selection, indexed.updated.map(|_| "updated"), "<=", name, value)?,
            "created_order" | "updated_order" | "status_order" => {
                let direction = direction(call, name)?.unwrap_or("ASC");
                let column = match name.as_str() {
                    "created_order" => "created".to_owned(),
                    "updated_order" => "updated".to_owned(),
                    _ => format!("CAST({} AS INTEGER)", column(entity, "ticketStatus")),
                };
                selection.orders.push(format!("{column} {direction}"));
            }
            "deStat" => match value.as_str() {
                "0" => selection.with_deleted = false,
                "1" => selection.with_deleted = true,
                _ => return Err((name.clone(), "must be 0 or 1")),
            },
            // What is not in the way of a category is uncategorised.
            "fId" if value == "not" => {
                selection.conditions.push(format!("coalesce({}, '') IN ('', '0')", column(entity, name)));
            }
            _ => {
                selection.conditions.push(format!("{} = ?", column(entity, name)));
                selection.values.push(value.clone().into());
            }
        }
    }
    Ok(())
}

fn time(
    selection: &mut Selection,
    column: Option<&str>,
    comparison: &str,
    name: &str,
    value: &str,
) -> std::result::Result<(), ParameterError> {
    let moment =
        moment(value, comparison == "<=").ok_or((name.to_owned(), "must be a time such as 2012-01-01 00:00:00"))?;
    let column = column.ok_or((name.to_owned(), "this resource has no such time"))?;
    selection.conditions.push(format!("{column} {comparison} ?"));
    selection.values.push(moment.into());
    Ok(())
}

/// A time as it is stored. A day alone means its beginning, or its end where it is an upper bound; `2017-8-27` is a day.
fn moment(text: &str, is_end: bool) -> Option<String> {
    let (day, time) = match text.trim().split_once(' ') {
        Some((day, time)) => (day, time.parse::<jiff::civil::Time>().ok()?.strftime("%H:%M:%S").to_string()),
        None => (text.trim(), if is_end { "23:59:59" } else { "00:00:00" }.to_owned()),
    };
    let mut numbers = day.split('-').map(str::parse::<i16>);
    let (year, month, day) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    numbers.next().is_none().then(|| format!("{date} {time}"))
}

fn direction(call: &Call<'_>, name: &str) -> std::result::Result<Option<&'static str>, ParameterError> {
    match call.parameter(name) {
        None => Ok(None),
        Some("asc") => Ok(Some("ASC")),
        Some("desc") => Ok(Some("DESC")),
        Some(_) => Err((name.to_owned(), "must be asc or desc")),
    }
}

/// Where a field of the catalog stands in the store. Names come from the catalog, never from a request.
fn column(entity: &Entity, name: &str) -> String {
    let indexed = IndexedFields::of(entity);
    let name = entity.field(name).map_or("", |field| field.name.as_str());
    match Some(name) {
        _ if entity.id.as_deref() == Some(name) => "CAST(id AS TEXT)".to_owned(),
        column if column == indexed.created => "created".to_owned(),
        column if column == indexed.updated => "updated".to_owned(),
        column if column == indexed.lookup => "lookup".to_owned(),
        column if column == indexed.parent => "parent".to_owned(),
        _ => format!("json_extract(body, '$.{name}')"),
    }
}

fn parameter_error(call: &Call<'_>, (name, what): &ParameterError) -> Answer {
    error_answer(call.variants, 400, "SANDBOX-PARAMETER", &format!("{name}: {what}"))
}

/// Which page of a list.
#[derive(Debug, Clone, Copy)]
struct Page {
    number: usize,
    size: usize,
    is_paged: bool,
}

impl Page {
    fn asked(call: &Call<'_>) -> std::result::Result<Page, ParameterError> {
        let paging = &Catalog::embedded().service.paging;
        let endpoint = call.route.endpoint;
        if endpoint.is_some_and(|endpoint| !endpoint.paged) {
            return Ok(Page { number: 1, size: usize::MAX, is_paged: false });
        }
        let own = endpoint.and_then(|endpoint| endpoint.per_page);
        let default = match call.variants.ticket_page {
            TicketPage::Ten => own.unwrap_or(paging.default),
            TicketPage::Hundred => paging.default,
        };
        let number = |name: &str, default: usize| match call.parameter(name).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(number)) if number > 0 => Ok(number),
            Some(_) => Err((name.to_owned(), "must be a number from 1")),
        };
        let asked = number(&paging.per_page, default as usize)?;
        let size = match usize::try_from(call.variants.page_cap) {
            Ok(cap) if cap > 0 => asked.min(cap),
            _ => asked,
        };
        Ok(Page { number: number(&paging.page, 1)?, size, is_paged: true })
    }

    fn skip(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// The members beside the list: `count`, `next_page`, `previous_page`.
    fn members(self, call: &Call<'_>, total: usize) -> String {
        let mut out = String::new();
        if !self.is_paged {
            return out;
        }
        match call.variants.count {
            Count::Number => out.push_str(&format!(",\"count\":{total}")),
            Count::Text => out.push_str(&format!(",\"count\":\"{total}\"")),
            Count::Absent => {}
        }
        if call.variants.links == Links::Present {
            let is_last = self.number.saturating_mul(self.size) >= total;
            for (name, page) in [
                ("next_page", (!is_last).then_some(self.number + 1)),
                ("previous_page", (self.number > 1).then(|| self.number - 1)),
            ] {
                out.push_str(&format!(",\"{name}\":"));
                match page {
                    Some(page) => push_text(&mut out, &self.link(call, page)),
                    None => out.push_str("null"),
                }
            }
        }
        out
    }

    /// The full address of another page, on the public host whatever host was asked.
    fn link(self, call: &Call<'_>, page: usize) -> String {
        let paging = &Catalog::embedded().service.paging;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.iter().filter(|(name, _)| *name != paging.page));
        query.append_pair(&paging.page, &page.to_string());
        let path = call.route.path_of(call.id);
        format!("{}{path}?{}", Catalog::embedded().service.base_url, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_reaches_to_its_end_as_an_upper_bound() {
        assert_eq!(moment("2025-01-05", false).unwrap(), "2025-01-05 00:00:00");
        assert_eq!(moment("2025-1-5", true).unwrap(), "2025-01-05 23:59:59");
        assert_eq!(moment("2025-01-05 10:00:00", true).unwrap(), "2025-01-05 10:00:00");
        for wrong in ["", "2025", "2025-02-30", "2025-01-05T10:00:00", "2025-01-05 25:00:00", "2025-01-05-1"] {
            assert_eq!(moment(wrong, true), None, "{wrong}");
        }
    }
}
