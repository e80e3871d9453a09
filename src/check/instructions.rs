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
    "選填",
    "必输",
    "必須",
    "必须填",
    "字段说明",
    "填表说明",
    "请勿",
    "請勿",
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
    "可选",
    "可選",
    "任意",
    "任选",
    "任選",
    "不必填",
    "可以不填",
    "单行文本",
    "多行文本",
    "单行文字",
    "多行文字",
    "长文本",
    "富文本",
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

/// What the whole of a cell says of its column in a row that may stand anywhere: whether it has to be filled in, in lower case.
const REQUIREMENTS: &[&str] = &[
    "必填",
    "选填",
    "選填",
    "非必填",
    "可选",
    "可選",
    "必須",
    "必须",
    "必输",
    "必填项",
    "选填项",
    "必須填寫",
    "必须填写",
    "可不填",
    "可以不填",
    "不必填",
    "required",
    "optional",
    "mandatory",
];

/// What a text says more than its heading when it tells what to write there.
const DESCRIBING: &[&str] =
    &["的", "完整", "全称", "全稱", "所在", "填", "请", "請", "详细", "詳細", "对应", "正式", "有效", "准确", "具体"];

/// What all cells of a row say that stands for an example.
const EXAMPLES: &[&str] = &["", "示例", "样例", "例子", "范例", "example", "Example", "sample", "Sample"];

/// What stands in an example for what nobody is called.
const STAND_INS: &[&str] = &["XX", "××", "某某", "＊＊", "***"];

/// How many rows below the header may tell how to fill in the columns.
const ROWS: u64 = 3;

impl Mapping {
    /// Whether most cells of a row right below the header tell how to fill in their columns, or number them; or all cells of
    /// any row say whether they have to be filled in.
    pub(super) fn is_instruction(&self, row: &Row) -> bool {
        if row.number <= self.header_row {
            return false;
        }
        if row.number > self.header_row + ROWS {
            return says_what_is_required(row);
        }
        let (mut filled, mut telling, mut has_number) = (0, 0, false);
        for (column, cell) in row.cells.iter().enumerate() {
            let cell = cell.trim();
            if !cell.is_empty() {
                filled += 1;
                telling += usize::from(tells_what_to_fill_in(cell) || speaks_of(cell, self.header(column)));
                has_number |= cell.len() >= SHORTEST_NUMBER && cell.bytes().all(|byte| byte.is_ascii_digit());
            }
        }
        let first = row.cells.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default();
        telling * 2 > filled
            || (telling * 2 == filled && !has_number && tells_what_to_fill_in(first))
            || numbers_columns(row)
            || marks_columns(row)
            || (filled > 1 && row.cells.iter().map(str::trim).all(|cell| EXAMPLES.contains(&cell)))
            || is_example(first)
    }
}

/// The fewest digits of a number that is somebody's: rows of instructions have none.
const SHORTEST_NUMBER: usize = 4;

fn tells_what_to_fill_in(cell: &str) -> bool {
    let lower = cell.to_lowercase();
    let bare = lower.trim_matches(['(', '（', '[', '【', ')', '）', ']', '】', ' ']);
    let head = bare.split(['(', '（', '[', '【']).next().unwrap_or_default().trim();
    INSTRUCTIONS.iter().any(|word| lower.contains(word))
        || WHOLE.contains(&head)
        || STAND_INS.iter().any(|word| cell.contains(word))
}

/// Whether all cells of a row, two at least, say whether they have to be filled in, and perhaps more: `（必填，不超过50字）`.
fn says_what_is_required(row: &Row) -> bool {
    let mut cells = 0;
    row.cells.iter().map(str::trim).filter(|cell| !cell.is_empty()).all(|cell| {
        cells += 1;
        let text = cell.trim_start_matches(['(', '（', '[', '【', '*', ' ']);
        // Nearly every row ends here.
        text.starts_with(['必', '选', '選', '非', '可', '不', 'R', 'r', 'O', 'o', 'M', 'm']) && {
            let lower = text.to_lowercase();
            REQUIREMENTS.contains(&lower.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default())
        }
    }) && cells > 1
}

/// Whether each cell of a row says by a letter or a word whether its column has to be filled in: Y, N, N.
fn marks_columns(row: &Row) -> bool {
    const MARKS: [&str; 10] = ["y", "n", "m", "o", "是", "否", "√", "×", "yes", "no"];
    let is_mark = |cell: &str| MARKS.contains(&cell.to_lowercase().as_str());
    row.cells.len() > 2 && row.cells.iter().all(|cell| is_mark(cell.trim()))
}

/// Whether a text says of itself that it is an example: `例：某某公司`.
fn is_example(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let text = text.trim_start_matches(['(', '（', '[', '【']);
    [
        "例:",
        "例：",
        "例）",
        "示例:",
        "示例：",
        "示例)",
        "示例）",
        "示例]",
        "示例】",
        "样例:",
        "样例：",
        "举例",
        "e.g.",
        "example:",
    ]
    .iter()
    .any(|word| text.starts_with(word))
}

/// Whether a text has all characters of a heading in their order, and what describes it: `公司的完整名称` below 公司名称.
fn speaks_of(cell: &str, heading: &str) -> bool {
    let heading = heading.trim_matches(['*', ' ']);
    let is_wide = heading.chars().count() >= 2 && !heading.is_ascii();
    let mut characters = cell.chars();
    is_wide
        && cell.len() > heading.len()
        && heading.chars().all(|wanted| characters.any(|c| c == wanted))
        && DESCRIBING.iter().any(|word| cell.contains(word) && !heading.contains(word))
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
            "（选填）",
            "(text)",
            "XX公司",
            "某某科技有限公司",
            "請勿修改此行",
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
        assert!(!speaks_of("示例科技公司", "公司") && !speaks_of("修改主题", "主题") && !speaks_of("地址不详", "地址"));
    }

    #[test]
    fn what_is_required_is_said_anywhere_and_names_are_never_taken_for_it() {
        let row = |cells: &[&str]| Row { number: 30, cells: cells.to_vec().into(), ..Row::default() };
        for cells in
            [&["必填", "选填", ""][..], &["（必填，不超过50字）", "（选填）"], &["Required", "optional", "optional"]]
        {
            assert!(says_what_is_required(&row(cells)), "{cells:?}");
        }
        for cells in [&["必填", ""][..], &["必填项校验", "必填"], &["示例一公司", "选填"], &["必须科技", "可选"]]
        {
            assert!(!says_what_is_required(&row(cells)), "{cells:?}");
        }
        assert!(marks_columns(&row(&["Y", "N", "N"])) && !marks_columns(&row(&["是", "示例", "否"])));
    }

    #[test]
    fn a_row_may_number_the_columns() {
        let row = |cells: &[&str]| Row { number: 2, cells: cells.to_vec().into(), ..Row::default() };
        assert!(numbers_columns(&row(&["1", "2", "3"])) && numbers_columns(&row(&["①", "②", "③"])));
        assert!(!numbers_columns(&row(&["1", "2"])) && !numbers_columns(&row(&["1", "2", "4"])));
    }
}
