//! Rows checked, and what is sent of them.

use proptest::prelude::*;

use super::duplicates::Keys;
use super::record::Record;
use crate::entity::{AccountMode, Catalog, Entity, Kind};
use crate::format::{CellKind, Row, Sheet};
use crate::mapping::Mapping;
use crate::value::{ValueOptions, edited_tags};

fn mapping_of(entity: &Entity, header: &[&str]) -> Mapping {
    let header = header.iter().map(|title| (*title).to_owned()).collect();
    let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
    Mapping::new(
        entity,
        &Catalog::embedded().service.custom,
        &sheet,
        None,
        AccountMode::Business,
        ValueOptions::default(),
    )
    .unwrap()
}

fn mapping(entity: &str, header: &[&str]) -> Mapping {
    mapping_of(Catalog::embedded().get(entity).unwrap(), header)
}

fn checked(mapping: &Mapping, cells: &[&str]) -> Record {
    let row = Row { number: 2, line: Some(2), cells: cells.to_vec().into(), ..Row::default() };
    let mut record = Record::default();
    mapping.check(&row, &mut record);
    record
}

fn body(mapping: &Mapping, record: &Record, wrap: Option<&str>) -> String {
    let mut out = Vec::new();
    record.write_body(mapping, wrap, &mut out);
    String::from_utf8(out).unwrap()
}

fn codes(record: &Record) -> Vec<(&'static str, Option<usize>)> {
    record.findings.iter().map(|finding| (finding.code, finding.column)).collect()
}

const HEADER: &[&str] = &["姓名", "手机*", "所属公司编号", "客户标签", "联系人编号"];

#[test]
fn a_good_row_becomes_a_body() {
    let mapping = mapping("customers", HEADER);
    let record = checked(&mapping, &[" 示例 \"张三\" ", "130 0000 0001", "20001", "甲，乙", "50001"]);
    assert_eq!(record.findings, []);
    assert_eq!(
        body(&mapping, &record, Some("user")),
        r#"{"user":{"name":"示例 \"张三\"","mobile":"13000000001","companyId":"20001","tableName":"甲,乙"}}"#
    );
    assert_eq!(record.value(&mapping, "cId"), Some("50001"));
    assert_eq!(record.value(&mapping, "email"), None);
}

