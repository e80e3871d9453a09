//! What headers and mapping files mean together.

use super::{Mapping, MappingFile};
use crate::entity::{AccountMode, Catalog};
use crate::error::Result;
use crate::format::Sheet;
use crate::value::ValueOptions;

fn try_map(entity: &str, header: &[&str], mapping: &str, mode: AccountMode) -> Result<Mapping> {
    let header = header.iter().map(|title| (*title).to_owned()).collect();
    let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
    let file = MappingFile::parse(mapping, "m.toml")?;
    let catalog = Catalog::embedded();
    Mapping::new(
        catalog.get(entity).unwrap(),
        &catalog.service.custom,
        &sheet,
        Some(&file),
        mode,
        ValueOptions::default(),
    )
}

fn mapped(entity: &str, header: &[&str], mapping: &str) -> Mapping {
    try_map(entity, header, mapping, AccountMode::Business).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(entity: &str, header: &[&str], mapping: &str) -> String {
    try_map(entity, header, mapping, AccountMode::Business).unwrap_err().message()
}

fn matched(mapping: &Mapping) -> Vec<String> {
    mapping
        .report()
        .matched
        .iter()
        .map(|matched| format!("{} {}", matched.column.as_deref().unwrap_or(&matched.source), matched.field))
        .collect()
}

#[test]
fn headers_are_forgiven_their_dress() {
    let mapping = mapped("customers", &[" ＊姓名（必填） ", "Mobile Phone *", "companyid", "E-mail"], "");
    assert_eq!(matched(&mapping), ["A name", "B mobile", "C companyId", "D email"]);
}

#[test]
fn every_column_is_accounted_for() {
    let header = ["手机", "公司编号", "联系人编号", "创建时间", "分组", "会员等级", "bw8_row", "sf__Id", ""];
    let mapping = mapped("customers", &header, "");
    assert_eq!(matched(&mapping), ["A mobile", "B companyId", "C cId"]);
    let unmatched: Vec<&str> = mapping.report().unmatched.iter().map(|unused| unused.column.as_str()).collect();
    assert_eq!(unmatched, ["F", "I"]);
    let not_sent: Vec<&str> = mapping.report().not_sent.iter().map(|unused| unused.column.as_str()).collect();
    assert_eq!(not_sent, ["D", "E", "G", "H"]);
    assert!(mapping.report().text().contains("F  会员等级"));
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
    assert_eq!(
        message,
        "columns that Customers need are missing: Company ID (公司编号); one of: Mobile, Landline; the header in row 1 reads: 姓名"
    );
    assert!(try_map("customers", &["手机"], "", AccountMode::Consumer).is_ok());
}

#[test]
fn a_mapping_file_goes_before_the_header() {
    let file = "drop = ['导出人']\n[columns]\n'客户电话' = '手机'\n[constants]\ncompanyId = '20001'\n\
                   [defaults]\nstate = '在职'\n[values.state]\n'在岗' = '在职'\n";
    let mapping = mapped("customers", &["客户电话", "移动电话", "公司编号", "导出人", "在职状态"], file);
    assert_eq!(matched(&mapping), ["A mobile", "E state", "\"20001\" companyId"]);
    assert_eq!(mapping.report().not_sent.len(), 3);
}

#[test]
fn a_template_reads_columns_that_mean_something_by_themselves() {
    let file = "[templates]\nfixnumber = \"{{ 区号 ~ '-' ~ 电话 }}\"";
    let mapping = mapped("customers", &["区号", "电话", "公司编号"], file);
    assert_eq!(matched(&mapping), ["C companyId", "{{ 区号 ~ '-' ~ 电话 }} fixnumber"]);
    assert_eq!(mapping.report().not_sent.len(), 2);
    let message = refused("customers", &["电话"], file);
    assert!(message.starts_with("m.toml, line 2: [templates] names the column '区号'"), "{message}");
    let message = refused("customers", &["电话"], "[templates]\nname = '{{ 电话 '");
    assert!(message.starts_with("m.toml, line 2: [templates] 'name': not written as templates are"), "{message}");
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
    let one = mapped("customers", &["手机", "公司编号"], "").fingerprint();
    assert_eq!(one, mapped("customers", &["公司编号", "手机"], "").fingerprint());
    assert_ne!(one, mapped("customers", &["手机", "公司编号"], "[defaults]\nstate = '1'").fingerprint());
    assert_ne!(one, mapped("customers", &["手机", "公司编号", "姓名"], "").fingerprint());
}
