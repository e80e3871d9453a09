//! Which column feeds which field: decided once for a file, before its first row. A header means a field by the field's
//! name, label or alias, or because a mapping file says so; what the mapping file says goes before what a header says.
//! Nothing is lost silently: every column that feeds nothing is in the [`MappingReport`] with its reason.

use std::collections::HashMap;

use rust_i18n::t;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::draft::Draft;
use super::mapping_file::MappingFile;
use super::template::Template;
use crate::entity::{AccountMode, Entity, Field};
use crate::error::{Error, Result};
use crate::format::Sheet;
use crate::language::Language;

/// Where the text of a field comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A column, counted from 0.
    Column(usize),
    /// The same for every row.
    Constant(String),
    /// Made of several columns.
    Template(Box<Template>),
}

/// One field that gets a value.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub field: Field,
    pub source: Source,
    /// Whether it is part of a request's body; the record's own id is read and not sent.
    pub sent: bool,
    pub required: bool,
    /// Stands in for an empty cell.
    pub default: Option<String>,
    /// Replaces one text of the file by another.
    pub values: HashMap<String, String>,
    /// What stands before its value in a request's body, as JSON.
    pub head: Vec<u8>,
}

/// A rule over several fields, by their slots.
#[derive(Debug, Clone)]
pub(super) enum RowRule {
    /// At least one is filled. The labels are those of all fields of the rule, with a column or without.
    OneOf { slots: Vec<usize>, labels: String },
    /// When the first is filled, none of the others is.
    Excludes { slot: usize, others: Vec<usize> },
}

/// A natural key all of whose fields have a slot.
#[derive(Debug, Clone)]
pub(super) struct KeySlots {
    /// Its place among the entity's keys.
    pub number: u8,
    pub fields: Vec<String>,
    pub slots: Vec<usize>,
}

/// How the rows of one file become records of one entity.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) entity: Entity,
    pub(super) mode: AccountMode,
    pub(super) header: Vec<String>,
    pub(super) slots: Vec<Slot>,
    /// Whether any slot is of a custom field.
    pub(super) has_custom: bool,
    pub(super) rules: Vec<RowRule>,
    pub(super) keys: Vec<KeySlots>,
    pub(super) report: MappingReport,
}

/// What feeds a field.
#[derive(Debug, Clone, Serialize)]
pub struct Matched {
    /// Letters of the column; none for a constant or a template.
    pub column: Option<String>,
    /// The header, the constant in quotation marks, or the template.
    pub source: String,
    /// The field's name.
    pub field: String,
    /// The field's label in the user's language.
    pub label: String,
}

/// A column that feeds nothing.
#[derive(Debug, Clone, Serialize)]
pub struct Unused {
    /// Letters of the column.
    pub column: String,
    /// Its header.
    pub header: String,
    /// Why it is not sent; none when no field is known for it.
    pub reason: Option<String>,
}

/// A field that gets no value from this file.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// The field's name.
    pub field: String,
    /// The field's label in the user's language.
    pub label: String,
}

/// What was decided, to be shown before anything is sent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MappingReport {
    /// Fields that get a value, in the order of the columns.
    pub matched: Vec<Matched>,
    /// Columns for which no field is known.
    pub unmatched: Vec<Unused>,
    /// Columns that are left out for a reason.
    pub not_sent: Vec<Unused>,
    /// Fields that could be sent and have no source.
    pub missing: Vec<Missing>,
}

impl Plan {
    /// Decides for every column of `sheet` what it feeds.
    ///
    /// # Errors
    /// A header that fits nothing, two columns for one field, a missing column that every record needs, and a mapping
    /// that names a column or field that does not exist.
    pub fn new(entity: &Entity, sheet: &Sheet, mapping: Option<&MappingFile>, mode: AccountMode) -> Result<Plan> {
        let nothing = MappingFile::default();
        let mut draft = Draft::new(entity, sheet, mapping.unwrap_or(&nothing), mode);
        draft.take_mapping()?;
        draft.match_headers()?;
        draft.settle_defaults()?;
        draft.require_columns()?;
        Ok(draft.finish())
    }

    /// What was decided, to be shown before anything is sent.
    pub fn report(&self) -> &MappingReport {
        &self.report
    }

    /// The entity the rows are of.
    pub fn entity(&self) -> &Entity {
        &self.entity
    }

