//! Rows that are no data by the look of them: totals and remarks around a table, what to fill in below its header, its
//! headings once more, a lone text where other rows have more.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::finding::Finding;
use super::record::Record;
use crate::entity::{Catalog, Form, Kind};
use crate::format::{Row, is_labelled, is_line_of_totals, is_remark, is_sum, is_totals, is_word_for_totals};
use crate::mapping::{FieldSource, Mapping, ValueSource};
use crate::problem::{Problem, Severity};
use crate::text::trimmed;
use crate::value;

/// Code of a row that is the header of other columns than those of the file.
pub const OTHER_HEADINGS: &str = "other_headings";
/// Headings that tables have whose columns no field knows.
const MORE_HEADINGS: &[&str] = &[
    "序号",
    "编号",
    "姓名",
    "名称",
    "联系人",
    "负责人",
    "电话",
    "联系电话",
    "手机",
    "邮箱",
    "地址",
    "部门",
    "职位",
    "日期",
    "时间",
    "金额",
    "单价",
    "数量",
    "合计",
    "备注",
    "说明",
    "状态",
    "类型",
    "类别",
    "分公司",
    "分类",
    "性别",
    "年龄",
    "城市",
    "省份",
    "地区",
    "区域",
    "产品",
    "规格",
    "单位",
    "no.",
    "name",
    "phone",
    "tel",
    "email",
    "address",
    "date",
    "amount",
    "price",
    "quantity",
    "note",
    "notes",
    "status",
    "type",
];
/// What headings end in.
const HEADING_ENDINGS: &[&str] = &[
    "名称",
    "全称",
    "简称",
    "姓名",
    "名字",
    "地址",
    "电话",
    "手机",
    "手机号",
    "手机号码",
    "号码",
    "邮箱",
    "网址",
    "日期",
    "时间",
    "备注",
    "说明",
    "状态",
    "编号",
    "职位",
    "职务",
    "部门",
    "金额",
    "余额",
    "省份",
    "城市",
    "性别",
    "行业",
    "类型",
    "等级",
    "级别",
    "标签",
    "负责人",
    "联系人",
    "联系方式",
    "传真",
    "邮编",
];
/// Most filled cells of a row that is a remark.
const REMARK_CELLS: usize = 6;
/// The shortest other name of a field that is no name of a record, in characters.
const TELLING_HEADING: usize = 3;
/// Signs of which the lines between the rows of a printed table are made.
const RULER_SIGNS: &[char] = &['-', '=', '_', '*', '~', '+', '|', '—', '–', '─', '━', '═', '┼', '·', '.', '#'];

/// What the name of an organisation ends in.
const ORGANIZATIONS: &[&str] = &["公司", "集团", "Ltd", "Ltd.", "Inc", "Inc.", "GmbH", "LLC", "Corp."];
/// What the name of a part of one ends in, which may head a part of a table.
const PARTS_OF_ONE: [&str; 3] = ["分公司", "子公司", "总公司"];

/// The names of all fields of all entities, those in ASCII in lower case.
static HEADINGS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let fields = Catalog::embedded().entities().iter().flat_map(|entity| &entity.fields);
    let names = fields.flat_map(|field| {
        let of_clues = field.by.values().flatten();
        [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases).chain(of_clues)
    });
    let more = MORE_HEADINGS.iter().map(|name| (*name).to_owned());
    names.map(|name| name.to_ascii_lowercase()).chain(more).collect()
});

impl Mapping {
    /// Notes when a row looks like no record. It waits for a person; where it could not be sent anyway, that is one more
    /// reason.
    pub(super) fn check_shape(&self, row: &Row, record: &mut Record) {
        let is_somebody = self.has_contact(record) || self.names_record(record);
        // Of a row that names somebody only one look counts, and it is the quickest.
        let looked = match is_somebody && !self.is_another_header(row) {
            true => None,
            false => self.look(row),
        };
        let code = match (self.look_at_name_of(row), looked) {
            (_, Some(OTHER_HEADINGS)) => OTHER_HEADINGS,
            (Some(code), _) => code,
            (None, Some(code)) if !is_somebody => code,
            _ => return,
        };
        let is_refused = record.severity() == Some(Severity::Refused);
        // What tore it off says more.
        let is_torn = || row.remarks.iter().any(|remark| remark.problem.code == "broken_line");
        if code == "lone_cell" && (is_refused || (self.width() == 2 && is_torn())) {
            return;
        }
        let problem = if is_refused { Problem::new(code) } else { Problem::held(code) };
        record.findings.insert(0, Finding::new(None, None, first_text(row), problem));
    }

