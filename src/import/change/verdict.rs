//! What becomes of a cell of a row that changes a record: a plain function of what the row says, what the export said from
//! which its file comes, and what the record says now.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::said_cell::{CellBaseline, SaidCell};
use crate::baseline::{is_full, is_unset, mark, shows};
use crate::check::duplicates::holds_beside_others;
use crate::entity::{Custom, Field, Kind, Overwrite};
use crate::projection::{custom_text, html_text, text_of};
use crate::value::{edited_tags, is_same_value, push_number, tags};

/// What becomes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Verdict {
    /// It is written.
    Write,
    /// The record says it already.
    Unchanged,
    /// The record keeps another value: nobody edited the cell, or a person wants it so.
    Kept,
    /// It was edited in the file, and the record's value was changed meanwhile: a person decides.
    Conflict,
    /// It says what a spreadsheet program makes of the record's value when it saves a file: a person decides.
    Respelled,
    /// It is as long as a cell of a workbook can be, so that most likely only the beginning of a text is left in it.
    Cut,
}

/// What a record says in a field now; none where it has no such member.
pub(in crate::import) fn value_now<'a>(
    record: &'a Map<String, Value>,
    custom: &Custom,
    field: &str,
    is_custom: bool,
) -> Option<Cow<'a, str>> {
    match is_custom {
        true => custom_text(record.get(&custom.member), custom, field),
        false => record.get(field).map(text_of),
    }
}

/// Whether a record tells what it says in a field: one whose page lacks a member may have anything there, and of tags that are
/// no names nobody knows what has to be written for them. A custom field that is not among those of a record has no value.
pub(in crate::import) fn is_shown(
    record: &Map<String, Value>,
    custom: &Custom,
    field: &Field,
    cell: &SaidCell,
) -> bool {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    match record.get(if cell.is_custom { &custom.member } else { &cell.field }) {
        None => false,
        Some(values) if cell.is_custom => values.is_array(),
        Some(Value::Array(values)) if is_list(field) => values.iter().all(is_plain),
        Some(value) => is_plain(value) || !is_list(field),
    }
}

/// Whether what is written for a cell, or whether anything is, goes by what the record has there.
pub(in crate::import) fn goes_by_record(field: &Field, cell: &SaidCell) -> bool {
    let is_unedited = cell.baseline.is_some_and(|baseline| baseline.is_unedited);
    let is_edit = edited(field, cell, "").is_some() || is_merged(field, cell) || is_removed(field, cell);
    match cell.overwrite {
        _ if is_unedited => false,
        Overwrite::Never => false,
        Overwrite::IfBlank => is_edit || !field.write_only,
        _ => is_edit,
    }
}

/// What becomes of a cell, where the record says `now`.
pub(in crate::import) fn verdict(field: &Field, cell: &SaidCell, now: &str) -> Verdict {
    // What is added and taken away goes by what is there now, whatever was there before.
    if let Some(wanted) = edited(field, cell, now) {
        return match is_same_value(field.kind, &wanted, now) {
            true => Verdict::Unchanged,
            false if cell.overwrite == Overwrite::Never => Verdict::Kept,
            false => Verdict::Write,
        };
    }
    let is_said =
        says(field, cell, now) || cell.overwrite != Overwrite::Always && is_same_number(field, &cell.value, now);
    let is_masked = is_masked(field, cell);
    let unedited = cell.baseline.filter(|baseline| baseline.is_unedited);
    let is_unedited = is_masked || unedited.is_some();
    let is_part = is_masked || unedited.is_some_and(|baseline| may_be_part(field, cell, baseline));
    match (is_said, cell.overwrite) {
        (true, _) => Verdict::Unchanged,
        (false, Overwrite::Never) => Verdict::Kept,
        (false, Overwrite::IfBlank) if !is_blank(field, now) => Verdict::Kept,
        (false, _) if !is_unedited && is_full(&cell.shown) => Verdict::Cut,
        // What a file of ours could not carry whole is no value of anybody's.
        (false, Overwrite::Always) if !is_part => Verdict::Write,
        (false, _) if is_unedited => Verdict::Kept,
        (false, Overwrite::Merge | Overwrite::Remove | Overwrite::IfBlank) => Verdict::Write,
        (false, _) => match cell.baseline {
            // Nobody edited it since it was sent, whatever the service made of it.
            Some(baseline) if baseline.told_mark == Some(mark(field, &cell.value)) => Verdict::Kept,
            Some(baseline) if !baseline.knows(mark(field, now)) => Verdict::Conflict,
            Some(baseline) if baseline.is_respelled => Verdict::Respelled,
            // It is there, and so are others of which the file knows nothing: two records that were made one.
            None if holds_beside_others(field, &cell.value, now) => Verdict::Kept,
            _ => Verdict::Write,
        },
    }
}