    /// The header of a column, counted from 0; empty beyond the last.
    pub fn header(&self, column: usize) -> &str {
        self.header.get(column).map_or("", |header| header.trim())
    }

    /// How many columns the header has.
    pub fn width(&self) -> usize {
        self.header.len()
    }

    /// A text that changes whenever a row would become another record: headers and their fields, constants, defaults,
    /// replaced values. The order of columns is not part of it.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = self
            .slots
            .iter()
            .map(|slot| {
                let source = match &slot.source {
                    Source::Column(column) => format!("column {:?}", self.header(*column)),
                    Source::Constant(text) => format!("constant {text:?}"),
                    Source::Template(template) => format!("template {:?}", template.source),
                };
                let mut values: Vec<_> = slot.values.iter().collect();
                values.sort();
                format!("{} {source} default {:?} values {values:?}", slot.field.name, slot.default)
            })
            .collect();
        lines.sort();
        lines.push(format!("{} {:?}", self.entity.name, self.mode));
        Sha256::digest(lines.join("\n").as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The fields of one of the entity's natural keys.
    pub fn key_fields(&self, number: u8) -> &[String] {
        self.keys.iter().find(|key| key.number == number).map_or(&[], |key| &key.fields)
    }

    pub(super) fn slot(&self, field: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.field.name == field)
    }
}

/// The error for a file that has a header and no row below it.
pub fn no_rows(shown: &str) -> Error {
    Error::usage(t!("mapping.no_rows", file = shown)).hint(t!("mapping.no_rows_hint"))
}

