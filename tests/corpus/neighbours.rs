//! What the rows around a row say of it: the rest of a text below it, a value that only looks foreign in its column, a name that
//! stands alone where others do, too.

use super::*;

#[test]
fn a_text_of_several_paragraphs_is_torn_across_blank_lines() {
    try_each(vec![
        // Two parts of one row.
        ("companies", "parts.csv", "公司名称,地址,备注\n示例一公司,甲路1号\n\n2楼,好\n示例二公司,乙路,无\n示例三公司,丙路,无\n".into(), &["held torn_row", "held broken_line", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无"]),
        // The last cell goes on in a sentence.
        ("companies", "last.csv", "公司名称,地址,备注\n示例一公司,甲路,第一行\n\n第三行，还没完\n示例二公司,乙路,无\n".into(), &["held torn_row", "held lone_cell", "held broken_line"]),
        // What heads a part of a table tears nothing, nor does what is said below it.
        ("companies", "parts-of-table.csv", "公司名称,地址,备注\n示例一公司,甲路,好\n\n重点客户\n示例二公司,乙路,无\n\n示例三公司,丙路,无\n\n注：以上为示例，请核对\n".into(), &["created 示例一公司|甲路|好", "held lone_cell", "held broken_line", "created 示例三公司|丙路|无", "held remark_row"]),
    ]);
}

#[test]
fn the_rest_of_a_last_cell_may_have_separators_in_it() {
    try_each(vec![
        (
            "companies",
            "semicolons.csv",
            "公司名称;服务费余额;备注\n示例一公司;1;第一行\n二;三行\n示例二公司;2;无\n示例三公司;3;好\n".into(),
            &["held torn_row", "refused not_a_decimal", "created 示例二公司||无", "created 示例三公司||好"],
        ),
        // A row that only lacks its blank cells at the end.
        (
            "companies",
            "short.csv",
            "公司名称;服务费余额;备注\n示例一公司;1;第一行\n示例二公司;2\n示例三公司;3;好\n".into(),
            &["created 示例一公司||第一行", "created 示例二公司||", "created 示例三公司||好"],
        ),
    ]);
}

#[test]
fn a_number_in_wide_digits_and_a_name_among_ids_have_not_slipped() {
    let file = |odd: &str| -> Vec<u8> {
        let rows: String = (1..=6).map(|n| format!("示例{n},20001,1310000000{n}\n")).collect();
        format!("姓名,公司编号,手机\n{rows}{odd}\n").into()
    };
    let created = |odd: &'static str| -> Vec<String> {
        let usual = (1..=6).map(|n| format!("created 示例{n}||"));
        usual.chain([format!("created {odd}||")]).collect()
    };
    for (odd, name) in [
        ("示例甲,２０００１,13100000007", "示例甲"),
        ("示例乙,20001,１３１００００００１７", "示例乙"),
        ("示例丙,\u{202d}20001\u{202c},13100000027", "示例丙"),
        ("示例丁,20001,\u{200b}13100000037", "示例丁"),
        ("示例戊,示例公司00002有限公司,13100000047", "示例戊"),
    ] {
        assert_eq!(outcome("mine.csv", &file(odd)), created(name), "{odd}");
    }
    // Another field is none that is looked up.
    let rows: String = (1..=6).map(|n| format!("示例{n},1310000000{n},20001,无,1234567{n},老客户\n")).collect();
    let slipped = format!("姓名,手机,公司编号,备注,QQ号,标签\n{rows}示例乙,13100000009,20001,要红色,不要蓝色,\n");
    assert_eq!(outcome("slipped.csv", slipped.as_bytes()).last().unwrap(), "held value_slipped");
}

#[test]
fn a_name_alone_is_a_record_where_many_stand_alone() {
    let file = |rows: &[(&str, &str)]| -> Vec<u8> {
        let rows: String = rows.iter().map(|(name, address)| format!("{name},{address},\n")).collect();
        format!("公司名称,地址,备注\n{rows}").into()
    };
    let sparse = file(&[
        ("示例甲商行", "甲路"),
        ("示例乙商行", ""),
        ("示例丙商行", ""),
        ("示例丁商行", "丁路"),
        ("示例戊商行", "戊路"),
        ("示例己商行", ""),
        ("示例庚商行", "庚路"),
        ("示例辛商行", ""),
        ("示例壬商行", "壬路"),
        ("示例癸商行", "癸路"),
        ("示例子商行", ""),
        ("示例丑商行", "丑路"),
    ]);
    let rows = outcome_of("companies", "sparse.csv", &sparse);
    assert!(rows.len() == 12 && rows.iter().all(|row| row.starts_with("created ")), "{rows:?}");
    // What heads the parts of a table heads something.
    let headed = file(&[
        ("重点客户", ""),
        ("示例甲商行", "甲路"),
        ("示例乙商行", "乙路"),
        ("普通客户", ""),
        ("示例丙商行", "丙路"),
        ("示例丁商行", "丁路"),
        ("潜在客户", ""),
        ("示例戊商行", "戊路"),
        ("示例己商行", "己路"),
        ("流失客户", ""),
        ("示例庚商行", "庚路"),
        ("黑名单", ""),
        ("示例辛商行", "辛路"),
    ]);
    let rows = outcome_of("companies", "headed.csv", &headed);
    assert_eq!(rows.iter().filter(|row| *row == "held lone_cell").count(), 5, "{rows:?}");
}