/// Whether a record shows nothing in a field. An editor of rich text leaves marks behind when all that was written is deleted.
fn is_blank(field: &Field, now: &str) -> bool {
    const SHOWN: [&str; 8] = ["<img", "<video", "<audio", "<iframe", "<object", "<embed", "<svg", "<input"];
    let has_no_text = || {
        let lower = now.to_ascii_lowercase();
        !SHOWN.iter().any(|tag| lower.contains(tag)) && html_text(now).trim().is_empty()
    };
    is_unset(field, now) || field.kind == Kind::Html && has_no_text()
}

/// What is sent for a cell that is written, where the record says `now`: for a list that is added to, both; of one that is
/// taken away from, the rest.
pub(in crate::import) fn written(field: &Field, cell: &SaidCell, now: &str) -> String {
    if let Some(wanted) = edited(field, cell, now) {
        return wanted;
    }
    if is_removed(field, cell) {
        let removed = |part: &&str| tags(&cell.value).any(|removed| removed == *part);
        return tags(now).filter(|part| *part != "0" && !removed(part)).collect::<Vec<_>>().join(",");
    }
    if !is_merged(field, cell) {
        return cell.value.clone();
    }
    let mut parts: Vec<&str> = tags(now).filter(|part| *part != "0").collect();
    for part in tags(&cell.value) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(",")
}

/// Whether the record says what the cell says, or what the cell can show of it.
fn says(field: &Field, cell: &SaidCell, now: &str) -> bool {
    if is_removed(field, cell) {
        return !tags(&cell.value).any(|part| tags(now).any(|there| there == part));
    }
    if shows(field, &cell.shown, now) {
        return true;
    }
    if cell.value.is_empty() {
        return cell.shown.is_empty() && is_unset(field, now);
    }
    is_same_value(field.kind, &cell.value, now)
        || field.choice(&cell.value).zip(field.choice(now)).is_some_and(|(said, now)| said.value == now.value)
        || is_merged(field, cell) && tags(&cell.value).all(|part| tags(now).any(|there| there == part))
}

/// Whether both are one telephone number, each as somebody writes it. Who wants it written otherwise overwrites it always.
fn is_same_number(field: &Field, said: &str, now: &str) -> bool {
    let number = |text: &str| {
        let mut number = Vec::new();
        push_number(text.trim(), &mut number);
        number
    };
    matches!(field.kind, Kind::Mobile | Kind::Phone) && !said.is_empty() && number(said) == number(now)
}

/// The tags that signed ones make of those that are there; none where the cell is a list, or as an export of ours said it.
fn edited(field: &Field, cell: &SaidCell, now: &str) -> Option<String> {
    let is_unedited = cell.baseline.is_some_and(|baseline| baseline.is_unedited);
    if field.kind != Kind::Tags || is_unedited { None } else { edited_tags(&cell.value, now) }
}

/// Whether a cell shows that there is a secret, and not which.
pub(in crate::import) fn is_masked(field: &Field, cell: &SaidCell) -> bool {
    field.secret && !cell.shown.is_empty() && cell.shown.chars().all(|c| matches!(c, '•' | '*'))
}

fn is_merged(field: &Field, cell: &SaidCell) -> bool {
    cell.overwrite == Overwrite::Merge && is_list(field) && !cell.value.is_empty()
}

fn is_removed(field: &Field, cell: &SaidCell) -> bool {
    cell.overwrite == Overwrite::Remove && is_list(field) && !cell.value.is_empty()
}

fn is_list(field: &Field) -> bool {
    matches!(field.kind, Kind::Tags | Kind::Ids)
}

