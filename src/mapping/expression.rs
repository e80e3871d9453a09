//! A template of a mapping file: one field's text made of several columns. Columns are named by their header, or as
//! `columns["header"]` where the header is not a plain name. When all of them are empty the field is empty too, whatever
//! stands between them, unless the template itself says what then; one that reads no column is the same for every row.

use std::collections::BTreeSet;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use crate::format::{CellKind, Row};
use crate::language::Language;
use crate::problem::Problem;
use crate::t;
use crate::value;

/// Steps a template may take for one row; a loop that never ends is stopped.
const FUEL: u64 = 20_000;

/// The name of the template inside its environment, and of the map of columns inside a template.
const NAME: &str = "template";
const COLUMNS: &str = "columns";

/// A template, and the columns it reads.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub source: String,
    environment: Environment<'static>,
    /// Columns named by their header.
    plain: Vec<(String, usize)>,
    /// Columns named as `columns["header"]`.
    quoted: Vec<(String, usize)>,
    /// Whether it says itself what stands for empty columns.
    handles_empty: bool,
    /// The last part of a cell that it takes, where it takes parts.
    pub last_part: Option<usize>,
}

impl Template {
    /// Compiles a template; `column` finds the column of a header.
    pub(crate) fn new<E>(
        source: &str,
        mut column: impl FnMut(&str) -> Result<usize, E>,
        wrong: impl FnOnce(String) -> E,
    ) -> Result<Template, E> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("part", |text: String, number: usize| value::part(&text, number).to_owned());
        environment.add_filter("default", or_default);
        environment.add_filter("d", or_default);
        environment.add_function("name_of", |first: String, last: String| value::full_name(&first, &last));
        if let Err(error) = environment.add_template_owned(NAME, source.to_owned()) {
            return Err(wrong(explain(&error)));
        }
        // The library looks for a filter when a row needs it; by then others may be sent.
        for name in filters(source) {
            let tried = environment.compile_expression_owned(format!("'' | {name}")).and_then(|filter| filter.eval(()));
            if let Err(error) = tried
                && error.kind() == ErrorKind::UnknownFilter
            {
                return Err(wrong(format!("{} ({name})", t!("mapping.template_filter"))));
            }
        }
        let functions: BTreeSet<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
        let (mut plain, mut quoted) = (BTreeSet::new(), quoted_columns(source));
        // The template was just added, so it is there.
        for name in environment.get_template(NAME).map(|t| t.undeclared_variables(true)).unwrap_or_default() {
            match name.split_once('.') {
                Some((COLUMNS, header)) => quoted.insert(header.split('.').next().unwrap_or(header).to_owned()),
                _ if name == COLUMNS || functions.contains(&name) => false,
                Some((name, _)) => plain.insert(name.to_owned()),
                None => plain.insert(name),
            };
        }
        let mut find = |names: BTreeSet<String>| {
            names.into_iter().map(|name| column(&name).map(|column| (name, column))).collect::<Result<Vec<_>, E>>()
        };
        let (mut plain, quoted) = (find(plain)?, find(quoted)?);
        // The library does not name what stands inside a slice: `说明[:3]`.
        for name in names(source) {
            if let Ok(column) = column(&name)
                && !plain.iter().any(|(known, _)| *known == name)
            {
                plain.push((name, column));
            }
        }
        if source.contains("{#")
            && !source.contains("{{")
            && !source.contains("{%")
            && environment.render_str(source, ()).is_ok_and(|text| text.trim().is_empty())
        {
            return Err(wrong(t!("mapping.template_without_text").into_owned()));
        }
        let handles_empty = ["default", " or ", " if ", "{%"].iter().any(|word| source.contains(word));
        let last_part = last_part(source);
        Ok(Template { source: source.to_owned(), environment, plain, quoted, handles_empty, last_part })
    }

    /// The template that joins a first and a last name, each a header and a column.
    pub(crate) fn name_of(first: (&str, usize), last: (&str, usize)) -> Result<Template, String> {
        let source = "{{ name_of(columns['first'], columns['last']) }}";
        let column = |name: &str| match name {
            "first" => Ok(first.1),
            "last" => Ok(last.1),
            _ => Err(name.to_owned()),
        };
        let template = Template::new(source, column, |why| why)?;
        Ok(Template { source: format!("{} + {}", first.0, last.0), ..template })
    }

    /// The columns it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = usize> {
        self.plain.iter().chain(&self.quoted).map(|(_, column)| *column)
    }

    /// Its text for one row; empty when every column it reads is.
    pub(crate) fn render(&self, row: &Row) -> Result<String, Problem> {
        if self.columns().any(|column| row.cell(column).kind == CellKind::Error) {
            return Err(Problem::new("formula_error"));
        }
        let is_empty = |column: usize| row.cell(column).text.trim().is_empty();
        if !self.handles_empty && self.columns().next().is_some() && self.columns().all(is_empty) {
            return Ok(String::new());
        }
        let value = |(name, column): &(String, usize)| (name.clone(), Value::from(row.cell(*column).text.trim()));
        let columns = Value::from_pairs(self.quoted.iter().map(value));
        let context = Value::from_pairs(self.plain.iter().map(value).chain([(COLUMNS.to_owned(), columns)]));
        let rendered = self.environment.get_template(NAME).and_then(|template| template.render(context));
        let text = rendered.map_err(|error| Problem::new("template_failed").with("why", explain(&error)))?;
        Ok(text.trim().to_owned())
    }
}

