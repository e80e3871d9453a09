//! What a row says, as a hash: the pairs of field and value as the file has them, before anything is made of them. Position,
//! the order of columns and cells that are not sent do not count, nor does what saving a file again changes: spaces around
//! a text, the forms of days, in numbers and ids the width. Where nothing else tells a row from those that were sent, the width
//! of its texts does not count either: input methods write `（１）` for `(1)`.
//!
//! Rows are known by it for ever, so it never changes: what is here stands by itself, whatever the checks learn.

use sha2::{Digest, Sha256};

use crate::entity::Kind;
use crate::format::{Content, Row};
use crate::mapping::{Mapping, ValueSource};

/// Makes the identities of the rows of a file.
#[derive(Debug)]
pub struct Identities {
    /// Positions of the sources, by the names of their fields.
    order: Vec<usize>,
    text: String,
    /// What is hashed, gathered: to take in one long text costs less than many short ones.
    bytes: Vec<u8>,
}

impl Identities {
    /// For rows of this mapping.
    pub fn new(mapping: &Mapping) -> Self {
        let mut order: Vec<usize> = (0..mapping.sources.len()).collect();
        order.sort_by(|a, b| mapping.sources[*a].field.name.cmp(&mapping.sources[*b].field.name));
        Identities { order, text: String::new(), bytes: Vec::new() }
    }

    /// What a row says. One that `is_known_otherwise`, by a key or because it changes a record, says another thing when the
    /// width of a text changes: that is an edit, to be named or written.
    pub fn of(&mut self, mapping: &Mapping, row: &Row, is_known_otherwise: bool) -> Content {
        self.bytes.clear();
        for source in self.order.iter().map(|position| &mapping.sources[*position]) {
            self.text.clear();
            let canonical = Canonical { kind: source.field.kind, folds_texts: !is_known_otherwise };
            let text = &mut self.text;
            match &source.source {
                ValueSource::Column(column) | ValueSource::OldId(column) => {
                    canonical.push(row.cell(*column).text, text);
                }
                ValueSource::Routed(_) => {}
                ValueSource::Constant(constant) => canonical.push(constant, text),
                // One that cannot be made is a mistake of the row; its cells stand in the other columns.
                ValueSource::Template(template) => {
                    canonical.push(&template.render(row).unwrap_or_default(), text);
                }
            }
            if !self.text.is_empty() {
                self.bytes.extend_from_slice(source.field.name.as_bytes());
                // No text holds these bytes: they are no part of UTF-8.
                self.bytes.push(0xfe);
                self.bytes.extend_from_slice(self.text.as_bytes());
                self.bytes.push(0xff);
            }
        }
        let digest = Sha256::digest(&self.bytes);
        std::array::from_fn(|index| digest[index])
    }
}

/// The form of a value that is the same for ever.
struct Canonical {
    kind: Kind,
    /// The width of texts does not count.
    folds_texts: bool,
}

impl Canonical {
    /// Appends a text without the spaces around it; a day in one form; a number, an id, a telephone number in plain width.
    fn push(&self, text: &str, out: &mut String) {
        let text = text.trim();
        match self.kind {
            // A text is what it says, to the letter: `1.10` is not `1.1`. Only days are rewritten by spreadsheet programs
            // wherever they stand.
            Kind::Text | Kind::Html | Kind::Tags | Kind::Choice | Kind::Email => match moment(text) {
                Some(moment) => out.push_str(&moment),
                None if self.folds_texts => push_folded(text, out),
                None => out.push_str(text),
            },
            Kind::Mobile | Kind::Phone | Kind::Id | Kind::Ids => push_folded(text, out),
            Kind::Integer | Kind::Decimal => {
                let narrow = folded(text);
                out.push_str(number(&narrow));
            }
            Kind::Date | Kind::DateTime => {
                let narrow = folded(text);
                out.push_str(moment(narrow.trim()).as_deref().unwrap_or(&narrow));
            }
        }
    }
}