/// Whether a cell that nobody edited holds less than the value it was made of.
fn may_be_part(field: &Field, cell: &SaidCell, baseline: CellBaseline) -> bool {
    const LOST: char = '\u{fffd}';
    mark(field, &cell.shown) != baseline.value_mark || cell.shown.contains(LOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn field(entity: &str, name: &str) -> Field {
        Catalog::embedded().get(entity).unwrap().field(name).unwrap().clone()
    }

    /// A cell of a file that an export of ours said `exported` in, of a record that said `value` then.
    fn cell(field: &Field, shown: &str, exported: Option<(&str, &str)>, overwrite: Overwrite) -> SaidCell {
        SaidCell {
            field: field.name.clone(),
            shown: shown.to_owned(),
            value: shown.to_owned(),
            overwrite,
            baseline: exported.map(|(exported, value)| CellBaseline {
                is_unedited: mark(field, exported) == mark(field, shown),
                ..CellBaseline::edited(mark(field, value))
            }),
            ..SaidCell::default()
        }
    }

    #[test]
    fn the_table() {
        use Overwrite::{Always, Edited, IfBlank, Never};
        use Verdict::{Conflict, Kept, Unchanged, Write};
        let name = field("customers", "position");
        // What the file says, what its export said, what the record says now; then the verdict by what is to be overwritten.
        for (said, exported, now, [edited, always, if_blank, never]) in [
            // No export of ours: the record as it was read decides.
            ("甲", None, "甲", [Unchanged, Unchanged, Unchanged, Unchanged]),
            ("乙", None, "甲", [Write, Write, Kept, Kept]),
            ("乙", None, "", [Write, Write, Write, Kept]),
            // Nobody edited the cell.
            ("甲", Some("甲"), "甲", [Unchanged, Unchanged, Unchanged, Unchanged]),
            ("甲", Some("甲"), "丙", [Kept, Write, Kept, Kept]),
            ("甲", Some("甲"), "", [Kept, Write, Kept, Kept]),
            // It was edited, and the record is as it was.
            ("乙", Some("甲"), "甲", [Write, Write, Kept, Kept]),
            ("乙", Some(""), "", [Write, Write, Write, Kept]),
            // It was edited, and the record was changed meanwhile: to the same, to something else.
            ("乙", Some("甲"), "乙", [Unchanged, Unchanged, Unchanged, Unchanged]),
            ("乙", Some("甲"), "丙", [Conflict, Write, Kept, Kept]),
            ("乙", Some("甲"), "", [Conflict, Write, Write, Kept]),
            ("乙", Some(""), "丙", [Conflict, Write, Kept, Kept]),
        ] {
            for (overwrite, expected) in [(Edited, edited), (Always, always), (IfBlank, if_blank), (Never, never)] {
                let cell = cell(&name, said, exported.map(|text| (text, text)), overwrite);
                assert_eq!(verdict(&name, &cell, now), expected, "{said} {exported:?} {now} {overwrite:?}");
            }
        }
    }

    #[test]
    fn always_writes_what_nobody_edited_only_where_our_files_carry_all_of_it() {
        let status = field("tickets", "ticketStatus");
        let unedited = cell(&status, "已解决", Some(("已解决", "4")), Overwrite::Always);
        assert_eq!(verdict(&status, &unedited, "2"), Verdict::Write);
        let html = field("tickets", "descript");
        let unedited = cell(&html, "一", Some(("一", "<p>一</p>")), Overwrite::Always);
        assert_eq!(verdict(&html, &unedited, "<p>二</p>"), Verdict::Kept);
    }

    #[test]
    fn markup_is_not_written_back_unless_its_text_was_edited() {
        let html = field("tickets", "descript");
        let of = |said: &str, exported: Option<(&str, &str)>, now: &str| {
            verdict(&html, &cell(&html, said, exported, Overwrite::Edited), now)
        };
        let exported = Some(("一", "<p>一</p>"));
        for baseline in [None, exported] {
            assert_eq!(of("一", baseline, "<p>一</p>"), Verdict::Unchanged);
            assert_eq!(of("二", baseline, "<p>一</p>"), Verdict::Write);
        }
        assert_eq!(of("一", exported, "<p>三</p>"), Verdict::Kept);
        // The words are those of the export, the markup is not.
        assert_eq!(of("二", exported, "<b>一</b>"), Verdict::Conflict);
    }

    #[test]
    fn values_are_compared_and_not_their_spellings() {
        for (entity, name, said, now) in [
            ("tickets", "ticketStatus", "已解决", "4"),
            ("customers", "tableName", "甲，乙", "乙,甲"),
            ("tickets", "ccUserIdList", "7002,7001", "7001,7002"),
            ("companies", "servicestarttime", "2026/1/5", "2026-01-05 00:00:00"),
        ] {
            let field = field(entity, name);
            assert_eq!(
                verdict(&field, &cell(&field, said, None, Overwrite::Edited), now),
                Verdict::Unchanged,
                "{name}"
            );
        }
        // As it is sent, too: the cell was tidied up on its way.
        let mobile = field("customers", "mobile");
        let tidied =
            SaidCell { value: "13000000001".into(), ..cell(&mobile, "130 0000 0001", None, Overwrite::Edited) };
        assert_eq!(verdict(&mobile, &tidied, "13000000001"), Verdict::Unchanged);
    }

    #[test]
    fn a_list_that_is_merged_keeps_what_is_there() {
        let tags = field("customers", "tableName");
        let merged = |said: &str| cell(&tags, said, None, Overwrite::Merge);
        assert_eq!(verdict(&tags, &merged("甲"), "乙"), Verdict::Write);
        assert_eq!(written(&tags, &merged("甲,丙"), "乙,甲"), "乙,甲,丙");
        assert_eq!(verdict(&tags, &merged("甲"), "乙,甲"), Verdict::Unchanged);
        assert_eq!(written(&tags, &cell(&tags, "甲", None, Overwrite::Edited), "乙"), "甲");
        let unedited = cell(&tags, "甲", Some(("甲", "甲")), Overwrite::Merge);
        assert_eq!(verdict(&tags, &unedited, "乙"), Verdict::Kept);
    }

    #[test]
    fn a_list_that_is_removed_leaves_the_rest() {
        let tags = field("customers", "tableName");
        let removed = |said: &str| cell(&tags, said, None, Overwrite::Remove);
        assert_eq!(verdict(&tags, &removed("甲,丙"), "乙,甲"), Verdict::Write);
        assert_eq!(written(&tags, &removed("甲,丙"), "乙,甲,丁"), "乙,丁");
        assert_eq!(verdict(&tags, &removed("甲"), "乙"), Verdict::Unchanged);
        let unedited = cell(&tags, "甲", Some(("甲", "甲")), Overwrite::Remove);
        assert_eq!(verdict(&tags, &unedited, "甲"), Verdict::Kept);
    }

    #[test]
    fn a_field_is_emptied_once() {
        let note = field("customers", "note");
        let emptied = cell(&note, "", None, Overwrite::Edited);
        assert_eq!(verdict(&note, &emptied, "一"), Verdict::Write);
        assert_eq!(verdict(&note, &emptied, " "), Verdict::Unchanged);
    }

    #[test]
    fn the_beginning_of_a_text_is_never_written() {
        let html = field("tickets", "descript");
        let long = format!("<p>{}</p>", "长".repeat(40_000));
        let kept: String = long.chars().take(32_767).collect();
        for overwrite in [Overwrite::Edited, Overwrite::Always] {
            let of = |said: &str, origin| verdict(&html, &cell(&html, said, origin, overwrite), &long);
            assert_eq!(of(&kept, None), Verdict::Unchanged);
            assert_eq!(of(&kept, Some((&*kept, &*long))), Verdict::Unchanged);
            assert_eq!(of(&kept.replacen('长', "短", 1), None), Verdict::Cut);
            assert_eq!(of(&kept.replacen('长', "短", 1), Some((&*kept, &*long))), Verdict::Cut);
        }
    }

    #[test]
    fn a_masked_secret_is_never_written() {
        let secret = field("companies", "servicepassword");
        for overwrite in [Overwrite::Edited, Overwrite::Always] {
            assert_eq!(verdict(&secret, &cell(&secret, "•••", None, overwrite), "pass"), Verdict::Kept);
        }
    }
}
