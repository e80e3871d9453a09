//! What a person agreed to, of what may be right and has to be looked at.

use std::collections::BTreeSet;

/// Code of consent to rows that came while rows that were sent went from the file.
pub const ROWS_GONE: &str = "rows_gone";
/// Code of a row whose record the account has already.
pub const EXISTS: &str = "exists_in_account";
/// Code of consent to a file that says what an export of ours said and does not say which records it is about.
pub const OWN_EXPORT: &str = "own_export";

/// Code of consent to an export whose columns stand in another order of rows than they were exported in.
pub const ROWS_MOVED: &str = "rows_moved";
/// Code of consent to the export of another account.
pub const OTHER_EXPORT: &str = "other_export";
/// Code of a row of which somebody edited what is never written.
const EDITED_UNSENT: &str = "edited_unsent";
/// Code of a row that says the same as one that an earlier run has sent.
pub const SENT_BEFORE: &str = "sent_before";
/// Code of a row that is likely the record of another one, of its file or of an earlier run.
pub const LIKELY_DOUBLE: &str = "likely_double";

/// Code of a row whose record was deleted in the account since it was made.
pub const RECORD_GONE: &str = "record_gone";

/// Code of a row that names its record and says a key of another one.
pub const KEY_OF_ANOTHER: &str = "key_of_another";

/// Kinds that tell of what the account has, had, or may have twice then, or of what was done to one file: consent to them
/// holds for that alone.
const OF_ONE_FILE: [&str; 12] = [
    ROWS_MOVED,
    OTHER_EXPORT,
    EDITED_UNSENT,
    EXISTS,
    ROWS_GONE,
    OWN_EXPORT,
    LIKELY_DOUBLE,
    RECORD_GONE,
    KEY_OF_ANOTHER,
    SENT_BEFORE,
    "key_sent_before",
    "same_cells",
];

/// Kinds that are about one record of the account, of which a row would be a second one.
const OF_ONE_RECORD: [&str; 4] = [EXISTS, LIKELY_DOUBLE, RECORD_GONE, SENT_BEFORE];

/// Whether a kind is about one record that the account has or had: consent to a row is consent to that one.
pub fn is_about_record(code: &str) -> bool {
    OF_ONE_RECORD.contains(&code)
}

/// Kinds that tell of a row which may be no data, or whose cells may stand in wrong columns: what was right of the rows of one file
/// says nothing of those of the next.
const OF_ROWS: [&str; 17] = [
    "totals_row",
    "totals_row_by_words",
    "remark_row",
    "instruction_row",
    "headings_row",
    "other_headings",
    "below_headings",
    "lone_cell",
    "example_changed",
    "broken_line",
    "torn_row",
    "rows_in_quotation",
    "cells_shifted",
    "value_slipped",
    "value_beside_its_column",
    "unlike_its_column",
    "held_before",
];

/// Whether a mapping file may consent to a kind for all of its files.
pub fn is_for_mappings(code: &str) -> bool {
    !OF_ONE_FILE.contains(&code)
}

/// Whether consent to a kind holds for the next file of the same mapping, too, without being said again.
pub fn is_kept(code: &str) -> bool {
    is_for_mappings(code) && !OF_ROWS.contains(&code)
}

/// Kinds that no consent sets free: somebody has to say what is meant, or to read a list that is whole.
pub const NOT_BY_CONSENT: [&str; 3] = ["ambiguous", "list_not_whole", REFERENCE_UNCLEAR];

/// Kinds that consent to all warnings does not cover: they have to be named.
const BY_NAME: [&str; 3] = [REFERENCE_UNCLEAR, LIKELY_DOUBLE, KEY_OF_ANOTHER];

/// Code of a row that is held back and refers to something of which a person has to say what is meant.
pub const REFERENCE_UNCLEAR: &str = "reference_unclear";

/// Kinds of cells that are not part of what is sent: that there is nothing to send does not settle them.
const NOT_SENT: [&str; 2] = [EDITED_UNSENT, "null_word"];

/// Whether consent to a kind lets its rows be sent.
pub fn can_be_consented(code: &str) -> bool {
    !NOT_BY_CONSENT.contains(&code)
}

