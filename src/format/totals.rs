//! Rows of totals, known by their words: what stands below a table, or below a part of it.

use unicode_normalization::UnicodeNormalization;

use super::row::Row;
use super::table_remarks::is_end_word;
use crate::text::trimmed;

/// What stands in the only text of a row of totals, folded.
const TOTALS: &[&str] = &[
    "合计",
    "总计",
    "小计",
    "共计",
    "总共",
    "一共",
    "总和",
    "总额",
    "汇总",
    "累计",
    "总数",
    "求和",
    "平均",
    "平均值",
    "均值",
    "最大值",
    "最小值",
    "计数",
    "总金额",
    "总记录数",
    "记录总数",
    "记录数",
    "导出条数",
    "总条数",
    "总户数",
    "总人数",
    "本月累计",
    "本年累计",
    "数据总数",
    "客户总数",
    "客户数量",
    "公司总数",
    "公司数量",
    "工单总数",
    "合計",
    "總計",
    "小計",
    "共計",
    "總和",
    "總額",
    "平均數",
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
    "average",
    "avg",
    "count",
    "totalrecords",
    "totalrows",
    "records",
    "rows",
    "rowcount",
    "max",
    "min",
    "summe",
    "gesamt",
    "gesamtsumme",
    "suma",
    "합계",
    "총계",
    "소계",
    "σ",
    "∑",
];

/// What stands beside the totals of everything, or of a time. Nothing is called so, but with other texts beside it it may be
/// meant.
const WHOLES: &[&str] = &[
    "全部",
    "全体",
    "所有",
    "整体",
    "总体",
    "总",
    "计",
    "全年",
    "本年",
    "本年度",
    "当年",
    "今年",
    "去年",
    "上年",
    "年度",
    "全年度",
    "半年",
    "半年度",
    "上半年",
    "下半年",
    "本季",
    "本季度",
    "当季",
    "季度",
    "上季度",
    "本月",
    "当月",
    "月度",
    "上月",
    "全月",
    "本周",
    "上周",
    "本日",
    "当日",
    "今日",
    "昨日",
    "本期",
    "上期",
    "期末",
    "全國",
    "全部計",
    "本頁",
    "本页",
    "all",
    "overall",
    "ytd",
    "mtd",
    "ytotal",
    "fullyear",
    "year",
    "month",
    "thisyear",
    "thismonth",
];

/// What the name of a part ends in where its totals stand: `北区小计`.
const ENDINGS: [&str; 7] = ["合计", "小计", "总计", "合計", "小計", "總計", "汇总"];

/// What may follow a word for totals: what was added up, and in what.
const COUNTED: &str = "家条人个位元行项笔户名组件份万公司客户联系记录数据金额数量费用余额工单";

/// The longest text that may be one of them with what stands around it, in bytes.
const LONGEST: usize = 40;

/// Whether the only text of a row is a word for totals; what else there is, are numbers.
pub fn is_totals(row: &Row) -> bool {
    let mut texts = row.cells.iter().map(trimmed).filter(|cell| !cell.is_empty() && is_text(cell));
    let Some(first) = texts.next() else { return false };
    let may_stand_beside = |text: &str| is_total_word(text) || is_counted(text) || is_end_word(text) || is_whole(text);
    // The first text decides about nearly every row.
    match is_total_word(first) {
        true => texts.all(may_stand_beside),
        false => texts.next().is_none() && (ends_in_total(first) || (is_whole(first) && has_amount(row))),
    }
}

/// Whether a row has numbers that a formula adds up, and one text that says what of.
pub fn is_sum(row: &Row) -> bool {
    let mut texts = row.cells.iter().map(str::trim).filter(|cell| !cell.is_empty() && is_text(cell));
    row.has_column_sum && texts.next().is_none_or(|_| texts.next().is_none())
}

/// Whether a text says that everything is meant, or a time: `全年`, `2026年`, `1月份`, `第一季度`.
fn is_whole(text: &str) -> bool {
    // Nearly every text ends here.
    const BEGINNINGS: &str = "全所整总计本当今去上年半下季月昨期第一二三四五六七八九十AaOoYyMmFfTtQq";
    let first = text.trim_start_matches(['【', '(', '（', '[']);
    if text.len() > LONGEST || !first.starts_with(|c: char| c.is_ascii_digit() || BEGINNINGS.contains(c)) {
        return false;
    }
    let folded = fold(text);
    let word = folded.trim_matches(['【', '】', '[', ']', '(', ')']);
    let of_all = || ["全部", "所有", "全体"].iter().find_map(|all| word.strip_prefix(all));
    WHOLES.contains(&word) || is_period(word) || of_all().is_some_and(|rest| rest.chars().all(|c| COUNTED.contains(c)))
}