/// A text that is told from others by its signs, whatever their width.
pub fn folded(text: &str) -> String {
    text.chars().map(narrow).collect()
}

fn push_folded(text: &str, out: &mut String) {
    match text.is_ascii() {
        true => out.push_str(text),
        false => out.extend(text.chars().map(narrow)),
    }
}

/// The plain form of a full-width character.
fn narrow(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// A number with a fraction without the zeros at its end: `1.50` is `1.5`, `2.0` is `2`.
fn number(text: &str) -> &str {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) if is_digits(whole.trim_start_matches('-')) && is_digits(fraction) => {
            text.trim_end_matches('0').trim_end_matches('.')
        }
        _ => text,
    }
}

/// A text that is a day written year first, or a moment, and nothing else, as `2026-01-05 08:30:00`; midnight is the day
/// alone.
fn moment(text: &str) -> Option<String> {
    let (year, rest) = digits(text, 4..=4)?;
    let rest = rest.strip_prefix(['-', '/', '.', '年'])?;
    let (month, rest) = digits(rest, 1..=2)?;
    let rest = rest.strip_prefix(['-', '/', '.', '月'])?;
    let (day, rest) = digits(rest, 1..=2)?;
    let rest = rest.strip_prefix(['日', '号']).unwrap_or(rest);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let [hour, minute, second] = match rest {
        "" => [0; 3],
        rest => clock(rest.strip_prefix('T').unwrap_or(rest).trim_start())?,
    };
    let day = format!("{year:04}-{month:02}-{day:02}");
    Some(match (hour, minute, second) {
        (0, 0, 0) => day,
        _ => format!("{day} {hour:02}:{minute:02}:{second:02}"),
    })
}

/// Hour, minute and second of `8:30`, `08:30:00.000`, `8时30分`.
fn clock(text: &str) -> Option<[u32; 3]> {
    let (hour, rest) = digits(text, 1..=2)?;
    let rest = rest.strip_prefix([':', '时', '点'])?;
    let (minute, rest) = digits(rest, 1..=2)?;
    let (second, rest) = match rest.strip_prefix([':', '分']) {
        Some(rest) if !rest.is_empty() => digits(rest, 1..=2)?,
        Some(_) => (0, ""),
        None => (0, rest),
    };
    let rest = rest.strip_prefix('秒').unwrap_or(rest);
    let is_whole = match rest.strip_prefix('.') {
        Some(fraction) => !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0'),
        None => rest.is_empty(),
    };
    (is_whole && hour < 24 && minute < 60 && second < 60).then_some([hour, minute, second])
}

