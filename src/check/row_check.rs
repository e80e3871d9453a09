//! One row checked: every value cleaned, everything found in one pass. A row with a mistake is refused as a whole; nothing of
//! it is ever sent.

use super::finding::Finding;
use super::record::{Record, WrongWord};
use crate::entity::{Edits, Field, Kind};
use crate::format::{Cell, CellKind, Row, column_letters};
use crate::mapping::{FieldSource, Mapping, OldIdColumn, RowRule, ValueSource};
use crate::message::Detail;
use crate::problem::{Problem, Severity};
use crate::text::trimmed;
use crate::value;

/// Codes of words that are no choices, or of which nobody can tell which choice they mean.
const WRONG_WORDS: [&str; 3] = ["not_a_choice", "not_an_option", "option_twice"];
/// The longest text, in characters, that is meant to be one line: a name, a position, a title.
const SHORT_TEXT: usize = 100;

impl Mapping {
    /// Turns a row into the values of `record` and finds everything there is to say of it.
    pub fn check(&self, row: &Row, record: &mut Record) {
        self.check_edited(row, &[], record);
    }

    /// The same for a row of a file of ours of which nobody edited the cells of some sources, by their indices: what stands in
    /// them is not sent, and nobody is asked about it.
    pub fn check_edited(&self, row: &Row, unedited: &[bool], record: &mut Record) {
        record.reset(self.sources.len());
        if self.is_left_out(row, record) {
            return;
        }
        let is_unedited = |index: usize| unedited.get(index).copied().unwrap_or_default();
        self.take_remarks(row, &is_unedited, record);
        for index in 0..self.sources.len() {
            match is_unedited(index) {
                true => record.filled[index] = true,
                false => self.check_source(index, row, record),
            }
        }
        self.move_number(record);
        for rule in &self.rules {
            self.check_rule(rule, record);
        }
        self.check_parts(row, record);
        self.take_old_id(row, record);
        self.check_width(row, record);
        self.check_shape(row, record);
    }

    /// Makes the value of one source.
    fn check_source(&self, index: usize, row: &Row, record: &mut Record) {
        let source = &self.sources[index];
        let mut rendered = String::new();
        let Some(cell) = self.said(index, row, record, &mut rendered) else { return };
        let as_written = trimmed(cell.text);
        // The record's own id is not sent, so its form is the business of whoever looks it up.
        if !source.sent && !source.required && !self.entity.is_looked_up {
            let cell = source.replaced(Cell { text: as_written, kind: cell.kind });
            record.filled[index] = !cell.text.is_empty();
            record.values[index].push_str(cell.text);
            return;
        }
        let is_clear_word = value::is_clear_word(as_written);
        if self.may_clear(source) && (is_clear_word || as_written.is_empty() && source.clears) {
            record.clears[index] = true;
            record.filled[index] = true;
            return;
        }
        // A new record has nothing to empty.
        let as_written = if is_clear_word { "" } else { as_written };
        match value::visible(&source.field, as_written, &self.options, &mut record.noticed) {
            Ok(text) => self.take_value(index, Cell { text: &text, kind: cell.kind }, as_written, record),
            Err(problem) => {
                record.filled[index] = true;
                record.findings.push(Finding::new(Some(source), source.column(), as_written, problem));
            }
        }
    }

