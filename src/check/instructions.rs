//! Rows below a header that tell how to fill in the columns.

use crate::format::Row;
use crate::mapping::Mapping;

/// What says in a cell that it tells how to fill in its column, in lower case.
const INSTRUCTIONS: &[&str] = &[
    "必填",
    "选填",
    "非必填",
    "可不填",
    "可为空",
    "可以为空",
    "不能为空",
    "不可为空",
    "必输",
    "必須",
    "必须填",
    "请按",
    "不可重复",
    "不能重复",
    "逗号分隔",
    "分号分隔",
    "顿号分隔",
    "保留两位",
    "见说明",
    "請填寫",
    "请填写",
    "请输入",
    "请选择",
    "填写说明",
    "填写示例",
    "填写格式",
    "不超过",
    "字以内",
    "字以內",
    "个字符",
    "个汉字",
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
    "must be unique",
    "comma separated",
    "comma-separated",
    "e.g.",
    "example:",
    "for example",
    "max. ",
    "characters",
];

/// What is the whole of such a cell, in lower case; a length in brackets may follow.
const WHOLE: &[&str] = &[
    "文本",
    "字符",
    "字符串",
    "字符型",
    "文本型",
    "数字",
    "数值",
    "数值型",
    "整数",
    "小数",
    "日期",
    "日期型",
    "时间",
    "布尔",
    "单选",
    "多选",
    "下拉",
    "下拉框",
    "唯一",
    "非空",
    "可空",
    "必输项",
    "是否必填",
    "text",
    "string",
    "number",
    "int",
    "integer",
    "bigint",
    "decimal",
    "float",
    "double",
    "numeric",
    "date",
    "datetime",
    "timestamp",
    "bool",
    "boolean",
    "char",
    "nchar",
    "varchar",
    "nvarchar",
    "varchar2",
    "unique",
    "not null",
    "nullable",
    "*",
    "**",
];

/// How many rows below the header may tell how to fill in the columns.
const ROWS: u64 = 3;

impl Mapping {
    /// Whether most cells of a row right below the header tell how to fill in their columns, or number them.
    pub(super) fn is_instruction(&self, row: &Row) -> bool {
        if row.number <= self.header_row || row.number > self.header_row + ROWS {
            return false;
        }
        let (mut filled, mut telling) = (0, 0);
        for (column, cell) in row.cells.iter().enumerate() {
            let cell = cell.trim();
            if !cell.is_empty() {
                filled += 1;
                telling += usize::from(tells_what_to_fill_in(cell) || speaks_of(cell, self.header(column)));
            }
        }
        let first = row.cells.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default();
        telling * 2 > filled
            || (telling * 2 == filled && tells_what_to_fill_in(first))
            || numbers_columns(row)
            || is_example(first)
    }
}

fn tells_what_to_fill_in(cell: &str) -> bool {
    let lower = cell.to_lowercase();
    let head = lower.split(['(', '（', '[', '【']).next().unwrap_or_default().trim();
    INSTRUCTIONS.iter().any(|word| lower.contains(word)) || WHOLE.contains(&head)
}

/// Whether a text says of itself that it is an example: `例：某某公司`.
fn is_example(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["例:", "例：", "示例:", "示例：", "样例:", "样例：", "举例", "e.g.", "example:"]
        .iter()
        .any(|word| text.starts_with(word))
}

/// Whether a text has all characters of a heading in their order, and more: `公司的完整名称` below 公司名称.
fn speaks_of(cell: &str, heading: &str) -> bool {
    let heading = heading.trim_matches(['*', ' ']);
    let is_wide = heading.chars().count() >= 2 && !heading.is_ascii();
    let mut characters = cell.chars();
    is_wide && cell.len() > heading.len() && heading.chars().all(|wanted| characters.any(|c| c == wanted))
}

/// Whether the cells count the columns: 1, 2, 3 … or A, B, C …
fn numbers_columns(row: &Row) -> bool {
    let counts_from = |first: char| {
        let mut expected = first..;
        row.cells.iter().all(|cell| {
            let mut characters = cell.trim().chars();
            characters.next() == expected.next() && characters.next().is_none()
        })
    };
    let filled = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    (3..=9).contains(&filled) && filled == row.cells.len() && ['1', 'A', 'a', '①', '一'].into_iter().any(counts_from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_known_by_their_words() {
        for cell in [
            "（必填，不超过50字）",
            "选填",
            "请填写手机号",
            "示例：13000000000",
            "Required",
            "e.g. name@example.com",
            "文本",
            "varchar(60)",
            "多个用逗号分隔",
            "*",
        ] {
            assert!(tells_what_to_fill_in(cell), "{cell}");
        }
        for cell in ["示例 张三", "示例一公司", "甲路1号", "13000000000", "无", "文本科技", "唯一公司"]
        {
            assert!(!tells_what_to_fill_in(cell), "{cell}");
        }
    }

    #[test]
    fn a_text_may_speak_of_its_heading() {
        assert!(speaks_of("公司的完整名称", "公司名称") && speaks_of("公司所在地址", "地址"));
        assert!(
            !speaks_of("示例一公司", "公司名称") && !speaks_of("地址", "地址") && !speaks_of("Company name", "Name")
        );
    }

    #[test]
    fn a_row_may_number_the_columns() {
        let row = |cells: &[&str]| Row { number: 2, cells: cells.to_vec().into(), ..Row::default() };
        assert!(numbers_columns(&row(&["1", "2", "3"])) && numbers_columns(&row(&["①", "②", "③"])));
        assert!(!numbers_columns(&row(&["1", "2"])) && !numbers_columns(&row(&["1", "2", "4"])));
    }
}
