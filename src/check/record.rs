//! One row made into a record: every value cleaned, every mistake found in one pass. A row with a finding is refused as
//! a whole; nothing of it is ever sent.

use unicode_normalization::UnicodeNormalization;

use crate::entity::{Field, Kind};
use crate::format::{Cell, CellKind, Row, column_letters};
use crate::language::Language;
use crate::mapping::{FieldSource, Mapping, RowRule, ValueSource};
use crate::message::Message;
use crate::text;
use crate::value::{self, Problem};

/// The longest part of a value that a finding shows, in characters.
const SHOWN: usize = 60;

/// A mistake in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The column, counted from 0; none when the row as a whole or a constant is at fault.
    pub column: Option<usize>,
    /// The name of the field; none when the mistake is not about one.
    pub field: Option<String>,
    /// What kind of mistake, for scripts.
    pub code: &'static str,
    /// The cell's text: safe to show, shortened, masked when the field is secret.
    pub value: String,
    /// What is wrong.
    pub rule: Message,
    /// What to do about it.
    pub hint: Message,
}

impl Finding {
    fn new(source: Option<&FieldSource>, column: Option<usize>, text: &str, problem: Problem) -> Self {
        let value = if source.is_some_and(|source| source.field.secret) && !text.is_empty() {
            "•••".to_owned()
        } else {
            text::clean(&text::shorten(text, SHOWN)).into_owned()
        };
        Finding {
            column,
            field: source.map(|source| source.field.name.clone()),
            code: problem.code,
            value,
            rule: problem.rule(),
            hint: problem.hint(),
        }
    }
}

/// The values of one row, reused from row to row so that checking does not allocate.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// One cleaned text for each source of the mapping; empty when nothing is to be sent.
    values: Vec<String>,
    /// Whether the cell of a source held anything, be it good or not.
    filled: Vec<bool>,
    /// What is wrong with the row.
    pub findings: Vec<Finding>,
}

impl Mapping {
    /// Turns a row into the values of `record` and finds everything that is wrong with it.
    pub fn check(&self, row: &Row, record: &mut Record) {
        record.reset(self.sources.len());
        for (source, index) in self.sources.iter().zip(0..) {
            let rendered;
            let cell = match &source.source {
                ValueSource::Column(column) => source.replaced(row.cell(*column)),
                ValueSource::Constant(text) => source.replaced(Cell { text, kind: CellKind::Text }),
                ValueSource::Template(template) => match template.render(row) {
                    Ok(text) => {
                        rendered = text;
                        source.replaced(Cell { text: &rendered, kind: CellKind::Text })
                    }
                    Err(problem) => {
                        record.filled[index] = true;
                        record.findings.push(Finding::new(Some(source), source.column(), "", problem));
                        continue;
                    }
                },
            };
            record.filled[index] = !cell.text.is_empty();
            if cell.text.is_empty() {
                if source.required {
                    record.findings.push(Finding::new(Some(source), source.column(), "", Problem::new("required")));
                }
                continue;
            }
            let value = &mut record.values[index];
            // The record's own id is not sent, so its form is the business of whoever looks it up.
            if !source.sent && !source.required {
                value.push_str(cell.text);
                continue;
            }
            if let Err(problem) = value::clean(&source.field, cell, value) {
                value.clear();
                record.findings.push(Finding::new(Some(source), source.column(), cell.text, problem));
            }
        }
        for rule in &self.rules {
            self.check_rule(rule, record);
        }
        self.check_width(row, record);
    }

    fn check_rule(&self, rule: &RowRule, record: &mut Record) {
        match rule {
            RowRule::OneOf { sources, labels } => {
                if !sources.iter().any(|index| record.filled[*index]) {
                    let source = sources.first().map(|index| &self.sources[*index]);
                    let problem = Problem::new("one_of").with_detail("labels", labels.clone());
                    record.findings.push(Finding::new(source, source.and_then(FieldSource::column), "", problem));
                }
            }
            RowRule::Excludes { source, others } => {
                if record.filled[*source] && others.iter().any(|index| record.filled[*index]) {
                    let field = &self.sources[*source];
                    let value = record.values[*source].clone();
                    let problem = Problem::new("set_excludes");
                    record.findings.push(Finding::new(Some(field), field.column(), &value, problem));
                }
            }
        }
    }

    /// Cells beyond the header belong to no column: a value has slipped, or a comma was not quoted.
    fn check_width(&self, row: &Row, record: &mut Record) {
        if row.cells.len() <= self.width() {
            return;
        }
        let extra = (self.width()..row.cells.len()).find(|column| !row.cell(*column).text.trim().is_empty());
        if let Some(column) = extra {
            let problem = Problem::new("ragged")
                .with("line", row.line.unwrap_or(row.number))
                .with("cells", row.cells.len())
                .with("columns", self.width())
                .with("last", column_letters(self.width().saturating_sub(1)));
            record.findings.push(Finding::new(None, Some(column), row.cell(column).text.trim(), problem));
        }
    }
}

