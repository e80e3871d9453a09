//! Rows that are remarks around a table, known by their words: who made it and when, what the page says, a line.

use memchr::memchr2;

/// What a label begins with that says something of the table: `制表人：示例`, in lower case.
const LABELS: &[&str] = &[
    "制表",
    "制单",
    "填表",
    "填报",
    "填写",
    "审核",
    "审批",
    "复核",
    "核对",
    "校对",
    "经办",
    "打印",
    "导出",
    "生成",
    "统计",
    "日期",
    "时间",
    "单位",
    "备注",
    "注",
    "说明",
    "数据来源",
    "来源",
    "数据截",
    "截至",
    "截止",
    "更新",
    "签字",
    "签名",
    "盖章",
    "负责人",
    "主管",
    "报表",
    "页码",
    "版本",
    "編製",
    "製表",
    "審核",
    "列印",
    "匯出",
    "說明",
    "prepared by",
    "printed",
    "exported",
    "generated",
    "created",
    "created by",
    "approved by",
    "reviewed by",
    "note",
    "notes",
    "source",
    "date",
    "report",
    "page",
    "total records",
    "records",
    "as of",
    "remark",
    "remarks",
    "author",
    "version",
];
/// What remarks without a label begin with, in lower case.
const BEGINNINGS: &[&str] = &[
    "以上",
    "以下",
    "数据截至",
    "数据截止",
    "截至",
    "截止",
    "注：",
    "注:",
    "注意",
    "※",
    "#",
    "copyright",
    "©",
    "(c) ",
    "confidential",
    "all rights reserved",
    "end of ",
    "— end",
    "-- end",
    "版权所有",
    "本表",
    "此表",
    "仅供",
];
/// What is the whole of a remark, in lower case.
const WHOLE: &[&str] = &["end", "eof", "完", "结束", "以下空白", "空白", "接下页", "续表", "续上表", "下页", "略"];

/// The longest label, in bytes.
const LONGEST_LABEL: usize = 24;

/// Whether the texts of a row are no data but a remark around the table.
pub fn is_remark(texts: &[&str]) -> bool {
    match texts {
        [] => false,
        [only] => is_remark_text(only) || begins_numbered(only),
        // A label and its value in two cells, or several remarks beside each other.
        [label, value] => {
            (label.ends_with([':', '：']) && is_label(label.trim_end_matches([':', '：'])))
                || (is_remark_text(label) && is_remark_text(value))
        }
        texts => texts.len() <= 6 && texts.iter().all(|text| has_label(text)),
    }
}

fn is_remark_text(text: &str) -> bool {
    let is_line = !text.chars().any(char::is_alphanumeric) && text.chars().count() > 1;
    // Nearly every lone text is a name, and most end here.
    let lower = text.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    is_line
        || has_label(&lower)
        || lower.ends_with([':', '：', '。', '！'])
        || WHOLE.contains(&bare)
        || BEGINNINGS.iter().any(|word| lower.starts_with(word))
        || is_page(bare)
        || counts_rows(bare)
}

/// What a database says below a table: `(2 rows)`, `2 行`, `1 row affected`.
fn counts_rows(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let words = [
        "行",
        "行受影响",
        "条记录",
        "条数据",
        "row",
        "rows",
        "row affected",
        "rows affected",
        "row selected",
        "rows selected",
        "row(s) affected",
        "rows in set",
        "row in set",
    ];
    unit.len() < text.len() && words.contains(&unit.trim())
}

