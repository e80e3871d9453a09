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

/// Kinds that tell of what the account has, had, or may have twice then, or of what was done to one file: consent to them
/// holds for that alone.
const OF_ONE_FILE: [&str; 11] = [
    ROWS_MOVED,
    OTHER_EXPORT,
    EDITED_UNSENT,
    EXISTS,
    ROWS_GONE,
    OWN_EXPORT,
    LIKELY_DOUBLE,
    RECORD_GONE,
    SENT_BEFORE,
    "key_sent_before",
    "same_cells",
];

/// Whether consent to a kind holds for the next file of the same mapping, too.
pub fn is_kept(code: &str) -> bool {
    !OF_ONE_FILE.contains(&code)
}

/// Kinds that no consent sets free: somebody has to say what is meant, or to read a list that is whole.
const NOT_BY_CONSENT: [&str; 3] = ["ambiguous", "list_not_whole", REFERENCE_UNCLEAR];

/// Kinds that consent to all warnings does not cover: they have to be named.
const BY_NAME: [&str; 2] = [REFERENCE_UNCLEAR, LIKELY_DOUBLE];

/// Code of a row that is held back and refers to something of which a person has to say what is meant.
pub const REFERENCE_UNCLEAR: &str = "reference_unclear";

/// Kinds of cells that are not part of what is sent: that there is nothing to send does not settle them.
const NOT_SENT: [&str; 2] = [EDITED_UNSENT, "null_word"];

/// Whether consent to a kind lets its rows be sent.
pub fn can_be_consented(code: &str) -> bool {
    !NOT_BY_CONSENT.contains(&code)
}

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
        let named = Consent::of_option("hidden_row, total_row");
        assert!(named.covers("total_row") && !named.covers("null_word"));
        // What may be there twice then is named.
        assert!(
            !Consent::of_option("").covers(LIKELY_DOUBLE) && Consent::of_option(LIKELY_DOUBLE).covers(LIKELY_DOUBLE)
        );
    }
}
