//! What a person consents to in a row's own cell of the file of failed rows: what the row was held back for, as that file says
//! it, and nothing that nobody has shown. The codes stand before the reason that the file has for programs.

use super::consent::Consent;

/// Code of a row that was held back for what the file of failed rows does not show.
pub const HELD_BEFORE: &str = "held_before";
/// Between codes.
const AND: char = ',';
/// Between a code and the record that it is about.
const OF_RECORD: char = '=';

/// What a person consented to for one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed {
    codes: Vec<String>,
}

impl Confirmed {
    /// Consent to what a row was held back for, by what the file of failed rows says of it to programs.
    pub fn of_error(text: &str) -> Confirmed {
        // What is recalled is what it was held back for.
        let codes = told_codes(text).chain(told_codes(text).next().map(|_| HELD_BEFORE));
        Confirmed { codes: codes.map(str::to_owned).collect() }
    }

    /// The same as one text.
    pub fn to_text(&self) -> String {
        self.codes.join(",")
    }

    /// What [`Confirmed::to_text`] made.
    pub fn of_text(text: &str) -> Confirmed {
        Confirmed { codes: text.split(AND).filter(|code| !code.is_empty()).map(str::to_owned).collect() }
    }

    /// Whether it covers a kind of finding.
    pub fn names(&self, code: &str) -> bool {
        self.codes.iter().any(|told| code_of(told) == code)
    }

    /// Whether it covers all of these kinds, beside those that a person consented to for all rows.
    pub fn covers_all(&self, codes: &[String], consent: &Consent) -> bool {
        codes.iter().all(|code| self.names(code) || consent.covers(code))
    }

    /// Whether it covers a kind of finding about this record, which the person was shown.
    pub fn names_record(&self, code: &str, record: Option<&str>) -> bool {
        self.codes.iter().any(|told| *told == with_record(code, record))
    }
}

/// A code with the record that it is about.
pub fn with_record(code: &str, record: Option<&str>) -> String {
    match record {
        Some(record) => format!("{code}{OF_RECORD}{record}"),
        None => code.to_owned(),
    }
}

/// A reason for programs: the codes before the words.
pub fn with_codes(codes: &[String], words: &str) -> String {
    format!("{} {words}", codes.join(","))
}

/// The codes that stand before a reason for programs; none where it has only words.
pub fn told_codes(text: &str) -> impl Iterator<Item = &str> {
    let codes = text.trim().split_once(' ').map_or("", |(codes, _)| codes);
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | AND | OF_RECORD);
    let codes = if codes.chars().all(is_sign) { codes } else { "" };
    codes.split(AND).filter(|code| !code.is_empty())
}

/// The words of a reason for programs.
pub fn words_of_error(text: &str) -> &str {
    match told_codes(text).next() {
        Some(_) => text.trim().split_once(' ').map_or("", |(_, words)| words),
        None => text.trim(),
    }
}

/// A code without the record that it is about.
pub fn code_of(told: &str) -> &str {
    told.split_once(OF_RECORD).map_or(told, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_confirmed_and_nothing_else() {
        let codes = [with_record("exists_in_account", Some("50001")), "null_word".to_owned()];
        let error = with_codes(&codes, "手机：账号中已有 = 记录 50001, 请核对");
        let confirmed = Confirmed::of_error(&error);
        assert_eq!(Confirmed::of_text(&confirmed.to_text()), confirmed);
        assert!(confirmed.names("null_word") && confirmed.names("exists_in_account"));
        assert!(confirmed.names_record("exists_in_account", Some("50001")));
        assert!(!confirmed.names_record("exists_in_account", Some("50002")));
        assert!(!confirmed.names_record("exists_in_account", None) && !confirmed.names("totals_row"));
        for words in ["", "手机号码不正确", "手机：NULL 像是空值", "null_word"] {
            assert_eq!(Confirmed::of_error(words), Confirmed::default(), "{words}");
        }
    }
}