    /// What a row is when the name of its record is a heading or a word for totals, whatever stands beside it.
    fn look_at_name_of(&self, row: &Row) -> Option<&'static str> {
        let (source, column) = self.column_of_name()?;
        let text = without_marks(row.cell(column).text);
        if text.is_empty() {
            return None;
        }
        if is_word_for_totals(text) {
            return Some("totals_row_by_words");
        }
        let field = &source.field;
        let is_heading = [&field.name, &field.zh, &field.en].iter().any(|name| *name == text)
            || text == without_marks(self.header(column))
            || (text.chars().count() >= TELLING_HEADING && source.is_heading(text));
        is_heading.then_some("headings_row")
    }

    /// What records are called by, and its column.
    fn column_of_name(&self) -> Option<(&FieldSource, usize)> {
        let name = self.entity.display.as_ref()?;
        let source = self.sources.iter().find(|source| source.field.name == *name)?;
        match source.source {
            ValueSource::Column(column) => Some((source, column)),
            _ => None,
        }
    }

    /// What a row is whose record would be called as nothing is. Where texts of people are kept, a title may be anything.
    fn look_at_line(&self, row: &Row) -> Option<&'static str> {
        let (_, column) = self.column_of_name()?;
        let name = trimmed(row.cell(column).text);
        let code = match name {
            _ if is_line_of_totals(name) => "totals_row_by_words",
            _ if is_labelled(name) => "remark_row",
            _ => return None,
        };
        (!self.entity.fields.iter().any(|field| field.kind == Kind::Html)).then_some(code)
    }

    /// What a row looks like, if not like a record.
    fn look(&self, row: &Row) -> Option<&'static str> {
        if let Some(code) = self.look_at_line(row) {
            return Some(code);
        }
        if is_totals(row) || is_sum(row) {
            return Some("totals_row_by_words");
        }
        if self.is_instruction(row) {
            return Some("instruction_row");
        }
        if self.repeats_headings(row) {
            return Some("headings_row");
        }
        if self.is_second_header(row) {
            return Some("headings_row");
        }
        if self.is_another_header(row) {
            return Some(OTHER_HEADINGS);
        }
        let mut texts = [""; REMARK_CELLS];
        let mut filled = 0;
        for text in row.cells.iter().map(trimmed).filter(|text| !text.is_empty()) {
            *texts.get_mut(filled)? = text;
            filled += 1;
        }
        if is_remark(&texts[..filled]) {
            return Some("remark_row");
        }
        let is_lone = filled == 1 && self.lone_cells_are_rare && self.width() > 1;
        (is_lone && !self.names_organization(row)).then_some("lone_cell")
    }

    /// Whether all that a row says is the name of an organisation, which no part of a table is called.
    fn names_organization(&self, row: &Row) -> bool {
        let is_name = |source: &&FieldSource| source.field.form == Some(Form::Organization);
        let columns = self.sources.iter().filter(is_name).filter_map(|source| match source.source {
            ValueSource::Column(column) => Some(column),
            _ => None,
        });
        columns.map(|column| row.cell(column).text.trim()).any(|name| {
            let is_part = || PARTS_OF_ONE.iter().any(|end| name.ends_with(end));
            ORGANIZATIONS.iter().any(|end| name.len() > end.len() && name.ends_with(end)) && !is_part()
        })
    }

    /// Whether all that stands in the columns that are sent are headings of these columns.
    fn repeats_headings(&self, row: &Row) -> bool {
        let (mut found, mut are_near) = (0, true);
        for source in &self.sources {
            let ValueSource::Column(column) = source.source else { continue };
            let text = trimmed(row.cell(column).text);
            if text.is_empty() {
                continue;
            }
            let text = without_marks(text);
            let is_heading = source.is_heading(text) || text == self.header(column);
            if !is_heading && !source.is_nearly_heading(text) {
                return false;
            }
            are_near &= !is_heading;
            found += 1;
        }
        found > 1 || (found == 1 && !are_near)
    }

    /// Whether a row is the header of another table, or of these columns in another order: its texts are names of fields,
    /// one aside, and none of them is a value that its column takes.
    fn is_another_header(&self, row: &Row) -> bool {
        let (mut headings, mut others) = (0, 0);
        for (column, text) in row.cells.iter().enumerate() {
            let text = without_marks(text);
            if text.is_empty() {
                continue;
            }
            if is_any_heading(text) && !self.is_choice(column, text) {
                headings += 1;
                continue;
            }
            others += 1;
            if others > 1 || text.bytes().any(|byte| byte.is_ascii_digit()) {
                return false;
            }
        }
        headings > 1 && (others == 0 || headings > others)
    }

    /// Whether a row right below the header says in other words what its columns are: `公司全称`, `详细地址`. Where texts of people
    /// are kept, `修改地址` may be one.
    fn is_second_header(&self, row: &Row) -> bool {
        if row.number != self.header_row + 1 || self.entity.fields.iter().any(|field| field.kind == Kind::Html) {
            return false;
        }
        let (mut filled, mut own) = (0, 0);
        for (column, text) in row.cells.iter().enumerate() {
            let text = without_marks(text);
            if text.is_empty() {
                continue;
            }
            if !ends_like_heading(text) {
                return false;
            }
            let feeds = |source: &&FieldSource| matches!(source.source, ValueSource::Column(own) if own == column);
            let source = self.sources.iter().find(feeds);
            filled += 1;
            own += usize::from(source.is_some_and(|source| source.is_heading(text) || source.is_nearly_heading(text)));
        }
        filled > 1 && own * 2 >= filled
    }

    /// Whether a column takes a text as one of its choices.
    fn is_choice(&self, column: usize, text: &str) -> bool {
        let feeds = |source: &&FieldSource| matches!(source.source, ValueSource::Column(own) if own == column);
        self.sources.iter().filter(feeds).any(|source| source.field.choice(text).is_some())
    }

    /// Whether a row names the record it changes.
    fn names_record(&self, record: &Record) -> bool {
        let id = self.entity.id.as_ref().filter(|_| self.entity.is_looked_up);
        id.and_then(|id| record.value(self, id)).is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether a row names somebody who can be reached: it is data then, whatever he is called.
    fn has_contact(&self, record: &Record) -> bool {
        self.sources.iter().zip(&record.values).any(|(source, value)| match (&source.source, source.field.kind) {
            (ValueSource::Constant(_), _) => false,
            (_, Kind::Mobile | Kind::Phone) => value::is_mainland_mobile(value),
            (_, Kind::Email) => !value.is_empty(),
            _ => false,
        })
    }
}

