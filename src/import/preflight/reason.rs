//! Why a row is not sent, in the words of its findings.

use crate::check::finding::Finding;
use crate::journal::Reason;
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;
use crate::problem::Severity;

/// Most rules that the reason of a row names.
const SHOWN_RULES: usize = 20;
/// Code of a row that fills none of some columns, which its rule names.
pub(super) const ONE_OF: &str = "one_of";

/// Why a row is not sent: its findings of this weight.
pub(in crate::import) fn reason_of(mapping: &Mapping, findings: &[Finding], severity: Severity) -> Reason {
    // In the order of the columns, as what can be done about them is told.
    let mut findings: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == severity).collect();
    findings.sort_by_key(|finding| finding.column);
    let rules = findings.iter().map(|finding| {
        match finding.column.map(|column| mapping.header(column)).filter(|header| !header.is_empty()) {
            // It names its columns itself.
            Some(_) if finding.code == ONE_OF => finding.rule.clone(),
            Some(header) => message!("import.in_column", header = header, rule = finding.rule),
            None => finding.rule.clone(),
        }
    });
    // A row may have thousands of them, and all are in the file of what was found.
    let rules = rules.take(SHOWN_RULES);
    Reason {
        code: findings.first().map(|first| first.code.to_owned()).unwrap_or_default(),
        field: findings.first().and_then(|first| first.field.clone()).unwrap_or_default(),
        message: Message::joined("import.and_rule", rules).unwrap_or_default(),
    }
}