/// The number a text begins with, of as many digits as there are and that many are right, and what follows it.
fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<(u32, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse().ok().filter(|_| length.contains(&end))?;
    Some((number, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{AccountMode, Catalog};
    use crate::format::Sheet;
    use crate::mapping::MappingFile;
    use crate::value::ValueOptions;

    fn mapping(header: &[&str], file: &str) -> Mapping {
        let catalog = Catalog::embedded();
        let header = header.iter().map(|title| (*title).to_owned()).collect();
        let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
        let file = MappingFile::parse(file, "m.toml").unwrap();
        let customers = catalog.get("customers").unwrap();
        Mapping::new(
            customers,
            &catalog.service.custom,
            &sheet,
            Some(&file),
            AccountMode::Business,
            ValueOptions::default(),
        )
        .unwrap()
    }

    fn identity(header: &[&str], file: &str, cells: &[&str]) -> Content {
        let mapping = mapping(header, file);
        let row = Row { number: 2, line: Some(2), cells: cells.to_vec().into(), ..Row::default() };
        Identities::new(&mapping).of(&mapping, &row, true)
    }

    const HEADER: &[&str] = &["姓名", "手机", "公司编号"];

    #[test]
    fn what_is_not_sent_does_not_count() {
        let plain = identity(HEADER, "", &["示例", "13000000001", "20001"]);
        assert_eq!(plain, identity(&["公司编号", "手机", "姓名"], "", &["20001", "13000000001", "示例"]));
        assert_eq!(plain, identity(&["序号", "姓名", "手机", "公司编号"], "", &["7", "示例", "13000000001", "20001"]));
        assert_eq!(plain, identity(&["姓名", "手机"], "[constants]\ncompanyId = '20001'", &["示例", "13000000001"]));
        assert_eq!(plain, identity(&["姓名", "手机", "公司编号", "备注"], "", &["示例", "13000000001", "20001", " "]));
        assert_ne!(plain, identity(&["姓名", "手机", "公司编号", "备注"], "", &["示例", "13000000001", "20001", "a"]));
    }

    #[test]
    fn what_saving_a_file_again_changes_does_not_count() {
        let plain = identity(HEADER, "", &["示例 A", "13000000001", "20001"]);
        assert_eq!(plain, identity(HEADER, "", &["　示例 A ", "１３００００００００１", "20001"]));
        let said = |text: &str| identity(HEADER, "", &[text, "13000000001", "20001"]);
        for (one, other) in [
            ("2026-01-05", "2026/1/5"),
            ("2026-01-05", "2026年1月5日"),
            ("2026-01-05", "2026-01-05 00:00:00"),
            ("2026-01-05 08:30:00", "2026/1/5 8:30"),
            ("2026-01-05 08:30:00", "2026-01-05T08:30:00.000"),
            ("2026-01-05 08:30:00", "2026年1月5日 8时30分"),
        ] {
            assert_eq!(said(one), said(other), "{one} {other}");
        }
    }

    /// What looks like a day or a number may be a code.
    #[test]
    fn texts_that_are_not_the_same_are_told_apart() {
        let said = |text: &str| identity(HEADER, "", &[text, "13000000001", "20001"]);
        let texts = [
            "2026-01-05",
            "2026-01-06",
            "2026-01-05-001",
            "2026-01-05-002",
            "2026-01-05-24",
            "2026-01-05-0017",
            "2026-01-05 24",
            "2026-01-05~2026-02-05",
            "2026-01-05~2027-02-05",
            "2026-13-05",
            "2026-01-32",
            "2026-1",
            "2026-01-05 8",
            "2026-01-05 25:00",
            "2026-01-05 08:30:01",
            "2026-01-05 08:30:00.5",
            "20260105",
            "007",
            "7",
            "1.1",
            "1.10",
            "1.100",
            "2",
            "2.0",
            "x！",
            "x!",
            "-1",
            "1",
        ];
        let mut seen = std::collections::HashMap::new();
        for text in texts {
            if let Some(other) = seen.insert(said(text), text) {
                panic!("{text} and {other} are taken for the same");
            }
        }
    }

    #[test]
    fn the_width_of_a_text_counts_only_where_a_row_is_known_otherwise() {
        let mapping = mapping(HEADER, "");
        let of = |name: &str, is_known_otherwise| {
            let cells: &[&str] = &[name, "", "20001"];
            let row = Row { number: 2, line: Some(2), cells: cells.to_vec().into(), ..Row::default() };
            Identities::new(&mapping).of(&mapping, &row, is_known_otherwise)
        };
        assert_eq!(of("示例（１）", false), of("示例(1)", false));
        assert_ne!(of("示例（１）", true), of("示例(1)", true));
        assert_ne!(of("示例（１）", false), of("示例(2)", false));
        assert_eq!(of("示例 1", false), of("示例 1", true));
    }

    /// Rows are known by it in journals that are years old.
    #[test]
    fn it_is_the_same_in_all_versions() {
        let identity = identity(HEADER, "", &["示例", "13000000001", "20001"]);
        let text: String = identity.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, "846509ef233568a05f6c7fe94dd84313");
    }
}
