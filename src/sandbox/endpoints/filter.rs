//! A list's filters and orders: query parameters as conditions of a selection.

use super::call::Call;
use super::parameter_error::ParameterError;
use crate::entity::{Catalog, Entity};
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::selection::Selection;

/// Turns the query's filters and orders into conditions. A parameter that the endpoint does not know is rejected, so
/// that a filter never seems to work that does not exist.
pub(crate) fn filter(call: &Call<'_>, entity: &Entity, selection: &mut Selection) -> Result<(), ParameterError> {
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
        let bound = |index: usize, usual: &str| window.map_or(name == usual, |window| *name == window[index]);
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
            // `not` asks for the entries without a category.
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
) -> Result<(), ParameterError> {
    let time = stored_time(value, comparison == "<=")
        .ok_or((name.to_owned(), "must be a time such as 2012-01-01 00:00:00"))?;
    let column = column.ok_or((name.to_owned(), "this resource has no such time"))?;
    selection.conditions.push(format!("{column} {comparison} ?"));
    selection.values.push(time.into());
    Ok(())
}

/// A time as it is stored. A day alone means its beginning, or its end where it is an upper bound; `2017-8-27` is a day.
fn stored_time(text: &str, is_end: bool) -> Option<String> {
    let (day, time) = match text.trim().split_once(' ') {
        Some((day, time)) => (day, time.parse::<jiff::civil::Time>().ok()?.strftime("%H:%M:%S").to_string()),
        None => (text.trim(), if is_end { "23:59:59" } else { "00:00:00" }.to_owned()),
    };
    let mut numbers = day.split('-').map(str::parse::<i16>);
    let (year, month, day) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    numbers.next().is_none().then(|| format!("{date} {time}"))
}

/// The direction a parameter asks for, as SQL; none when it is not there.
pub(crate) fn direction(call: &Call<'_>, name: &str) -> Result<Option<&'static str>, ParameterError> {
    match call.parameter(name) {
        None => Ok(None),
        Some("asc") => Ok(Some("ASC")),
        Some("desc") => Ok(Some("DESC")),
        Some(_) => Err((name.to_owned(), "must be asc or desc")),
    }
}

/// A field of the catalog as an SQL expression over the store's table. Names come from the catalog, never from a request.
pub(crate) fn column(entity: &Entity, name: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::stored_time;

    #[test]
    fn a_day_reaches_to_its_end_as_an_upper_bound() {
        assert_eq!(stored_time("2025-01-05", false).unwrap(), "2025-01-05 00:00:00");
        assert_eq!(stored_time("2025-1-5", true).unwrap(), "2025-01-05 23:59:59");
        assert_eq!(stored_time("2025-01-05 10:00:00", true).unwrap(), "2025-01-05 10:00:00");
        for wrong in ["", "2025", "2025-02-30", "2025-01-05T10:00:00", "2025-01-05 25:00:00", "2025-01-05-1"] {
            assert_eq!(stored_time(wrong, true), None, "{wrong}");
        }
    }
}