impl FieldSource {
    /// Whether a text is nearly a name of the field: `公司名` for 公司名称, `公司地址` for 地址.
    fn is_nearly_heading(&self, text: &str) -> bool {
        let label = self.field.zh.as_str();
        !text.is_ascii()
            && (2..=LONGEST_HEADING).contains(&text.chars().count())
            && (label.contains(text) || text.contains(label))
    }

    /// Whether a text is a name of the field.
    fn is_heading(&self, text: &str) -> bool {
        let field = &self.field;
        [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases).any(|name| name == text)
    }
}

/// The longest text that may be another wording of a heading, in characters.
const LONGEST_HEADING: usize = 8;

/// A text without what people put behind or before a heading.
fn without_marks(text: &str) -> &str {
    text.trim().trim_matches([':', '：', '*', ' '])
}

/// Whether a text is the name of a field of any entity.
fn is_any_heading(text: &str) -> bool {
    text.len() <= LONGEST_HEADING * 4
        && match text.is_ascii() {
            true => HEADINGS.contains(&text.to_ascii_lowercase()),
            false => HEADINGS.contains(text),
        }
}

/// Whether a text ends in what is asked for under headings.
fn ends_like_heading(text: &str) -> bool {
    (2..=LONGEST_HEADING).contains(&text.chars().count()) && HEADING_ENDINGS.iter().any(|ending| text.ends_with(ending))
}

/// Whether a row is a line between the rows of a printed table, in all of its cells: `----,----`.
pub(super) fn is_ruler(row: &Row) -> bool {
    let (mut longest, mut filled) = (0, 0);
    for text in row.cells.iter().map(trimmed).filter(|text| !text.is_empty()) {
        if !text.chars().all(|c| RULER_SIGNS.contains(&c)) {
            return false;
        }
        longest = longest.max(text.chars().count());
        filled += 1;
    }
    // A single one may be a remark.
    filled > 1 && longest >= SHORTEST_RULER
}

/// How long the longest part of a line is at least, in characters.
const SHORTEST_RULER: usize = 3;

fn first_text(row: &Row) -> &str {
    row.cells.iter().map(trimmed).find(|cell| !cell.is_empty()).unwrap_or_default()
}