    /// What a source says, put together in `rendered` where that takes several cells; none where there is nothing more to it.
    fn said<'r>(
        &'r self,
        index: usize,
        row: &'r Row,
        record: &mut Record,
        rendered: &'r mut String,
    ) -> Option<Cell<'r>> {
        let source = &self.sources[index];
        match &source.source {
            ValueSource::Column(column) => Some(row.cell(*column)),
            ValueSource::OldId(column) => {
                let text = trimmed(row.cell(*column).text);
                record.filled[index] = !text.is_empty();
                if !text.is_empty() || source.required {
                    let problem = if text.is_empty() { Problem::new("required") } else { Problem::new("old_id") };
                    let problem = problem.with_detail("label", source.field.labels());
                    record.findings.push(Finding::new(Some(source), Some(*column), text, problem));
                }
                None
            }
            // Filled once the number is known.
            ValueSource::Routed(_) => None,
            ValueSource::Constant(text) => Some(Cell { text, kind: CellKind::Text }),
            ValueSource::Template(template) => match template.render(row) {
                Ok(text) => {
                    *rendered = text;
                    Some(Cell { text: rendered, kind: CellKind::Text })
                }
                Err(problem) => {
                    record.filled[index] = true;
                    record.findings.push(Finding::new(Some(source), source.column(), "", problem));
                    None
                }
            },
        }
    }

    /// Whether the field of a record that is there can be emptied. A file of tags changes records, too.
    fn may_clear(&self, source: &FieldSource) -> bool {
        let sets_tags = self.entity.edits.as_ref().is_some_and(|edits| edits.set == source.field.name);
        (self.entity.may_change || sets_tags) && !source.required
    }

    /// Takes the value of a text that can be seen, as the words of the mapping and of people have it, and what is wrong with it.
    fn take_value(&self, index: usize, said: Cell<'_>, as_written: &str, record: &mut Record) {
        let source = &self.sources[index];
        let text = said.text;
        let answer = self.words.get(&source.field.name, text);
        let cell = match answer {
            Some(meant) => Cell { text: meant, kind: CellKind::Text },
            None => source.replaced(said),
        };
        record.filled[index] = !cell.text.is_empty();
        if source.values.contains_key(text) {
            record.replaced.push((index, text.to_owned()));
        }
        if !cell.text.is_empty() {
            self.clean_value(index, cell, text, record);
        }
        let is_refused = record.noticed.iter().any(|problem| problem.severity == Severity::Refused);
        if record.values[index].is_empty() && !is_refused {
            // What counts as nothing once a person consents.
            record.filled[index] = false;
            if source.required {
                record.noticed.push(self.missing(source));
                if answer.is_some() {
                    record.wrong_words.push(WrongWord { source: index, text: text.to_owned() });
                }
            }
        }
        for problem in record.noticed.drain(..) {
            // What cannot be seen is shown as it was written.
            let shown = if cell.text.is_empty() || text != as_written { as_written } else { cell.text };
            record.findings.push(Finding::new(Some(source), source.column(), shown, problem));
        }
    }

    /// Brings a value into its form, and notices what is wrong or odd about it; `text` is what the file has for it.
    fn clean_value(&self, index: usize, cell: Cell<'_>, text: &str, record: &mut Record) {
        let source = &self.sources[index];
        let value = &mut record.values[index];
        if let Err(problem) = value::clean(&source.field, cell, &self.options, value, &mut record.noticed) {
            value.clear();
            if source.field.kind == Kind::Choice && WRONG_WORDS.contains(&problem.code) {
                record.wrong_words.push(WrongWord { source: index, text: text.to_owned() });
            }
            record.noticed.push(problem);
        }
        // What the mapping says is shown as such.
        if !record.noticed.is_empty() && (cell.text != text || !source.reads_cell()) {
            record.noticed.retain(|problem| problem.code != "choice_understood");
        }
        self.look_at_name(source, cell.text, &mut record.noticed);
        self.look_at_key(source, &mut record.noticed);
        if matches!(source.field.kind, Kind::Id | Kind::Ids) && source.names_nothing(value) {
            record.noticed.push(Problem::new("zero_id"));
        }
        if source.foreign {
            record.noticed.push(Problem::held("old_id_mapped").with_detail("label", source.field.labels()));
        }
    }

    /// What is wrong with a row that lacks what is required. One that does not name its record may be found by something else.
    fn missing(&self, source: &FieldSource) -> Problem {
        let has_column = |name: &String| self.position(name).is_some();
        let key = self.entity.keys.iter().find(|key| key.iter().all(has_column));
        let Some(key) = key.filter(|_| self.entity.is_own_id(&source.field)) else { return Problem::new("required") };
        let labels = key.iter().filter_map(|name| self.entity.field(name)).map(Field::labels);
        Problem::new("no_id").with_detail("labels", Detail::List(labels.collect())).with("key", key.join(","))
    }

    /// A day is no name that a record is known by, however it is written.
    fn look_at_key(&self, source: &FieldSource, noticed: &mut [Problem]) {
        let name = &source.field.name;
        let is_key =
            || self.entity.display.as_ref() == Some(name) || self.entity.keys.iter().flatten().any(|key| key == name);
        for problem in noticed.iter_mut().filter(|problem| problem.code == "date_cell_in_text") {
            if is_key() {
                problem.severity = Severity::Held;
            }
        }
    }

    /// What a name can hardly be: a word for "nothing", or several lines.
    fn look_at_name(&self, source: &FieldSource, text: &str, noticed: &mut Vec<Problem>) {
        let field = &source.field;
        if field.kind != Kind::Text {
            return;
        }
        let is_name = self.entity.display.as_ref() == Some(&field.name);
        if is_name && noticed.is_empty() && value::is_no_name(text) {
            noticed.push(Problem::held("no_name"));
        }
        let is_of_one_line = is_name || field.text_only || field.max.is_some_and(|max| max <= SHORT_TEXT);
        if is_of_one_line && text.contains(['\n', '\r']) {
            let count = text.split(['\n', '\r']).filter(|line| !line.is_empty()).count();
            noticed.push(Problem::held("line_breaks").with("count", count));
        }
    }

    /// The id that the record has in another system. One that a spreadsheet program has damaged would be that of others, too.
    fn take_old_id(&self, row: &Row, record: &mut Record) {
        let Some(OldIdColumn { column, .. }) = &self.old_id else { return };
        let cell = row.cell(*column);
        match value::foreign_id(cell) {
            Ok(id) => {
                let names_record = |edits: &Edits| record.value(self, &edits.record).is_some();
                // Tags are those of a record that the row names in one way or the other.
                if id.is_empty() && self.entity.edits.as_ref().is_some_and(|edits| !names_record(edits)) {
                    record.findings.push(Finding::new(None, Some(*column), "", Problem::new("required")));
                }
                record.old_id = id;
            }
            Err(problem) => record.findings.push(Finding::new(None, Some(*column), trimmed(cell.text), problem)),
        }
    }

    /// A landline in the field for mobile numbers, or the other way round, goes where it belongs when that is empty.
    fn move_number(&self, record: &mut Record) {
        let Some((mobile, phone)) = self.phones else { return self.note_mobile_in_landline(self.lone_phone, record) };
        let is_landline = |finding: &Finding| finding.code == value::LANDLINE_IN_MOBILE;
        let is_mobile = value::is_mainland_mobile(&record.values[phone]);
        let (from, to) = match (record.filled[mobile], record.filled[phone]) {
            (true, false) => (mobile, phone),
            (false, true) if is_mobile => (phone, mobile),
            (true, true) if is_mobile && record.findings.iter().any(is_landline) => {
                return self.swap_numbers(mobile, phone, record);
            }
            (true, true) if is_mobile => return self.note_mobile_in_landline(Some(phone), record),
            _ => return,
        };
        if from == mobile && !record.findings.iter().any(is_landline) {
            return;
        }
        let is_routed = matches!(self.sources[to].source, ValueSource::Routed(_));
        let takes = is_routed || matches!(self.sources[to].source, ValueSource::Column(_));
        if is_routed && self.options.keep_raw {
            return self.note_mobile_in_landline(Some(from), record);
        }
        if self.options.keep_raw || !takes || self.sources[from].required {
            return;
        }
        record.findings.retain(|finding| !is_landline(finding));
        let value = std::mem::take(&mut record.values[from]);
        let code = if is_routed { "mobile_routed" } else { "number_moved" };
        let problem = Problem::word(code).with_detail("field", self.sources[to].field.labels());
        let source = &self.sources[from];
        record.findings.push(Finding::new(Some(source), source.column(), &value, problem));
        record.values[to] = value;
        record.filled.swap(from, to);
    }

    /// A landline in the field for mobile numbers and a mobile number in that for landlines change places.
    fn swap_numbers(&self, mobile: usize, phone: usize, record: &mut Record) {
        if self.options.keep_raw {
            return;
        }
        record.findings.retain(|finding| finding.code != value::LANDLINE_IN_MOBILE);
        let source = &self.sources[mobile];
        let problem = Problem::word("numbers_swapped").with_detail("field", self.sources[phone].field.labels());
        let value = record.values[mobile].clone();
        record.findings.push(Finding::new(Some(source), source.column(), &value, problem));
        record.values.swap(mobile, phone);
    }

    /// Says of a mobile number in the field for landlines that it stays there.
    fn note_mobile_in_landline(&self, phone: Option<usize>, record: &mut Record) {
        let Some(phone) = phone.filter(|phone| value::is_mainland_mobile(&record.values[*phone])) else { return };
        let source = &self.sources[phone];
        let problem = Problem::word("mobile_in_landline").with_detail("field", source.field.labels());
        let value = record.values[phone].clone();
        record.findings.push(Finding::new(Some(source), source.column(), &value, problem));
    }

    /// What the reader noticed of the row and of its cells that are sent.
    fn take_remarks(&self, row: &Row, is_unedited: &impl Fn(usize) -> bool, record: &mut Record) {
        for remark in &row.remarks {
            let text = remark.column.map_or("", |column| row.cell(column).text);
            let reads = |(index, source): &(usize, &FieldSource)| {
                remark.column.is_some_and(|column| source.reads(column)) && !is_unedited(*index)
            };
            let source = self.sources.iter().enumerate().find(reads).map(|(_, source)| source);
            // What a column of ids says in words is looked up, and asked about where nobody is called so.
            let is_looked_up = || source.is_some_and(|source| source.field.takes_words);
            if remark.problem.code == "value_slipped" && is_looked_up() {
                continue;
            }
            if remark.column.is_none() || source.is_some() {
                record.findings.push(Finding::new(source, remark.column, text, remark.problem.clone()));
            }
        }
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
            RowRule::Wished { sources, label } => {
                if !sources.iter().any(|index| record.filled[*index]) {
                    let source = sources.first().map(|index| &self.sources[*index]);
                    let problem = Problem::held("no_customer").with_detail("label", label.clone());
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

    /// A part of a cell that no template takes would be lost without a word.
    fn check_parts(&self, row: &Row, record: &mut Record) {
        for (column, last) in &self.parted {
            let text = row.cell(*column).text;
            let count = value::count_parts(text);
            if count > *last {
                let problem = Problem::new("parts_left_over").with("count", count).with("last", last);
                record.findings.push(Finding::new(None, Some(*column), text.trim(), problem));
            }
        }
    }

    /// Whether the mapping file leaves the row out; that is all there is to say of it then.
    fn is_left_out(&self, row: &Row, record: &mut Record) -> bool {
        let found = self.skip.iter().find(|(column, texts)| {
            let text = row.cell(*column).text.trim();
            texts.iter().any(|skipped| skipped.trim() == text)
        });
        if let Some((column, _)) = found {
            let text = row.cell(*column).text.trim();
            record.findings.push(Finding::new(None, Some(*column), text, Problem::skipped("skip_condition")));
        }
        found.is_some()
    }

    /// Cells beyond the header belong to no column: a value has slipped, or a comma was not quoted.
    fn check_width(&self, row: &Row, record: &mut Record) {
        if row.cells.len() <= self.width() {
            return;
        }
        let extra = (self.width()..row.cells.len()).find(|column| !row.cell(*column).text.trim().is_empty());
        if let Some(column) = extra {
            // Lines are those of a text.
            let problem = Problem::new(if row.line.is_some() { "ragged" } else { "right_of_table" })
                .with("line", row.line.unwrap_or(row.number))
                .with("cells", row.cells.len())
                .with("columns", self.width())
                .with("last", column_letters(self.width().saturating_sub(1)))
                .with("number", column + 1);
            record.findings.push(Finding::new(None, Some(column), row.cell(column).text.trim(), problem));
        }
    }
}

impl FieldSource {
    /// Whether the value is made of this column.
    fn reads(&self, column: usize) -> bool {
        match &self.source {
            ValueSource::Column(own) | ValueSource::OldId(own) => *own == column,
            ValueSource::Constant(_) | ValueSource::Routed(_) => false,
            ValueSource::Template(template) => template.columns().any(|own| own == column),
        }
    }

    /// The column a person has to look at; none for a constant, the first of a template.
    fn column(&self) -> Option<usize> {
        match &self.source {
            ValueSource::Column(column) | ValueSource::OldId(column) | ValueSource::Routed(column) => Some(*column),
            ValueSource::Constant(_) => None,
            ValueSource::Template(template) => template.columns().min(),
        }
    }

    /// Whether the text is that of a cell, as it stands there.
    fn reads_cell(&self) -> bool {
        matches!(self.source, ValueSource::Column(_))
    }

    /// Whether an id, or one of several, is that of no record: 0.
    fn names_nothing(&self, value: &str) -> bool {
        let names_record = self.required || (self.field.reference.is_some() && !self.field.zero_is_none);
        let is_zero = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte == b'0');
        names_record && value.bytes().any(|byte| byte == b'0') && value.split(',').any(is_zero)
    }

    /// Another text in place of a cell's where the mapping says so; the default when it is empty.
    fn replaced<'a>(&'a self, cell: Cell<'a>) -> Cell<'a> {
        let of_mapping = |text: &'a String| Cell { text, kind: CellKind::Text };
        match (cell.text, &self.default) {
            ("", Some(default)) => of_mapping(default),
            _ if self.values.is_empty() => cell,
            (text, _) => self.values.get(text).map_or(cell, of_mapping),
        }
    }
}