/// Whether a text says that the table ends, and nothing else.
pub(super) fn is_end_word(text: &str) -> bool {
    let lower = text.to_lowercase();
    WHOLE.contains(&lower.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// Whether a text is a label that says something of the table, and its value: `制表人：示例`.
fn has_label(text: &str) -> bool {
    text.split_once([':', '：']).is_some_and(|(label, _)| is_label(label))
}

/// Whether what a record should be called is a label and its value, or who made the table and when: `备注：见附件`, `制表人`. Nothing
/// is called so, whatever stands beside it.
pub fn is_labelled(name: &str) -> bool {
    const PARTS: [&str; 8] = ["其中", "包括", "包含", "其他", "其它", "附", "附件", "including"];
    // Nearly every name ends here: none of the two colons, and not the first character of one of the tasks.
    if memchr2(b':', COLON[0], name.as_bytes()).is_some()
        && let Some((label, _)) = name.split_once([':', '：'])
    {
        let label = label.trim().to_lowercase();
        let label = label.trim_start_matches(|c: char| !c.is_alphanumeric());
        let begins = |word: &&str| match word.is_ascii() {
            true => label.strip_prefix(*word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)),
            false => label.starts_with(*word),
        };
        return label.chars().count() <= LONGEST_NAME_OF_LABEL && (PARTS.contains(&label) || LABELS.iter().any(begins));
    }
    name.starts_with(FIRST_OF_TASKS) && {
        let rest = TASKS.iter().find_map(|task| name.strip_prefix(task));
        rest.is_some_and(|rest| WHO_AND_WHEN.contains(&rest))
    }
}

/// The first byte of a colon as wide as a Chinese character.
const COLON: &[u8] = "：".as_bytes();
/// The longest label before a colon, in characters.
const LONGEST_NAME_OF_LABEL: usize = 12;
/// What people do with a table, and with which characters that begins.
const TASKS: [&str; 15] = [
    "制表", "製表", "制单", "填表", "填报", "审核", "審核", "审批", "复核", "校对", "经办", "打印", "导出", "统计",
    "签字",
];
const FIRST_OF_TASKS: [char; 12] = ['制', '製', '填', '审', '審', '复', '校', '经', '打', '导', '统', '签'];
/// What is said of that: who, and when.
const WHO_AND_WHEN: [&str; 6] = ["人", "人员", "日期", "时间", "单位", "部门"];

fn is_label(label: &str) -> bool {
    let label = label.trim().to_lowercase();
    let label = label.trim_start_matches(|c: char| !c.is_alphanumeric());
    !label.is_empty() && label.len() <= LONGEST_LABEL && LABELS.iter().any(|word| label.starts_with(word))
}

/// `第 1 页`, `第1页 共3页`, `共 2 条记录`, `page 1 of 3`.
fn is_page(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，' | '/' | '-')).collect();
    let counted = |rest: &str| {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c));
        (unit.len() < rest.len()).then(|| unit.to_owned())
    };
    if let Some(rest) = plain.strip_prefix("page") {
        return rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit());
    }
    let units = ["页", "頁", "条", "家", "行", "项", "个", "位", "人", "笔", "张", "户"];
    plain.strip_prefix('第').and_then(counted).is_some_and(|unit| unit.starts_with(['页', '頁']))
        || plain
            .strip_prefix('共')
            .and_then(counted)
            .is_some_and(|unit| units.iter().any(|word| unit.starts_with(word)))
}

/// Whether a text begins as a numbered line does: `1、`, `(1)`, `一、`, `（二）`, `①`.
fn begins_numbered(text: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty()
            && part.chars().count() <= 3
            && (part.bytes().all(|byte| byte.is_ascii_digit())
                || part.chars().all(|c| "一二三四五六七八九十".contains(c)))
    };
    if text.starts_with(|c| ('①'..='⑳').contains(&c)) {
        return true;
    }
    match text.strip_prefix(['(', '（']) {
        Some(rest) => rest.split_once([')', '）']).is_some_and(|(number, rest)| is_number(number) && !rest.is_empty()),
        None => text.split_once('、').is_some_and(|(number, _)| is_number(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_called_as_a_label_and_its_value() {
        for name in [
            "备注：见附件",
            "其中：华东",
            "日期: 2026-01-05",
            "（制表人：示例）",
            "制表人",
            "打印日期",
            "Prepared by: A",
            "Note: a",
        ] {
            assert!(is_labelled(name), "{name}");
        }
        for name in [
            "日期科技有限公司",
            "备注",
            "制表机厂",
            "打印店",
            "统计局",
            "示例：科技",
            "Notebook: Example",
            "其中一家公司",
            "经办公家具",
            "http://example.com",
        ] {
            assert!(!is_labelled(name), "{name}");
        }
    }

    #[test]
    fn remarks_are_known_by_their_words() {
        for texts in [
            &["制表人：示例"][..],
            &["审核：示例"],
            &["注：以上数据仅供参考"],
            &["共2条记录"],
            &["第1页 共1页"],
            &["第 1 页，共 3 页"],
            &["以下空白"],
            &["---"],
            &["******"],
            &["END"],
            &["—— 完 ——"],
            &["打印日期:", "2026-01-05"],
            &["说明："],
            &["1、公司名称不能重复"],
            &["(1) 必填"],
            &["一、华东区"],
            &["Page 1 of 3"],
            &["签字：", "盖章："],
            &["单位：元"],
            &["制表人：示例", "审核人：示例", "日期：2026-01-05"],
            &["Copyright (c) 2026 example.com"],
            &["截至2026年1月5日"],
            &["Generated: 2026-01-05"],
            &["(2 行)"],
            &["(1 row affected)"],
            &["3 rows"],
        ] {
            assert!(is_remark(texts), "{texts:?}");
        }
        for texts in [
            &["示例一公司"][..],
            &["共享单车公司"],
            &["第一商贸公司"],
            &["注塑机厂"],
            &["统计科技有限公司"],
            &["Pageant Ltd"],
            &["Endeavour"],
            &["3M"],
            &["2行代码"],
            &["一一公司"],
            &["示例一公司", "甲路1号"],
            &["说明书公司", "甲路1号"],
            &["甲", "乙", "丙"],
        ] {
            assert!(!is_remark(texts), "{texts:?}");
        }
    }
}
