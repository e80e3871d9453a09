//! What a row says, as a hash: the pairs of field and value as the file has them, before anything is made of them. Position,
//! the order of columns and cells that are not sent do not count, nor does what saving a file again changes: width, spaces
//! around a text, the forms of days and numbers.
//!
//! Rows are known by it for ever, so it never changes: what is here stands by itself, whatever the checks learn.

use sha2::{Digest, Sha256};

use crate::format::{Content, Row};
use crate::mapping::{Mapping, ValueSource};

/// Makes the identities of the rows of a file.
#[derive(Debug)]
pub struct Identities {
    /// Positions of the sources, by the names of their fields.
    order: Vec<usize>,
    text: String,
}

impl Identities {
    /// For rows of this mapping.
    pub fn new(mapping: &Mapping) -> Self {
        let mut order: Vec<usize> = (0..mapping.sources.len()).collect();
        order.sort_by(|a, b| mapping.sources[*a].field.name.cmp(&mapping.sources[*b].field.name));
        Identities { order, text: String::new() }
    }

    /// What a row says.
    pub fn of(&mut self, mapping: &Mapping, row: &Row) -> Content {
        let mut hash = Sha256::new();
        for source in self.order.iter().map(|position| &mapping.sources[*position]) {
            self.text.clear();
            match &source.source {
                ValueSource::Column(column) => push_canonical(row.cell(*column).text, &mut self.text),
                ValueSource::Constant(text) => push_canonical(text, &mut self.text),
                // One that cannot be made is a mistake of the row; its cells stand in the other columns.
                ValueSource::Template(template) => {
                    push_canonical(&template.render(row).unwrap_or_default(), &mut self.text);
                }
            }
            if !self.text.is_empty() {
                hash.update(source.field.name.as_bytes());
                // No text holds these bytes: they are no part of UTF-8.
                hash.update([0xfe]);
                hash.update(self.text.as_bytes());
                hash.update([0xff]);
            }
        }
        let digest = hash.finalize();
        std::array::from_fn(|index| digest[index])
    }
}

/// Appends a text without the spaces around it, in plain width, a day or a number in one form.
fn push_canonical(text: &str, out: &mut String) {
    let text = text.trim();
    if text.is_ascii() {
        push_plain(text, out);
    } else {
        let narrow: String = text.chars().map(narrow).collect();
        push_plain(narrow.trim(), out);
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

fn push_plain(text: &str, out: &mut String) {
    // Most texts begin with no digit and are neither.
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        out.push_str(text);
    } else if let Some(moment) = moment(text) {
        out.push_str(&moment);
    } else {
        out.push_str(number(text));
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

/// A day written year first, with or without a time, as `2026-01-05 08:30:00`; midnight is the day alone.
fn moment(text: &str) -> Option<String> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = parts.next().filter(|year| year.len() == 4)?;
    let after = text.strip_prefix(year)?.chars().next()?;
    if !matches!(after, '-' | '/' | '.' | '年') || text.chars().any(|c| !is_part_of_moment(c)) {
        return None;
    }
    let mut number = |most: u8| {
        let part = parts.next().filter(|part| part.len() <= 2)?;
        part.parse::<u8>().ok().filter(|number| *number <= most)
    };
    let (month, day) = (number(12)?, number(31)?);
    let time = (number(23), number(59), number(59));
    // What is left is the fraction of a second, which is nothing.
    if month == 0 || day == 0 || parts.any(|part| part.bytes().any(|byte| byte != b'0')) {
        return None;
    }
    let day = format!("{year}-{month:02}-{day:02}");
    Some(match time {
        (None | Some(0), None | Some(0), None | Some(0)) => day,
        (hour, minute, second) => {
            let [hour, minute, second] = [hour, minute, second].map(Option::unwrap_or_default);
            format!("{day} {hour:02}:{minute:02}:{second:02}")
        }
    })
}

fn is_part_of_moment(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, '-' | '/' | '.' | ':' | ' ' | 'T' | '年' | '月' | '日' | '号' | '时' | '点' | '分' | '秒')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{AccountMode, Catalog};
    use crate::format::Sheet;
    use crate::mapping::MappingFile;

    fn mapping(header: &[&str], file: &str) -> Mapping {
        let catalog = Catalog::embedded();
        let header = header.iter().map(|title| (*title).to_owned()).collect();
        let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
        let file = MappingFile::parse(file, "m.toml").unwrap();
        let customers = catalog.get("customers").unwrap();
        Mapping::new(customers, &catalog.service.custom, &sheet, Some(&file), AccountMode::Business).unwrap()
    }

    fn identity(header: &[&str], file: &str, cells: &[&str]) -> Content {
        let mapping = mapping(header, file);
        let row = Row { number: 2, line: Some(2), cells: cells.to_vec().into(), ..Row::default() };
        Identities::new(&mapping).of(&mapping, &row)
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
        assert_eq!(plain, identity(HEADER, "", &["　示例　Ａ ", "１３００００００００１", "20001"]));
        for (one, other) in [
            ("2026-01-05", "2026/1/5"),
            ("2026-01-05", "2026年1月5日"),
            ("2026-01-05", "2026-01-05 00:00:00"),
            ("2026-01-05 08:30:00", "2026/1/5 8:30"),
            ("2026-01-05 08:30:00", "2026-01-05T08:30:00.000"),
            ("1.50", "1.5"),
            ("2.0", "2"),
        ] {
            let said = |text: &str| identity(&["姓名", "手机", "公司编号"], "", &[text, "13000000001", "20001"]);
            assert_eq!(said(one), said(other), "{one} {other}");
        }
        for (one, other) in
            [("2026-01-05", "2026-01-06"), ("007", "7"), ("1.05", "1.5"), ("10", "1"), ("2026-13-05", "2026-01-05")]
        {
            let said = |text: &str| identity(HEADER, "", &[text, "13000000001", "20001"]);
            assert_ne!(said(one), said(other), "{one} {other}");
        }
    }

    /// Rows are known by it in journals that are years old.
    #[test]
    fn it_is_the_same_in_all_versions() {
        let identity = identity(HEADER, "", &["示例", "13000000001", "20001"]);
        let text: String = identity.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, "846509ef233568a05f6c7fe94dd84313");
    }
}