impl FieldSource {
    /// The column a person has to look at; none for a constant, the first of a template.
    fn column(&self) -> Option<usize> {
        match &self.source {
            ValueSource::Column(column) => Some(*column),
            ValueSource::Constant(_) => None,
            ValueSource::Template(template) => template.columns().min(),
        }
    }

    /// The cell without the spaces around it; another text in its index where the mapping says so; the default when it
    /// is empty.
    fn replaced<'a>(&'a self, cell: Cell<'a>) -> Cell<'a> {
        let of_mapping = |text: &'a String| Cell { text, kind: CellKind::Text };
        let text = trimmed(cell.text);
        match (text, &self.default) {
            ("", Some(default)) => of_mapping(default),
            _ if self.values.is_empty() => Cell { text, kind: cell.kind },
            _ => self.values.get(text).map_or(Cell { text, kind: cell.kind }, of_mapping),
        }
    }
}

impl Record {
    fn reset(&mut self, sources: usize) {
        self.values.resize_with(sources, String::new);
        self.values.iter_mut().for_each(String::clear);
        self.filled.clear();
        self.filled.resize(sources, false);
        self.findings.clear();
    }

    /// The cleaned value of a field; none when the file has no source for it or the cell is empty.
    pub fn value(&self, mapping: &Mapping, field: &str) -> Option<&str> {
        let value = self.values.get(mapping.position(field)?)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// Writes the first natural key whose fields are all filled into `out`, in a form in which equal keys are equal
    /// bytes, and tells which of the entity's keys it is.
    pub fn key(&self, mapping: &Mapping, out: &mut Vec<u8>) -> Option<u8> {
        out.clear();
        let filled = |sources: &[usize]| sources.iter().all(|index| !self.values[*index].is_empty());
        let key = mapping.keys.iter().find(|key| filled(&key.sources))?;
        out.push(key.number);
        for index in &key.sources {
            push_key_part(mapping.sources[*index].field.kind, &self.values[*index], out);
            // No text holds this byte: it is no part of UTF-8.
            out.push(0xff);
        }
        Some(key.number)
    }

    /// Appends the record as the JSON body of a request, inside the member `wrap` when there is one. Every value is a
    /// JSON string; fields without a value are left out, so that nothing is cleared by an empty cell.
    pub fn write_body(&self, mapping: &Mapping, wrap: Option<&str>, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(wrap) = wrap {
            push_json_text(wrap, out);
            out.extend_from_slice(b":{");
        }
        let mut first = true;
        for (source, value) in self.sent(mapping).filter(|(source, _)| !source.field.custom) {
            push_separator(&mut first, out);
            out.extend_from_slice(&source.head);
            push_json_text(value, out);
        }
        let mut first_custom = true;
        let custom = mapping.has_custom.then(|| self.sent(mapping).filter(|(source, _)| source.field.custom));
        for (source, value) in custom.into_iter().flatten() {
            if first_custom {
                push_separator(&mut first, out);
                out.extend_from_slice(&mapping.custom_head);
            }
            push_separator(&mut first_custom, out);
            out.extend_from_slice(&source.head);
            push_json_text(value, out);
            out.push(b'}');
        }
        if !first_custom {
            out.push(b']');
        }
        if wrap.is_some() {
            out.push(b'}');
        }
        out.push(b'}');
    }

    /// What a request carries: fields and values, empty ones left out.
    pub(crate) fn sent<'a>(&'a self, mapping: &'a Mapping) -> impl Iterator<Item = (&'a FieldSource, &'a str)> {
        mapping
            .sources
            .iter()
            .zip(&self.values)
            .filter(|(source, value)| source.sent && !value.is_empty())
            .map(|(source, value)| (source, value.as_str()))
    }

    /// What will be sent, for a person to look at: labels and values, secrets masked.
    pub fn shown(&self, mapping: &Mapping) -> Vec<(String, String)> {
        let language = Language::current();
        let value = |field: &Field, text: &str| match field.choice(text) {
            _ if field.secret => "•••".to_owned(),
            Some(choice) => choice.label(language).to_owned(),
            None => text::clean(text).into_owned(),
        };
        self.sent(mapping)
            .map(|(source, text)| (source.field.label(language).to_owned(), value(&source.field, text)))
            .collect()
    }
}

/// [`str::trim`], which most cells do not need.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