/// The kinds of warnings that there are, for whoever is told of them.
pub const HELD: [&str; 66] = [
    "became_date",
    "below_headings",
    "broken_line",
    "cells_shifted",
    "changed_meanwhile",
    "date_cell_in_text",
    "date_serial",
    "date_with_time",
    "day_shown_in_part",
    "ditto",
    "example_changed",
    "exists_in_account",
    "formula_not_calculated",
    "formula_text",
    "grouped_digits",
    "headings_row",
    "held_before",
    "hidden_column",
    "hidden_row",
    "html_entities",
    "impossible_landline",
    "instruction_row",
    "key_sent_before",
    "likely_double",
    "line_breaks",
    "lone_cell",
    "no_customer",
    "no_key",
    "no_name",
    "not_a_name",
    "not_a_web_address",
    "not_an_account",
    "nothing_shown",
    "null_word",
    "null_word_kept",
    "number_format",
    "number_in_list",
    "old_id_damaged",
    "old_id_mapped",
    "older_file",
    "origin_unknown",
    "other_headings",
    "own_export",
    "question_marks",
    "record_gone",
    "reference_unclear",
    "remark_row",
    "respelled",
    "rounded_in_text",
    "rows_gone",
    "rows_in_quotation",
    "same_cells",
    "scientific_in_text",
    "sent_before",
    "several_codes",
    "signed_in_part",
    "tags_of_a_program",
    "text_mark",
    "torn_row",
    "totals_row",
    "totals_row_by_words",
    "unlike_its_column",
    "value_beside_its_column",
    "value_slipped",
    "wrong_encoding",
    "zero_lost",
];

/// Which warnings a person consented to; none by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// All of them, whatever their code.
    all: bool,
    codes: BTreeSet<String>,
}

impl Consent {
    /// Consent to all warnings (an empty text) or to those whose codes it lists, separated by commas.
    pub fn of_option(text: &str) -> Self {
        let codes: BTreeSet<String> =
            text.split([',', '，', '、']).map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect();
        Consent { all: codes.is_empty(), codes }
    }

    /// Consents to one more kind.
    pub fn add(&mut self, code: &str) {
        self.codes.insert(code.to_owned());
    }

    /// The first code that no finding has.
    pub fn unknown(&self) -> Option<&str> {
        // Whatever has words of its own is a code, of a mistake, too.
        let has_words = |code: &str| {
            let keys = ["check", "modes", "change"].map(|part| format!("{part}.{code}_hint"));
            keys.iter().any(|key| crate::_rust_i18n_try_translate("en", key).is_some())
        };
        let is_known =
            |code: &str| [&HELD[..], &OF_ONE_FILE, &NOT_BY_CONSENT].concat().contains(&code) || has_words(code);
        self.codes.iter().map(String::as_str).find(|code| !is_known(code))
    }

    /// Whether a row that waits for these kinds waits although what would be sent of it is there already.
    pub fn waits_in_any_case(&self, codes: &[String]) -> bool {
        codes.iter().any(|code| NOT_SENT.contains(&code.as_str()) && !self.covers(code))
    }

    /// Whether this kind was consented to by its code.
    pub fn names(&self, code: &str) -> bool {
        self.codes.contains(code)
    }

    /// Whether this kind was consented to.
    pub fn covers(&self, code: &str) -> bool {
        (self.all && !BY_NAME.contains(&code)) || self.names(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_covers_all_or_what_was_named() {
        assert!(!Consent::default().covers("hidden_row"));
        assert!(Consent::of_option("").covers("hidden_row"));
        let named = Consent::of_option("hidden_row, totals_row");
        assert!(named.covers("totals_row") && !named.covers("null_word"));
        assert_eq!(named.unknown(), None);
        // One of a mistake is a code, too, and does no harm.
        assert_eq!(Consent::of_option("zero_id").unknown(), None);
        for code in
            HELD.iter().chain(&OF_ONE_FILE).chain(&OF_ROWS).chain(&["respelled", "origin_unknown", "changed_meanwhile"])
        {
            assert_eq!(Consent::of_option(code).unknown(), None, "{code}");
        }
        assert_eq!(Consent::of_option("hidden_row,total_row").unknown(), Some("total_row"));
        // What may be there twice then is named.
        assert!(
            !Consent::of_option("").covers(LIKELY_DOUBLE) && Consent::of_option(LIKELY_DOUBLE).covers(LIKELY_DOUBLE)
        );
    }
}
