//! Rows that are sound beside others that are not, and values that are broken or only look so. The table is made by script and
//! looked over by hand.

use super::*;

#[test]
fn text_that_was_broken_waits_and_text_that_looks_so_does_not() {
    let held = |note: &str| {
        let text = format!("姓名,手机,公司编号,备注\n示例1,13100000001,20001,{note}\n");
        outcome("broken.csv", text.as_bytes()).remove(0)
    };
    for note in ["价格â€”高", "好ï¼Œ的", "涓浗", "示例???", "阿依Â·古丽"] {
        assert!(held(note).starts_with("held "), "{note}: {}", held(note));
    }
    for note in ["錕斤拷", "烫烫烫屯屯", "客户ï¿½"] {
        assert_eq!(held(note), "refused characters_lost", "{note}");
    }
    for note in
        ["真的吗???", "什么时候发货???", "他说“café”—好", "Größe — 5 m²", "水烫烫烫", "20°C 左右", "=1+1 公式报错"]
    {
        assert_eq!(held(note), format!("created 示例1||{note}").replace("||=", "||'="), "{note}");
    }
}

#[test]
fn landlines_that_can_be_none_are_told() {
    let said = |number: &str| {
        let text = format!("姓名,固定电话,公司编号\n示例1,{number},20001\n");
        outcome("landline.csv", text.as_bytes()).remove(0)
    };
    for number in ["+86 1380013800", "0086 138 0013 80", "+86 138001380000"] {
        assert_eq!(said(number), "refused not_a_mobile", "{number}");
    }
    for number in ["000-12345678", "123", "+86-12345678", "010-123"] {
        assert_eq!(said(number), "held impossible_landline", "{number}");
    }
    for number in
        ["+86 10 88880000", "+86 400 000 0000", "010-88880000转801", "801", "+81 3 0000 0000", "13100000001-801"]
    {
        assert_eq!(said(number), "created 示例1||", "{number}");
    }
}

#[test]
fn accounts_and_addresses_that_are_numbers_and_days_wait() {
    try_each(vec![
        (
            "customers",
            "accounts.csv",
            "姓名,手机,公司编号,QQ号\n示例1,13100000001,20001,123456.7\n示例2,13100000002,20001,00000000\n示例3,13100000003,20001,12345678.0\n示例4,13100000004,20001,0012345678\n"
                .into(),
            &[
                "held not_an_account",
                "held not_an_account",
                "created 示例3|12345678|",
                "created 示例4|0012345678|",
            ],
        ),
        (
            "customers",
            "accounts.xlsx",
            sheets(&[
                &["示例1", "13100000001", "20001", "<c><v>123456.7</v></c>", ""],
                &["示例2", "13100000002", "20001", "<c><v>1234567</v></c>", ""],
            ]),
            &["held not_an_account", "created 示例2|1234567|"],
        ),
    ]);
}

#[test]
fn a_sound_row_is_none_of_its_neighbours_faults() {
    try_each(vec![
        (
            "companies",
            "blank-tail.csv",
            "公司名称,地址,省份,城市\n示例甲,甲路,北京,北京\n示例乙,乙路,3号,上海,上海\n示例丙,丙路,广东,深圳,\n".into(),
            &["created 示例甲|甲路|", "refused ragged", "created 示例丙|丙路|"],
        ),
        (
            "customers",
            "short.csv",
            "姓名,手机,公司编号,职位,标签,QQ号\n示例甲,13100000001,20001,经理\n示例乙,13100000002,20001\n示例丙,13100000003,20001,经理,,\n"
                .into(),
            &["created 示例甲||", "created 示例乙||", "created 示例丙||"],
        ),
        (
            "companies",
            "marks-of-the-end.csv",
            "sep=,\r\n公司名称,地址\r\n示例甲,甲\r\n\u{1a}\u{1a}".into(),
            &["created 示例甲|甲|"],
        ),
    ]);
    // The rest of a torn row may hold a number, and is none of its own.
    let torn = "姓名,手机,公司编号,职位,备注,QQ号\n示例甲,13100000001,20001,经理,第一行\n第二行,12345678\n示例丙,13100000003,20001,经理,无,12345678\n";
    let rows = outcome("torn.csv", torn.as_bytes());
    assert!(rows[0] == "held torn_row" && rows[1].starts_with("refused "), "{rows:?}");
}