fn push_separator(first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(first) {
        out.push(b',');
    }
}

fn push_json_text(text: &str, out: &mut Vec<u8>) {
    // Neither a text nor writing to memory can fail.
    let _ = serde_json::to_writer(out, text);
}

/// Width, case and spaces do not make another key, nor do the signs in a telephone number.
fn push_key_part(kind: Kind, value: &str, out: &mut Vec<u8>) {
    match kind {
        Kind::Mobile | Kind::Phone => {
            out.extend(value.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'(' | b')')))
        }
        _ if value.is_ascii() => {
            out.extend(value.bytes().filter(|byte| *byte != b' ').map(|byte| byte.to_ascii_lowercase()));
        }
        _ => {
            let mut buffer = [0; 4];
            for c in value.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()) {
                out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entity::{AccountMode, Catalog, Entity};
    use crate::format::Sheet;

    fn plan_of(entity: &Entity, header: &[&str]) -> Mapping {
        let header = header.iter().map(|title| (*title).to_owned()).collect();
        let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
        Mapping::new(entity, &Catalog::embedded().service.custom, &sheet, None, AccountMode::Business).unwrap()
    }

    fn mapping(entity: &str, header: &[&str]) -> Mapping {
        plan_of(Catalog::embedded().get(entity).unwrap(), header)
    }

    fn checked(mapping: &Mapping, cells: &[&str]) -> Record {
        let row = Row { number: 2, line: Some(2), cells: cells.to_vec().into(), ..Row::default() };
        let mut record = Record::default();
        mapping.check(&row, &mut record);
        record
    }

    fn body(mapping: &Mapping, record: &Record, wrap: Option<&str>) -> String {
        let mut out = Vec::new();
        record.write_body(mapping, wrap, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn codes(record: &Record) -> Vec<(&'static str, Option<usize>)> {
        record.findings.iter().map(|finding| (finding.code, finding.column)).collect()
    }

    const HEADER: &[&str] = &["姓名", "手机*", "所属公司编号", "客户标签", "联系人编号"];

    #[test]
    fn a_good_row_becomes_a_body() {
        let mapping = mapping("customers", HEADER);
        let record = checked(&mapping, &[" 示例 \"张三\" ", "130 0000 0001", "20001", "甲，乙", "50001"]);
        assert_eq!(record.findings, []);
        assert_eq!(
            body(&mapping, &record, Some("user")),
            r#"{"user":{"name":"示例 \"张三\"","mobile":"13000000001","companyId":"20001","tableName":"甲,乙"}}"#
        );
        assert_eq!(record.value(&mapping, "cId"), Some("50001"));
        assert_eq!(record.value(&mapping, "email"), None);
    }

    #[test]
    fn an_empty_cell_is_left_out() {
        let mapping = mapping("customers", HEADER);
        let record = checked(&mapping, &["", "13000000001", "20001"]);
        assert_eq!(body(&mapping, &record, None), r#"{"mobile":"13000000001","companyId":"20001"}"#);
    }

    #[test]
    fn custom_fields_are_a_list_of_pairs() {
        let mut customers = Catalog::embedded().get("customers").unwrap().clone();
        for (key, label) in [("field_1", "客户等级"), ("field_2", "渠道")] {
            let mut field = customers.field("note").unwrap().clone();
            field.name = key.to_owned();
            field.zh = label.to_owned();
            field.en = label.to_owned();
            field.aliases = Vec::new();
            field.custom = true;
            customers.fields.push(field);
        }
        let mapping = plan_of(&customers, &["手机", "公司编号", "客户等级", "渠道"]);
        let record = checked(&mapping, &["13000000001", "20001", "A", "门店"]);
        assert_eq!(
            body(&mapping, &record, Some("user")),
            r#"{"user":{"mobile":"13000000001","companyId":"20001","custom_fields":[{"key":"field_1","value":"A"},{"key":"field_2","value":"门店"}]}}"#
        );
        let record = checked(&mapping, &["13000000001", "20001"]);
        assert_eq!(body(&mapping, &record, None), r#"{"mobile":"13000000001","companyId":"20001"}"#);
    }

    #[test]
    fn all_mistakes_of_a_row_are_found_at_once() {
        let mapping = mapping("customers", HEADER);
        let record = checked(&mapping, &["#N/A", "", "A1", "甲,,乙", "", "多余"]);
        assert_eq!(
            codes(&record),
            [
                ("formula_error", Some(0)),
                ("not_an_id", Some(2)),
                ("empty_tag", Some(3)),
                ("one_of", Some(1)),
                ("ragged", Some(5)),
            ]
        );
        assert_eq!(codes(&checked(&mapping, &["", "13000000001"])), [("required", Some(2))]);
    }

    #[test]
    fn a_secret_is_never_shown() {
        let agents = Catalog::embedded().entities().iter().find_map(|entity| {
            let secret = entity.fields.iter().find(|field| field.secret && !field.read_only)?;
            Some((entity, secret))
        });
        let (entity, secret) = agents.expect("the catalog has a secret that can be written");
        let mut entity = entity.clone();
        entity.rules.clear();
        entity.fields.retain(|field| field.name == secret.name);
        let record = checked(&plan_of(&entity, &[&secret.name]), &["geheim\u{7}"]);
        let finding = &record.findings[0];
        assert_eq!((finding.code, finding.value.as_str()), ("control_character", "•••"));
        assert!(!format!("{finding:?}").contains("geheim"));
    }

    #[test]
    fn replacing_tags_excludes_adding_and_removing() {
        let mapping = mapping("tags", &["对象类型", "记录编号", "添加标签", "设为标签"]);
        assert_eq!(codes(&checked(&mapping, &["联系人", "1", "甲", ""])), []);
        assert_eq!(codes(&checked(&mapping, &["联系人", "1", "", ""])), [("one_of", Some(2))]);
        assert_eq!(codes(&checked(&mapping, &["联系人", "1", "甲", "乙"])), [("set_excludes", Some(3))]);
    }

    #[test]
    fn a_key_is_the_first_whose_fields_are_filled() {
        let mapping = mapping("customers", &["姓名", "手机", "电话", "公司编号"]);
        let key = |cells: &[&str]| {
            let mut out = Vec::new();
            let record = checked(&mapping, cells);
            record.key(&mapping, &mut out).map(|number| (mapping.key_fields(number).join("+"), out))
        };
        assert_eq!(key(&["", "+86 130 0000 0001", "", "1"]), key(&["甲", "13000000001", "010-1", "2"]));
        let landline = key(&["Ａb c", "", "010-00000000", "1"]);
        assert_eq!(landline.as_ref().unwrap().0, "fixnumber+name");
        assert_eq!(landline, key(&["abC", "", "(010)0000 0000", "1"]));
        assert_ne!(landline, key(&["abd", "", "010-00000000", "1"]));
        assert_eq!(key(&["", "", "010-00000000", "1"]), None);
    }

    #[test]
    fn every_code_has_its_words_in_both_languages() {
        let texts = include_str!("../../locales/check.yml");
        for source in [
            include_str!("../value/clean.rs"),
            include_str!("../value/text.rs"),
            include_str!("../value/phone.rs"),
            include_str!("../value/date.rs"),
            include_str!("record.rs"),
        ] {
            for part in source.split("Problem::new(\"").skip(1) {
                let code = part.split('"').next().unwrap();
                assert!(texts.contains(&format!("\ncheck.{code}:\n  en: \"")), "{code}");
                assert!(texts.contains(&format!("\ncheck.{code}_hint:\n  en: \"")), "{code}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_body_is_json_and_holds_the_values(cells in proptest::collection::vec(any::<String>(), 0..8)) {
            let mapping = mapping("customers", &["姓名", "备注", "职位", "手机", "公司编号", "标签"]);
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let record = checked(&mapping, &cells);
            let parsed: serde_json::Value = serde_json::from_str(&body(&mapping, &record, Some("user"))).unwrap();
            let members = parsed["user"].as_object().unwrap();
            let mut filled = 0;
            for field in ["name", "note", "position", "mobile", "companyId", "tableName"] {
                let value = record.value(&mapping, field);
                filled += usize::from(value.is_some());
                prop_assert_eq!(members.get(field).and_then(|value| value.as_str()), value);
            }
            prop_assert_eq!(members.len(), filled);
        }

        #[test]
        fn no_row_is_too_strange(cells in proptest::collection::vec("[\\x00-\\x{ffff}]{0,20}|[0-9eE.+-]{0,20}", 0..12), kinds in proptest::collection::vec(0usize..6, 12)) {
            let all = [CellKind::Text, CellKind::Number, CellKind::Date, CellKind::DateTime, CellKind::Bool, CellKind::Error];
            for entity in Catalog::embedded().entities().iter().filter(|entity| entity.is_importable()) {
                let header: Vec<&str> = entity.fields.iter().map(|field| field.zh.as_str()).collect();
                let mapping = plan_of(entity, &header);
                let row = Row { number: 2, line: None, cells: cells.clone().into(), kinds: kinds.iter().map(|kind| all[*kind]).collect(), ..Row::default() };
                let mut record = Record::default();
                mapping.check(&row, &mut record);
                record.key(&mapping, &mut Vec::new());
            }
        }
    }
}