/// What stands for a blank cell; the library's own filter thinks of missing values alone, and no column is missing.
fn or_default(value: Value, other: Option<Value>, _is_lenient: Option<bool>) -> Value {
    let is_blank = value.is_undefined() || value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty());
    if is_blank { other.unwrap_or_else(|| Value::from("")) } else { value }
}

/// The words of a template's expressions that may be names of columns: outside of quotation marks, not behind a dot or a bar.
fn names(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for expression in source.split('{').skip(1) {
        let expression = expression.strip_prefix('%').unwrap_or(expression);
        let expression = expression.split(['}', '%']).next().unwrap_or_default();
        // Every other piece stands in quotation marks.
        for piece in expression.split(['"', '\'']).step_by(2) {
            let mut before = ' ';
            for word in piece.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
                let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
                let is_name = name.starts_with(char::is_alphabetic) && name != COLUMNS;
                if is_name && !matches!(before, '.' | '|') {
                    names.insert(name.to_owned());
                }
                before = word.trim_end().chars().next_back().unwrap_or(before);
            }
        }
    }
    names
}

/// The words behind a bar in a template's expressions.
fn filters(source: &str) -> BTreeSet<String> {
    let mut filters = BTreeSet::new();
    for expression in source.split('{').skip(1) {
        let expression = expression.split('}').next().unwrap_or_default();
        // Every other piece stands in quotation marks.
        for piece in expression.split(['"', '\'']).step_by(2) {
            let names = piece.split('|').skip(1).map(|behind| {
                let behind = behind.trim_start();
                &behind[..behind.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(behind.len())]
            });
            filters.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    filters
}

/// The highest number of `part(…)` in a template.
fn last_part(source: &str) -> Option<usize> {
    let digits =
        |text: &str| text.trim_start().split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
    source.split("part(").skip(1).filter_map(digits).max()
}

/// What is wrong with a template, without its name and line: it has one line of the mapping file. The library's own words are
/// English, and stand in English sentences alone.
fn explain(error: &minijinja::Error) -> String {
    let key = match error.kind() {
        ErrorKind::SyntaxError => "mapping.template_syntax",
        ErrorKind::UnknownFilter => "mapping.template_filter",
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => "mapping.template_function",
        ErrorKind::UndefinedError => "mapping.template_undefined",
        ErrorKind::OutOfFuel => "mapping.template_endless",
        _ => "mapping.template_operation",
    };
    match (Language::current(), error.detail()) {
        (Language::En, Some(detail)) => format!("{}: {detail}", t!(key)),
        _ => t!(key).into_owned(),
    }
}

/// The headers of every `columns["…"]` in a template, also of branches that are rarely taken.
fn quoted_columns(source: &str) -> BTreeSet<String> {
    let mut headers = BTreeSet::new();
    for part in source.split(COLUMNS).skip(1) {
        let Some(inner) = part.trim_start().strip_prefix('[').map(str::trim_start) else { continue };
        let Some(quote) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        headers.extend(inner[1..].split_once(quote).map(|(header, _)| header.to_owned()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[&str] = &["区号", "电话", "First Name", "Last Name"];

    fn template(source: &str) -> Result<Template, String> {
        let column =
            |name: &str| HEADER.iter().position(|header| *header == name).ok_or_else(|| format!("no column {name}"));
        Template::new(source, column, |why| why)
    }

    fn rendered(source: &str, cells: &[&str]) -> Result<String, &'static str> {
        let row = Row { number: 2, line: Some(2), cells: cells.to_vec().into(), ..Row::default() };
        template(source).unwrap().render(&row).map_err(|problem| problem.code)
    }

    #[test]
    fn columns_are_joined_and_split() {
        let join = "{{ 区号 ~ '-' ~ 电话 }}";
        assert_eq!(rendered(join, &["010", " 00000000 "]), Ok("010-00000000".into()));
        assert_eq!(rendered(join, &["", ""]), Ok(String::new()));
        let names = "{{ columns[\"First Name\"] }} {{ columns['Last Name'] | upper }}";
        assert_eq!(rendered(names, &["", "", "Anna", "Example"]), Ok("Anna EXAMPLE".into()));
        assert_eq!(
            rendered("{{ (电话 | split('-') | last) | replace(' ', '') }}", &["", "010-00 00"]),
            Ok("0000".into())
        );
        assert_eq!(rendered("{% if 区号 %}{{ 区号 }}-{% endif %}{{ 电话 }}", &["", "95000"]), Ok("95000".into()));
    }

    #[test]
    fn what_a_template_says_is_never_lost_in_silence() {
        assert_eq!(rendered("来自旧系统", &["", "0000"]), Ok("来自旧系统".into()));
        assert_eq!(rendered("{{ \"来自旧系统\" }}", &["", ""]), Ok("来自旧系统".into()));
        assert_eq!(rendered("{{ 电话[:3] }}", &["", "打印机坏了"]), Ok("打印机".into()));
        assert_eq!(rendered("{{ columns[\"First Name\"][:2] }}.", &["", "", "Anna"]), Ok("An.".into()));
        assert_eq!(rendered("{{ 电话[-4:] }}", &["", "13000000001"]), Ok("0001".into()));
        assert_eq!(rendered("{{ 电话 or '无' }}", &["", ""]), Ok("无".into()));
        assert_eq!(rendered("{{ 电话 | default('无', true) }}", &["", ""]), Ok("无".into()));
        assert_eq!(rendered("{{ 电话 | default('无') }}", &["", " "]), Ok("无".into()));
        assert_eq!(rendered("{{ 电话 | d('无') }}", &["", "1"]), Ok("1".into()));
        assert_eq!(rendered("{{ 电话 | part(2) }}", &["", "13000000001、13000000002"]), Ok("13000000002".into()));
        assert_eq!(rendered("{{ 电话 | part(2) }}", &["", "13000000001"]), Ok(String::new()));
    }

    #[test]
    fn a_column_that_is_not_there_is_found_before_any_row() {
        assert_eq!(template("{{ 分机 }}").unwrap_err(), "no column 分机");
        let rare = "{% if 区号 == 'x' %}{{ columns['分机 号'] }}{% endif %}";
        assert_eq!(template(rare).unwrap_err(), "no column 分机 号");
        assert!(template("{% if 区号 %}{{ 电话 | nosuch }}{% endif %}").unwrap_err().contains("nosuch"));
        assert!(template("{{ 电话 | replace('|', '') | upper }}").is_ok());
        assert!(template("{{ 区号 ").unwrap_err().starts_with("not written as templates are: "));
    }

    #[test]
    fn a_template_that_fails_or_never_ends_is_a_finding() {
        assert_eq!(rendered("{{ (电话 | split('-'))[1] }}", &["", "0000"]), Err("template_failed"));
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ 电话 }}{% endfor %}{% endfor %}";
        assert_eq!(rendered(endless, &["", "0000"]), Err("template_failed"));
    }
}