impl MappingReport {
    /// The decisions as lines for a terminal.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for matched in &self.matched {
            let column = matched.column.as_deref().unwrap_or("–");
            lines.push(
                t!(
                    "mapping.matched",
                    column = column,
                    source = matched.source,
                    label = matched.label,
                    field = matched.field
                )
                .into_owned(),
            );
        }
        for unused in &self.unmatched {
            lines.push(t!("mapping.unmatched", column = unused.column, header = unused.header).into_owned());
        }
        for unused in &self.not_sent {
            let reason = unused.reason.as_deref().unwrap_or_default();
            lines.push(
                t!("mapping.not_sent", column = unused.column, header = unused.header, reason = reason).into_owned(),
            );
        }
        if !self.missing.is_empty() {
            let labels: Vec<&str> = self.missing.iter().map(|missing| missing.label.as_str()).collect();
            let labels = labels.join(Language::current().pick("、", ", "));
            lines.push(t!("mapping.without_source", labels = labels).into_owned());
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn planned(entity: &str, header: &[&str], mapping: &str, mode: AccountMode) -> Result<Plan> {
        let header = header.iter().map(|title| (*title).to_owned()).collect();
        let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
        let mapping = MappingFile::parse(mapping, "m.toml")?;
        Plan::new(Catalog::embedded().get(entity).unwrap(), &sheet, Some(&mapping), mode)
    }

    fn plan(entity: &str, header: &[&str], mapping: &str) -> Plan {
        planned(entity, header, mapping, AccountMode::Business).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(entity: &str, header: &[&str], mapping: &str) -> String {
        planned(entity, header, mapping, AccountMode::Business).unwrap_err().message().to_owned()
    }

    fn matched(plan: &Plan) -> Vec<String> {
        plan.report()
            .matched
            .iter()
            .map(|matched| format!("{} {}", matched.column.as_deref().unwrap_or(&matched.source), matched.field))
            .collect()
    }

    #[test]
    fn headers_are_forgiven_their_dress() {
        let plan = plan("customers", &[" ＊姓名（必填） ", "Mobile Phone *", "companyid", "E-mail"], "");
        assert_eq!(matched(&plan), ["A name", "B mobile", "C companyId", "D email"]);
    }

    #[test]
    fn every_column_is_accounted_for() {
        let header = ["手机", "公司编号", "联系人编号", "创建时间", "分组", "会员等级", "bw8_row", "sf__Id", ""];
        let plan = plan("customers", &header, "");
        assert_eq!(matched(&plan), ["A mobile", "B companyId", "C cId"]);
        let unmatched: Vec<&str> = plan.report().unmatched.iter().map(|unused| unused.column.as_str()).collect();
        assert_eq!(unmatched, ["F", "I"]);
        let not_sent: Vec<&str> = plan.report().not_sent.iter().map(|unused| unused.column.as_str()).collect();
        assert_eq!(not_sent, ["D", "E", "G", "H"]);
        assert!(plan.report().text().contains("F  会员等级"));
    }

    #[test]
    fn two_columns_for_one_field_are_refused_by_letter_and_header() {
        let message = refused("customers", &["手机", "公司编号", "Mobile phone"], "");
        assert_eq!(message, "column A '手机' and column C 'Mobile phone' both mean Mobile");
    }

    #[test]
    fn a_header_that_fits_nothing_and_a_missing_column_are_told_apart() {
        assert!(refused("customers", &["甲", "乙"], "").starts_with("no column fits Customers"));
        let message = refused("customers", &["姓名"], "");
        assert_eq!(message, "columns that Customers need are missing: Company ID (公司编号); one of: Mobile, Landline");
        assert!(planned("customers", &["手机"], "", AccountMode::Consumer).is_ok());
    }

    #[test]
    fn a_mapping_file_goes_before_the_header() {
        let mapping = "drop = ['导出人']\n[columns]\n'客户电话' = '手机'\n[constants]\ncompanyId = '20001'\n\
                       [defaults]\nstate = '在职'\n[values.state]\n'在岗' = '在职'\n";
        let plan = plan("customers", &["客户电话", "移动电话", "公司编号", "导出人", "在职状态"], mapping);
        assert_eq!(matched(&plan), ["A mobile", "E state", "\"20001\" companyId"]);
        assert_eq!(plan.report().not_sent.len(), 3);
    }

    #[test]
    fn a_template_reads_columns_that_mean_something_by_themselves() {
        let mapping = "[templates]\nfixnumber = \"{{ 区号 ~ '-' ~ 电话 }}\"";
        let plan = plan("customers", &["区号", "电话", "公司编号"], mapping);
        assert_eq!(matched(&plan), ["C companyId", "{{ 区号 ~ '-' ~ 电话 }} fixnumber"]);
        assert_eq!(plan.report().not_sent.len(), 2);
        let message = refused("customers", &["电话"], mapping);
        assert!(message.starts_with("m.toml, line 2: [templates] names the column '区号'"), "{message}");
        let message = refused("customers", &["电话"], "[templates]\nname = '{{ 电话 '");
        assert!(message.starts_with("m.toml, line 2: [templates] 'name': syntax error"), "{message}");
    }

    #[test]
    fn a_mapping_file_that_does_not_fit_is_refused_by_line() {
        let header = ["手机", "公司编号", "客户电话"];
        let refused = |mapping: &str| refused("customers", &header, mapping);
        assert!(refused("drop = ['备注']").starts_with("m.toml, line 1: drop names the column '备注'"));
        assert!(refused("[columns]\n'备注' = 'note'").starts_with("m.toml, line 2: [columns] names the column '备注'"));
        assert!(
            refused("[columns]\n'客户电话' = '电话2'").starts_with("m.toml, line 2: [columns] names the field '电话2'")
        );
        assert!(
            refused("[constants]\nname = 'a'\n'姓名' = 'b'")
                .starts_with("m.toml, line 3: [constants] gives 'name' a second")
        );
        assert!(refused("[defaults]\nstate = '在岗'").contains("gives 'state' is not one of"));
        assert!(refused("[values.companyId]\n'甲' = '乙'").starts_with("m.toml, line 2: the value"));
        assert!(refused("[constants]\ncreateDT = '2026-01-05'").contains("not sent: set by the service"));
        assert!(refused("[constants]\nuserGroup = '1'").contains("2C accounts only"));
        assert!(refused("[values.state]\n'在岗' = '在职'").starts_with("m.toml, line 1: [values] names 'state'"));
    }

    #[test]
    fn the_fingerprint_follows_the_meaning_not_the_order() {
        let one = plan("customers", &["手机", "公司编号"], "").fingerprint();
        assert_eq!(one, plan("customers", &["公司编号", "手机"], "").fingerprint());
        assert_ne!(one, plan("customers", &["手机", "公司编号"], "[defaults]\nstate = '1'").fingerprint());
        assert_ne!(one, plan("customers", &["手机", "公司编号", "姓名"], "").fingerprint());
    }
}