/// Whether a text is a year, a month or a part of a year.
fn is_period(word: &str) -> bool {
    const NUMBERS: &str = "0123456789一二三四五六七八九十〇零第";
    let unit = word.trim_start_matches(|c| NUMBERS.contains(c));
    let unit = unit.strip_prefix('年').map_or(unit, |rest| rest.trim_start_matches(|c| NUMBERS.contains(c)));
    let is_numbered = unit.len() < word.len();
    is_numbered && matches!(unit, "" | "度" | "月" | "月份" | "季度" | "季") && word.contains(['年', '月', '季'])
}

/// Whether a text is a word for totals and nothing else, which nothing is called.
pub fn is_word_for_totals(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "合计",
        "总计",
        "小计",
        "共计",
        "合計",
        "總計",
        "小計",
        "共計",
        "total",
        "totals",
        "subtotal",
        "subtotals",
        "grandtotal",
    ];
    let text = without_ornaments(text);
    // Nearly every name ends here.
    text.starts_with(['合', '总', '小', '共', '總', 'T', 't', 'S', 's', 'G', 'g'])
        && text.len() <= LONGEST
        && WORDS.contains(&fold(text).as_str())
}

/// Whether what a record should be called is a line of totals, or what is carried over from a time before: `合计：300`, `合计（元）`,
/// `上月结余`. Nothing is called so, whatever stands beside it.
pub fn is_line_of_totals(name: &str) -> bool {
    const WORDS: [&str; 11] =
        ["合计", "总计", "小计", "共计", "合計", "總計", "小計", "共計", "总额", "grandtotal", "total"];
    const TIMES: [&str; 26] = [
        "上上月",
        "上月",
        "上期",
        "上年度",
        "上年",
        "上季度",
        "上季",
        "上周",
        "上日",
        "本月",
        "本期",
        "本年度",
        "本年",
        "本季度",
        "本季",
        "本周",
        "本日",
        "当月",
        "当期",
        "去年",
        "今年",
        "昨日",
        "期初",
        "期末",
        "年初",
        "月末",
    ];
    const CARRIED: [&str; 12] =
        ["结余", "结存", "结转", "余额", "余款", "累计", "合计", "小计", "总计", "发生额", "結餘", "餘額"];
    const WHOLE: [&str; 8] = ["结余", "结存", "承前页", "过次页", "转下页", "接上页", "承上页", "结转下页"];
    // Nearly every name ends here.
    if name.len() > LONGEST || !name.starts_with(may_begin_line) {
        return false;
    }
    let folded = fold(without_ornaments(name));
    let is_line = |rest: &str| {
        let is_amount = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '¥' | '$') || COUNTED.contains(c);
        let is_counted = || rest.chars().any(|c| c.is_ascii_digit()) && rest.chars().all(is_amount);
        let is_wide = !folded.starts_with(|c: char| c.is_ascii());
        rest.starts_with(':') || (is_wide && rest.starts_with('(') && rest.ends_with(')')) || is_counted()
    };
    let word = WORDS.iter().find_map(|word| folded.strip_prefix(word));
    let of_time = || TIMES.iter().filter_map(|time| folded.strip_prefix(time));
    word.is_some_and(is_line) || of_time().any(|rest| CARRIED.contains(&rest)) || WHOLE.contains(&folded.as_str())
}

fn may_begin_line(c: char) -> bool {
    matches!(
        c,
        '合' | '总'
            | '小'
            | '共'
            | '總'
            | '上'
            | '本'
            | '当'
            | '去'
            | '今'
            | '昨'
            | '期'
            | '年'
            | '月'
            | '结'
            | '承'
            | '过'
            | '转'
            | '接'
    ) || matches!(c, 'T' | 't' | 'G' | 'g' | '—' | '-' | '*' | '【' | '(' | '（')
}

/// A text in plain width and lower case, without spaces and the signs between words.
fn fold(text: &str) -> String {
    let is_sign = |c: &char| c.is_whitespace() || matches!(c, '*' | '_' | '-');
    let folded: String = text.nfkc().flat_map(char::to_lowercase).filter(|c| !is_sign(c)).collect();
    folded.trim_end_matches(':').to_owned()
}

/// A text without the signs that are put around a word: `— 合计 —`.
fn without_ornaments(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, 'Σ' | '∑' | 'σ' | '(' | ')' | '（' | '）'))
}

/// Whether a text says how many there are: `2家公司`, `共 1 家`.
fn is_counted(text: &str) -> bool {
    let text = text.trim_start_matches(['共', '计', '约', ' ']);
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().any(|c| COUNTED.contains(c))
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '，') || COUNTED.contains(c))
}

