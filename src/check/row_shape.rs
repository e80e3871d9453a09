//! Rows that are no data by the look of them: totals below a table, and what to fill in below its header.

use super::finding::Finding;
use super::record::Record;
use crate::entity::{Kind, fold};
use crate::format::Row;
use crate::mapping::{Mapping, ValueSource};
use crate::problem::{Problem, Severity};
use crate::value;

/// What stands in the only text of a row of totals, folded.
const TOTALS: &[&str] = &[
    "合计",
    "总计",
    "小计",
    "共计",
    "总和",
    "汇总",
    "累计",
    "总数",
    "合計",
    "總計",
    "小計",
    "共計",
    "總和",
    "本页合计",
    "本页小计",
    "全部合计",
    "总合计",
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "subtotals",
    "sum",
    "summe",
    "gesamt",
    "gesamtsumme",
    "suma",
    "합계",
    "총계",
    "소계",
];

/// The longest text that may be one of them with what stands around it, in bytes.
const LONGEST_TOTAL: usize = 40;

/// What says in a cell that it tells how to fill in its column, in lower case.
const INSTRUCTIONS: &[&str] = &[
    "必填",
    "选填",
    "非必填",
    "可不填",
    "可为空",
    "必須",
    "必填项",
    "請填寫",
    "请填写",
    "请输入",
    "请选择",
    "填写说明",
    "填写示例",
    "填写格式",
    "不超过",
    "字以内",
    "个字符",
    "示例：",
    "示例:",
    "例如",
    "例：",
    "例:",
    "如：",
    "如:",
    "格式：",
    "格式:",
    "下拉选择",
    "唯一标识",
    "required",
    "optional",
    "mandatory",
    "please enter",
    "please fill",
    "please select",
    "e.g.",
    "example:",
    "for example",
    "max. ",
    "characters",
];

/// How many rows below the header may tell how to fill in the columns.
const INSTRUCTION_ROWS: u64 = 3;

impl Mapping {
    /// Notes when a row looks like totals or instructions. It waits for a person; where it could not be sent anyway, that is
    /// one more reason.
    pub(super) fn check_shape(&self, row: &Row, record: &mut Record) {
        let code = if is_totals(row) && !self.has_contact(record) {
            "totals_row_by_words"
        } else if self.is_instruction(row) && !self.has_contact(record) {
            "instruction_row"
        } else {
            return;
        };
        let is_refused = record.severity() == Some(Severity::Refused);
        let problem = if is_refused { Problem::new(code) } else { Problem::held(code) };
        record.findings.insert(0, Finding::new(None, None, first_text(row), problem));
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

    fn is_instruction(&self, row: &Row) -> bool {
        if row.number <= self.header_row || row.number > self.header_row + INSTRUCTION_ROWS {
            return false;
        }
        let (mut filled, mut telling) = (0, 0);
        for cell in row.cells.iter().map(str::trim).filter(|cell| !cell.is_empty()) {
            filled += 1;
            telling += usize::from(tells_what_to_fill_in(cell));
        }
        telling * 2 > filled
    }
}

fn first_text(row: &Row) -> &str {
    row.cells.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default()
}

fn tells_what_to_fill_in(cell: &str) -> bool {
    let lower = cell.to_lowercase();
    INSTRUCTIONS.iter().any(|word| lower.contains(word))
}

/// Whether the only text of a row is a word for totals; what else there is, are numbers.
fn is_totals(row: &Row) -> bool {
    let mut cells = row.cells.iter().map(str::trim).filter(|cell| !cell.is_empty() && !is_amount(cell));
    let Some(text) = cells.next() else { return false };
    is_total_word(text) && cells.all(is_total_word)
}

fn is_total_word(text: &str) -> bool {
    // Nearly every first text of a row is a name, and ends here.
    const BEGINNINGS: &str = "合总小共汇累總本全합총소TtSsGg";
    if text.len() > LONGEST_TOTAL || !text.starts_with(|c| BEGINNINGS.contains(c)) {
        return false;
    }
    let folded = fold(text);
    // `合计：3 家`, `合计（元）`, `共 3 条`.
    let word = folded.split([':', '(']).next().unwrap_or_default();
    let word = word.trim_end_matches(|c: char| {
        c.is_ascii_digit() || matches!(c, '.' | ',' | '家' | '条' | '人' | '个' | '位' | '元' | '行' | '项' | '笔')
    });
    TOTALS.contains(&word) || (word == "共" && folded.len() > word.len())
}

/// A number as tables show it: with separators, a sign of money or percent, a unit; or in the characters of cheques.
fn is_amount(cell: &str) -> bool {
    const CHEQUE: &str = "零壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整";
    let first = cell.as_bytes()[0];
    if first.is_ascii_alphabetic() {
        return false;
    }
    if cell.chars().all(|c| CHEQUE.contains(c)) {
        return true;
    }
    let number = cell.trim_start_matches(['¥', '￥', '$', '€', '+', '-', '−', ' ', '(']);
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ' ' | '，');
    let unit = number.trim_start_matches(is_number);
    match number.starts_with(|c: char| c.is_ascii_digit()) {
        true => unit.chars().count() <= 2 && !unit.chars().any(|c| c.is_ascii_alphanumeric() || c == '@'),
        // Dashes stand where there is nothing to add up.
        false => number.is_empty() || cell.chars().all(|c| matches!(c, '-' | '—' | '/' | '–')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Row {
        Row { number: 2, cells: cells.to_vec().into(), ..Row::default() }
    }

    #[test]
    fn totals_are_known_by_their_only_text() {
        for cells in [
            &["合计", "", "300"][..],
            &["", "合 计：", "1,300.50"],
            &["总计（元）", "￥300", "100%"],
            &["小计", "", ""],
            &["Total", "3", "$1,234.50"],
            &["Grand Total:", "", "-"],
            &["3", "Sub-total", "12"],
            &["合计：3家", "", ""],
            &["共 3 条", "", ""],
            &["合计", "叁佰元整", "300元"],
            &["合计", "合计", "300"],
        ] {
            assert!(is_totals(&row(cells)), "{cells:?}");
        }
        for cells in [
            &["合计科技有限公司", "甲路1号", "300"][..],
            &["合计科技有限公司", "", ""],
            &["合计", "甲路1号", "300"],
            &["总计部", "", "3"],
            &["Sum", "a@example.com", ""],
            &["Totally Ltd", "", "1"],
            &["300", "", "200"],
            &["小计算机公司", "", ""],
            &["", ""],
        ] {
            assert!(!is_totals(&row(cells)), "{cells:?}");
        }
    }

    #[test]
    fn instructions_are_known_by_their_words() {
        for cell in
            ["（必填，不超过50字）", "选填", "请填写手机号", "示例：13000000000", "Required", "e.g. name@example.com"]
        {
            assert!(tells_what_to_fill_in(cell), "{cell}");
        }
        for cell in ["示例 张三", "示例一公司", "甲路1号", "13000000000", "无"] {
            assert!(!tells_what_to_fill_in(cell), "{cell}");
        }
    }
}