#[test]
fn an_empty_cell_is_left_out() {
    let mapping = mapping("customers", HEADER);
    let record = checked(&mapping, &["", "13000000001", "20001"]);
    assert_eq!(body(&mapping, &record, None), r#"{"mobile":"13000000001","companyId":"20001"}"#);
}

#[test]
fn custom_fields_are_a_list_of_pairs() {
    let mut customers = Catalog::embedded().get("customers").unwrap().clone();
    for (key, label) in [("field_1", "客户等级"), ("field_2", "渠道")] {
        let mut field = customers.field("note").unwrap().clone();
        field.name = key.to_owned();
        field.zh = label.to_owned();
        field.en = label.to_owned();
        field.aliases = Vec::new();
        field.custom = true;
        customers.fields.push(field);
    }
    let mapping = mapping_of(&customers, &["手机", "公司编号", "客户等级", "渠道"]);
    let record = checked(&mapping, &["13000000001", "20001", "A", "门店"]);
    assert_eq!(
        body(&mapping, &record, Some("user")),
        r#"{"user":{"mobile":"13000000001","companyId":"20001","custom_fields":[{"key":"field_1","value":"A"},{"key":"field_2","value":"门店"}]}}"#
    );
    let record = checked(&mapping, &["13000000001", "20001"]);
    assert_eq!(body(&mapping, &record, None), r#"{"mobile":"13000000001","companyId":"20001"}"#);
}

#[test]
fn all_mistakes_of_a_row_are_found_at_once() {
    let mapping = mapping("customers", HEADER);
    let record = checked(&mapping, &["#N/A", "", "20001#", "甲,,乙", "", "多余"]);
    assert_eq!(
        codes(&record),
        [
            ("formula_error", Some(0)),
            ("not_an_id", Some(2)),
            ("empty_tag", Some(3)),
            ("one_of", Some(1)),
            ("ragged", Some(5)),
        ]
    );
    assert_eq!(codes(&checked(&mapping, &["", "13000000001"])), [("required", Some(2))]);
}

#[test]
fn a_secret_is_never_shown() {
    let agents = Catalog::embedded().entities().iter().find_map(|entity| {
        let secret = entity.fields.iter().find(|field| field.secret && !field.read_only)?;
        Some((entity, secret))
    });
    let (entity, secret) = agents.expect("the catalog has a secret that can be written");
    let mut entity = entity.clone();
    entity.rules.clear();
    entity.fields.retain(|field| field.name == secret.name);
    let record = checked(&mapping_of(&entity, &[&secret.name]), &["geheim\u{7}"]);
    let finding = &record.findings[0];
    assert_eq!((finding.code, finding.value.as_str()), ("control_character", "•••"));
    assert!(!format!("{finding:?}").contains("geheim"));
}

#[test]
fn replacing_tags_excludes_adding_and_removing() {
    let mapping = mapping("tags", &["对象类型", "记录编号", "添加标签", "设为标签"]);
    assert_eq!(codes(&checked(&mapping, &["联系人", "1", "甲", ""])), []);
    assert_eq!(codes(&checked(&mapping, &["联系人", "1", "", ""])), [("one_of", Some(2))]);
    assert_eq!(codes(&checked(&mapping, &["联系人", "1", "甲", "乙"])), [("set_excludes", Some(3))]);
}

#[test]
fn keys_are_those_whose_fields_are_filled_the_strongest_first() {
    let mapping = mapping("customers", &["姓名", "手机", "电话", "公司编号"]);
    let keys = |cells: &[&str]| {
        let (mut keys, record) = (Keys::default(), checked(&mapping, cells));
        let keys = keys.of(&mapping, &record);
        keys.map(|key| (mapping.key_fields(key.number).join("+"), key.hash)).collect::<Vec<_>>()
    };
    let key = |cells: &[&str]| keys(cells).into_iter().next();
    assert_eq!(key(&["", "+86 130 0000 0001", "", "1"]), key(&["甲", "13000000001", "010-1", "2"]));
    let landline = key(&["Ａb c", "", "010-00000000", "1"]);
    assert_eq!(landline.as_ref().unwrap().0, "fixnumber+name");
    assert_eq!(landline, key(&["abC", "", "(010)0000 0000", "1"]));
    assert_ne!(landline, key(&["abd", "", "010-00000000", "1"]));
    assert_eq!(key(&["", "", "010-00000000", "1"]), None);
    let both = keys(&["abc", "13000000001", "010-00000000", "1"]);
    assert_eq!(both, [key(&["", "13000000001", "", ""]).unwrap(), landline.unwrap()]);
}

#[test]
fn every_code_has_its_words_in_both_languages() {
    let texts = include_str!("../../locales/check.yml");
    for source in [
        include_str!("../value/clean.rs"),
        include_str!("../value/email.rs"),
        include_str!("../value/invisible.rs"),
        include_str!("../value/restoring.rs"),
        include_str!("../value/digits.rs"),
        include_str!("../value/phone.rs"),
        include_str!("../value/date.rs"),
        include_str!("row_check.rs"),
    ] {
        let made = ["Problem::new(\"", "Problem::held(\"", "Problem::word(\""];
        for part in made.into_iter().flat_map(|made| source.split(made).skip(1)) {
            let code = part.split('"').next().unwrap();
            assert!(texts.contains(&format!("\ncheck.{code}:\n  en: \"")), "{code}");
            assert!(texts.contains(&format!("\ncheck.{code}_hint:\n  en: \"")), "{code}");
        }
    }
}

proptest! {
    #[test]
    fn a_key_is_the_same_however_it_is_made(text in "[a-zA-Z0-9 !-~\\x{4e00}-\\x{9fff}]{0,12}|[0-9Ａ-Ｚａ-ｚ　é・\\x{4e00}-\\x{9fff}]{0,8}") {
        use unicode_normalization::UnicodeNormalization;
        let mut key = Vec::new();
        super::record::push_key_part(Kind::Text, &text, &mut key);
        let expected: String = text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect();
        prop_assert_eq!(String::from_utf8(key).unwrap(), expected);
    }

    #[test]
    fn a_body_is_json_and_holds_the_values(cells in proptest::collection::vec(any::<String>(), 0..8)) {
        let mapping = mapping("customers", &["姓名", "备注", "职位", "手机", "公司编号", "标签"]);
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let record = checked(&mapping, &cells);
        let parsed: serde_json::Value = serde_json::from_str(&body(&mapping, &record, Some("user"))).unwrap();
        let members = parsed["user"].as_object().unwrap();
        let mut filled = 0;
        for field in ["name", "note", "position", "mobile", "companyId", "tableName"] {
            let value = record.value(&mapping, field);
            // Tags with signs are what a new record has after them, which may be none.
            let edited = value.and_then(|value| edited_tags(value, "")).filter(|_| field == "tableName");
            let sent = edited.as_deref().or(value).filter(|sent| !sent.is_empty());
            filled += usize::from(sent.is_some());
            prop_assert_eq!(members.get(field).and_then(|value| value.as_str()), sent);
        }
        prop_assert_eq!(members.len(), filled);
    }

    #[test]
    fn no_row_is_too_strange(cells in proptest::collection::vec("[\\x00-\\x{ffff}]{0,20}|[0-9eE.+-]{0,20}", 0..12), kinds in proptest::collection::vec(0usize..6, 12)) {
        let all = [CellKind::Text, CellKind::Number, CellKind::Date, CellKind::DateTime, CellKind::Bool, CellKind::Error];
        for entity in Catalog::embedded().entities().iter().filter(|entity| entity.is_importable()) {
            let header: Vec<&str> = entity.fields.iter().map(|field| field.zh.as_str()).collect();
            let mapping = mapping_of(entity, &header);
            let row = Row { number: 2, line: None, cells: cells.clone().into(), kinds: kinds.iter().map(|kind| all[*kind]).collect(), ..Row::default() };
            let mut record = Record::default();
            mapping.check(&row, &mut record);
            Keys::default().of(&mapping, &record).for_each(drop);
        }
    }
}