fn is_total_word(text: &str) -> bool {
    // Nearly every text of a row is none, and ends here.
    const BEGINNINGS: &str = "合总小共一汇累本全求平均最计總匯計【[(（*合총소TtSsGgAaCcMmΣ∑记数导客公工Rr";
    let text = if text.starts_with(char::is_alphanumeric) { text } else { without_ornaments(text) };
    if text.len() > LONGEST || !text.starts_with(|c| BEGINNINGS.contains(c)) {
        return false;
    }
    let folded = fold(text);
    let bare = folded.trim_matches(['【', '】', '[', ']', '(', ')', '<', '>']);
    // `合计：3 家`, `合计（元）`, `共 3 条`, `合计金额`.
    let word = without_ornaments(bare.split([':', '(', '/']).next().unwrap_or_default());
    let is_counted = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',') || COUNTED.contains(c);
    let counts = |rest: &str| rest.chars().all(is_counted);
    let begins = |total: &&str| {
        word.strip_prefix(*total)
            .is_some_and(|rest| (counts(rest) && (total.len() > 3 || rest.is_empty())) || TOTALS.contains(&rest))
    };
    let counted = word.strip_prefix('共').map(|rest| rest.strip_prefix("导出").unwrap_or(rest));
    let counted = counted.map(|rest| rest.strip_prefix('有').unwrap_or(rest));
    TOTALS.iter().any(begins)
        || counted.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && counts(rest))
}

/// Whether a cell is no amount. `2026年` may look like one.
fn is_text(cell: &str) -> bool {
    !is_amount(cell) || (cell.ends_with(['年', '月', '季', '份']) && is_whole(cell))
}

fn has_amount(row: &Row) -> bool {
    row.cells.iter().map(str::trim).any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()) && !is_text(cell))
}

/// Whether a text names a part and its totals: `北区小计`.
fn ends_in_total(text: &str) -> bool {
    let word = text.trim_end_matches([':', '：', ' ']);
    word.len() <= LONGEST && ENDINGS.iter().any(|ending| word.ends_with(ending))
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
            &["总共", "", "300"],
            &["平均值", "", "150"],
            &["合计 2 家公司", "", "300"],
            &["合计金额", "", "300"],
            &["【合计】", "", "300"],
            &["北区小计", "", "300"],
            &["总计", "共2家公司", "300"],
            &["Σ", "", "300"],
            &["Average", "", "150"],
            &["合计", "2家公司", "", "30"],
            &["合计", "共 1 家", "完"],
            &["合计/Total", "", "300"],
            &["合计 Total", "", "300"],
            &["总金额", "", "300"],
            &["记录总数", "", "2"],
            &["记录数：2", "", "2"],
            &["Total records: 2", "", "2"],
            &["共导出2条", "", "2"],
            &["共有2条数据", "", "300"],
            &["— 合计 —", "", "30"],
            &["合计—", "", ""],
            &["全部", "", "300"],
            &["本年", "￥300", ""],
            &["全年", "", "300"],
            &["2026年", "", "300"],
            &["2026年1月", "", "300"],
            &["第一季度", "", "300"],
            &["1月份", "", "300"],
            &["全部客户", "", "300"],
            &["** Total **", "", "3"],
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
            &["Maxwell", "", "1"],
            &["300", "", "200"],
            &["小计算机公司", "", ""],
            &["北区小计", "甲路1号", ""],
            &["一共享公司", "", ""],
            &["记录科技有限公司", "", "3"],
            &["共享单车公司", "", "1"],
            &["合计", "2号楼东侧", "30"],
            &["全部", "", ""],
            &["全部", "甲路1号", "300"],
            &["全年科技", "", "300"],
            &["第一商贸", "", "300"],
            &["一月天", "", "300"],
            &["年年", "", "300"],
            &["", ""],
        ] {
            assert!(!is_totals(&row(cells)), "{cells:?}");
        }
    }

    #[test]
    fn nothing_is_called_as_a_line_of_totals() {
        for name in ["合计：300", "总计（元）", "小计 3 家", "合计300", "上月结余", "期初余额", "本月累计", "Total: 3"]
        {
            assert!(is_line_of_totals(name), "{name}");
        }
        for name in [
            "合计科技有限公司",
            "合计(北京)科技有限公司",
            "总计部",
            "小计",
            "小计公司",
            "上月科技",
            "余额宝",
            "本月",
            "Total(UK) Ltd",
            "Total 24 Ltd",
            "Totalenergies",
            "期末考试中心",
        ] {
            assert!(!is_line_of_totals(name), "{name}");
        }
    }

    #[test]
    fn nothing_is_called_a_word_for_totals() {
        for name in ["合计", " 合 计：", "总计", "小计", "Total", "SUBTOTAL", "— 合计 —", "【总计】"]
        {
            assert!(is_word_for_totals(name), "{name}");
        }
        for name in ["合计科技", "总计部", "Max", "Sum", "Totalenergies", "小计算机"] {
            assert!(!is_word_for_totals(name), "{name}");
        }
    }
}
