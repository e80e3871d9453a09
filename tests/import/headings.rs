//! Headings that may mean one field or another, columns without one, and what the hints about them promise.

use crate::harness::*;

/// The fields that columns feed, as `heading → field`.
fn matched(entity: &str, header: &str) -> Vec<String> {
    let blanks = ",".repeat(header.matches(',').count());
    let work = Work::with("mine.csv", format!("{header}\n示例{blanks}\n"));
    let ran = work.bw8(format!("check {entity} mine.csv --format json"));
    ran.exits_with_one_of(&[0, 3]);
    let said: serde_json::Value = serde_json::from_str(ran.stdout()).unwrap();
    let matched = said["mapping"]["matched"].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    matched.iter().map(|column| format!("{} → {}", text(&column["source"]), text(&column["field"]))).collect()
}

#[test]
fn a_heading_of_two_meanings_is_what_no_other_column_is() {
    for (entity, header, expected) in [
        ("customers", "客户,手机,公司编号", "客户 → name"),
        ("customers", "客户名称,手机,公司编号", "客户名称 → name"),
        ("customers", "客户名称,联系人,手机", "客户名称 → companyId.companyName"),
        ("customers", "客户,姓名,手机", "客户 → companyId.companyName"),
        ("customers", "客户,手机,公司名称", "公司名称 → companyId.companyName"),
        ("customers", "姓名,联系人手机,所属客户,邮箱地址", "联系人手机 → mobile"),
        ("customers", "姓名,Mobile Number,Company", "Mobile Number → mobile"),
        ("companies", "公司全称,办公地址,官方网站", "公司全称 → companyName"),
        ("companies", "客户名称,公司全称,注册地址", "客户名称 → companyName"),
        ("tickets", "标题,内容,客户,紧急程度", "紧急程度 → priorityLevel"),
    ] {
        let found = matched(entity, header);
        assert!(found.contains(&expected.to_owned()), "{header}: {found:?}");
    }
    // What another column is, is no second one.
    assert_eq!(
        matched("customers", "客户,姓名,手机,公司编号"),
        ["姓名 → name", "手机 → mobile", "公司编号 → companyId"]
    );
    let found = matched("customers", "First Name,Last Name,客户,手机");
    assert!(found.contains(&"客户 → companyId.companyName".to_owned()), "{found:?}");
}

#[test]
fn a_title_of_such_headings_is_found_below_a_title() {
    let work = Work::with("mine.csv", "客户名单,,\n客户,联系人手机,公司编号\n示例,13100000001,20001\n");
    work.bw8("import customers mine.csv --sandbox").exits(0);
}

#[test]
fn columns_without_a_heading_are_left_out_as_the_hint_says() {
    let with = |text: &str, mapping: &str, dropped: &str| {
        let work = Work::with("mine.csv", text);
        work.bw8("check customers mine.csv --strict").exits(2).says(dropped);
        work.write("m.toml", mapping);
        work.bw8("check customers mine.csv --strict --mapping m.toml").exits(0);
        work.bw8("import customers mine.csv --sandbox --strict --mapping m.toml").exits(0);
    };
    let rows = "示例1,13100000001,20001,甲,乙\n示例2,13100000002,20001,,丙\n";
    with(&format!("姓名,手机,公司编号,,备注\n{rows}"), "drop = [4]\n", "drop = [4]");
    with(&format!("姓名,手机,公司编号,备注\n{rows}"), "drop = [5]\n", "drop = [5]");
    with(&format!("姓名,手机,公司编号,备注,备注\n{rows}"), "drop = [5]\n", "drop = [5]");
    with(&format!("姓名,手机,公司编号,未知,未知\n{rows}"), "drop = [4, 5]\n", "drop = [4, 5]");
    with(
        &format!("姓名,手机,公司编号,未知,\"他说\"\"好\"\"\"\n{rows}"),
        "drop = [\"未知\", '他说\"好\"']\n",
        "drop = [\"未知\", ",
    );
    // Several pairs at once are told at once.
    with(
        "姓名,手机,移动电话,公司编号,备注,备注,备注\n示例1,13100000001,13100000001,20001,甲,乙,丙\n",
        "drop = [\"移动电话\", 6, 7]\n",
        "drop = [\"移动电话\", 6, 7]",
    );
}

#[test]
fn a_column_right_of_the_last_heading_can_be_named_or_left_out() {
    let text = "姓名,手机,公司编号,备注\n示例1,13100000001,20001,甲,12345678\n";
    let work = Work::with("mine.csv", text);
    work.bw8("check customers mine.csv").exits(3).says("column E (no header)").says("drop = [5]");
    work.write("m.toml", "[columns]\n\"#5\" = \"QQ\"\n");
    work.bw8("import customers mine.csv --sandbox --mapping m.toml").exits(0);
    work.bw8("export customers -o all.csv --sandbox --no-mirror --lang zh").exits(0);
    assert!(work.table("all.csv").column("QQ号").contains(&"12345678"));
    work.write("m.toml", "drop = [99999]\n");
    work.bw8("check customers mine.csv --mapping m.toml").exits(2).says("#99999");
}

#[test]
fn one_of_several_columns_of_a_name_is_named_by_what_the_others_are() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号,备注,备注\n示例1,13100000001,20001,甲,乙\n");
    work.write("m.toml", "[columns]\n\"备注\" = \"note\"\n");
    work.bw8("check customers mine.csv --mapping m.toml").exits(2).says("\"#4\"").says("drop = [5]");
    for mapping in
        ["drop = [5]\n[columns]\n\"备注\" = \"note\"\n", "[columns]\n\"备注\" = \"note\"\n\"#5\" = \"position\"\n"]
    {
        work.write("m.toml", mapping);
        work.bw8("check customers mine.csv --mapping m.toml").exits(0);
    }
}
