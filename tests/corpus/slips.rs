//! Values that stand in a column they do not belong to, and texts that another program has damaged.

use super::*;

/// Rows that say why they are not created, and whether they are.
#[test]
fn what_belongs_to_another_column_waits() {
    try_each(vec![
        ("companies", "province.csv", "公司名称,地址,省份,城市\n示例一公司,甲路1号,广东省,广州市\n示例二公司,乙路2号,3楼,北京\n示例三公司,丙路,北京,\n".into(), &["created 示例一公司|甲路1号|", "held unlike_its_column", "created 示例三公司|丙路|"]),
        ("companies", "city.csv", "公司名称,省份,城市,备注\n示例,二公司,广东省,广州市\n示例三公司,California,St. Louis 2,无\n示例四公司,海外,示例镇,好\n".into(), &["held unlike_its_column", "created 示例三公司||无", "created 示例四公司||好"]),
        ("companies", "address.csv", "公司名称,地址,备注\n示例,乙贸易有限公司,乙路2号\n示例三公司,丙路3号示例贸易有限公司,无\n示例四公司,www.example.com,好\n示例五公司,https://map.example.com/p/1,好\n".into(), &["held unlike_its_column", "created 示例三公司|丙路3号示例贸易有限公司|无", "held unlike_its_column", "created 示例五公司|https://map.example.com/p/1|好"]),
        ("customers", "position.csv", "姓名,手机,公司编号,职位,备注\n示例1,13100000001,20001,示例科技有限公司,经理\n示例2,13100000002,20001,分公司经理,无\n示例3,13100000003,20001,CEO,无\n".into(), &["held unlike_its_column", "created 示例2||无", "created 示例3||无"]),
        ("companies", "day.csv", "公司名称,服务开始日期,地址,备注\n示例一公司,2026-01-05,甲路,好\n示例二公司,,2026-01-06,丙路\n示例三公司,2026-01-07,丙路,2026-01-08\n".into(), &["created 示例一公司|甲路|好", "held value_beside_its_column", "created 示例三公司|丙路|2026-01-08"]),
        ("customers", "tags.csv", "姓名,手机,公司编号,标签\n示例1,13100000001,20001,\"['老客户', 'VIP']\"\n示例2,13100000002,20001,\"{老客户,VIP}\"\n示例3,13100000003,20001,\"{\"\"a\"\":1}\"\n示例4,13100000004,20001,【重要】\n".into(), &["created 示例1||", "held tags_of_a_program", "held tags_of_a_program", "created 示例4||"]),
        ("companies", "plain.csv", "公司名称,地址,备注\n示例一公司,北京市东城区,乙路\n示例二公司,乙路2号,无\n".into(), &["created 示例一公司|北京市东城区|乙路", "created 示例二公司|乙路2号|无"]),
    ]);
}

#[test]
fn signs_of_web_pages_wait_where_plain_text_is_meant() {
    try_each(vec![
        ("companies", "entities.csv", "公司名称,地址,备注,网址\n示例&amp;子公司,甲路,无,\n示例二公司,甲路&nbsp;1号,无,\n示例三公司,丙路,&lt;br&gt;好&#39;,\n示例四公司,丁路,R&D; 甲 & 乙,www.example.com/?a=1&copy=2\n示例五公司,戊路,无,www.example.com/?a=1&amp;b=2\n".into(), &["held html_entities", "held html_entities", "held html_entities", "created 示例四公司|丁路|R&D; 甲 & 乙", "held html_entities"]),
    ]);
    let work = Work::with("mine.csv", "公司名称,地址\n示例&amp;子公司,甲路\n");
    work.bw8("check companies mine.csv").exits(3).says("示例&子公司").says("--accept-warnings=html_entities");
    work.bw8("import companies mine.csv --sandbox --accept-warnings=html_entities").exits(0);
    work.bw8("export companies -o all.csv --sandbox --no-mirror --lang zh").exits(0);
    assert!(work.table("all.csv").column("公司名称").contains(&"示例&amp;子公司"));
    // A ticket's text is a page itself.
    let work = Work::with("mine.csv", "工单标题,工单内容\n示例,<p>甲&nbsp;&amp;&nbsp;乙</p>\n");
    let ran = work.bw8("check tickets mine.csv");
    ran.exits_with_one_of(&[0, 3]);
    assert!(!ran.to_string().contains("html_entities"), "{ran}");
}

#[test]
fn a_landline_that_can_be_none_waits() {
    let file = |numbers: &[&str]| -> Vec<u8> {
        let rows = numbers.iter().enumerate().map(|(at, number)| format!("示例{at},1310000000{at},{number},20001\n"));
        format!("姓名,手机,固定电话,公司编号\n{}", rows.collect::<String>()).into()
    };
    let wrong = ["010-123", "021-123456789012", "0320-00000000", "123456789", "0755-000000", "010-0000000"];
    try_each(vec![
        ("customers", "impossible.csv", file(&wrong), &["held impossible_landline"; 6]),
        (
            "customers",
            "possible.csv",
            file(&["010-00000000转12", "(0755) 0000000", "400-000-0000", "+1 212 555 0100", "88880000-801", "8001"]),
            &[
                "created 示例0||",
                "created 示例1||",
                "created 示例2||",
                "created 示例3||",
                "created 示例4||",
                "created 示例5||",
            ],
        ),
        (
            "customers",
            "in-mobile.csv",
            "姓名,手机,固定电话,公司编号\n示例,021-123456789012,,20001\n".into(),
            &["refused not_a_mobile"],
        ),
    ]);
}

#[test]
fn a_number_beside_the_blank_cell_of_its_column_waits() {
    let file = |rows: &str| {
        format!(
            "姓名,手机,公司编号,固定电话,邮箱,备注\n示例1,13100000001,20001,010-00000001,a@example.com,无需回访\n示例2,13100000002,20001,010-00000002,b@example.com,好\n示例3,13100000003,20001,,c@example.com,好\n{rows}"
        )
    };
    try_each(vec![
        ("customers", "moved.csv", file("示例4,13100000004,20001,010-00000004,,d@example.com\n").into(), &["created 示例1||无需回访", "created 示例2||好", "created 示例3||好", "held value_beside_its_column"]),
        // A second address that is noted where the first one stands, and a column of mixed texts.
        ("customers", "noted.csv", file("示例4,13100000004,20001,010-00000004,e@example.com,d@example.com\n示例5,13100000005,20001,,,13100000005\n").into(), &["created 示例1||无需回访", "created 示例2||好", "created 示例3||好", "created 示例4||d@example.com", "created 示例5||13100000005"]),
        ("companies", "habit.csv", "公司名称,网址,备注\n示例一公司,www.example.com,无需\n示例二公司,www.example.org,https://example.org/1\n示例三公司,,https://example.org/2\n示例四公司,,https://example.org/3\n".into(), &["created 示例一公司||无需", "created 示例二公司||https://example.org/1", "created 示例三公司||https://example.org/2", "created 示例四公司||https://example.org/3"]),
    ]);
}

#[test]
fn headings_below_the_header_are_no_record() {
    for (row, code) in [
        ("公司全称,详细地址", "headings_row"),
        ("客户全称,办公地址", "headings_row"),
        ("请填写公司全称,必填", "instruction_row"),
    ] {
        let text = format!("公司名称,地址\n{row}\n示例一公司,甲路1号\n示例二公司,乙路\n");
        let rows = outcome_of("companies", "mine.csv", text.as_bytes());
        let held = format!("held {code}");
        assert_eq!(rows, [held.as_str(), "created 示例一公司|甲路1号|", "created 示例二公司|乙路|"], "{row}");
    }
    let text = "公司名称,地址\n全称咨询公司,联系地址路1号\n示例名称,乙路\n";
    assert_eq!(
        outcome_of("companies", "mine.csv", text.as_bytes()),
        ["created 全称咨询公司|联系地址路1号|", "created 示例名称|乙路|"]
    );
}

#[test]
fn totals_of_everything_or_of_a_time_are_no_record() {
    for word in ["全部", "本年", "全年", "2026年", "1月", "第一季度", "上半年", "ALL"] {
        let text = format!("公司名称,地址,服务费余额\n示例一公司,甲路,100\n示例二公司,乙路,200\n{word},,300\n");
        let rows = outcome_of("companies", "mine.csv", text.as_bytes());
        assert_eq!(rows[2], "held totals_row_by_words", "{word}");
    }
    let text = "公司名称,地址,服务费余额\n全年商贸,,100\n全部,乙路,200\n一季度传媒,,300\n";
    let rows = outcome_of("companies", "mine.csv", text.as_bytes());
    assert!(rows.iter().all(|row| row.starts_with("created")), "{rows:?}");
}

#[test]
fn a_sum_of_the_column_tells_totals_whatever_stands_beside_it() {
    let sum = |name: &str, formula: &str| {
        let header = sheet_row("", &["公司名称", "地址", "服务费余额"]);
        let row = |name: &str, amount: &str| {
            format!("<row><c t=\"inlineStr\"><is><t>{name}</t></is></c><c/><c>{amount}</c></row>")
        };
        let rows = header
            + &row("示例一公司", "<v>100</v>")
            + &row("示例二公司", "<v>200</v>")
            + &row(name, &format!("<f>{formula}</f><v>300</v>"));
        outcome_of("companies", "mine.xlsx", &Sheets::of(&rows).bytes())[2].clone()
    };
    assert_eq!(sum("华东大区", "SUM(C2:C3)"), "held totals_row_by_words");
    assert_eq!(sum("华东大区", "SUBTOTAL(9,$C$2:$C$3)"), "held totals_row_by_words");
    for formula in ["SUM(订单!C2:C3)", "SUM(F2:F13)", "SUM(D4:F4)", "100*3"] {
        assert!(sum("示例三公司", formula).starts_with("created"), "{formula}");
    }
}

#[test]
fn a_lone_title_that_is_a_heading_too_is_no_header() {
    for title in ["公司", "公司名称", "公司名称,,", "客户名单"] {
        let text = format!("{title}\n公司名称,法人,行业\n示例一公司,示例,制造\n示例二公司,示例,零售\n");
        let rows = outcome_of("companies", "mine.csv", text.as_bytes());
        assert_eq!(rows, ["created 示例一公司||", "created 示例二公司||"], "{title}");
    }
    let text = "客户名单\n制表人,电话\n姓名,手机,公司编号\n示例1,13100000001,20001\n";
    assert_eq!(outcome_of("customers", "mine.csv", text.as_bytes()), ["created 示例1||"]);
    let text = "公司名称\n示例一公司\n示例二公司\n";
    assert_eq!(outcome_of("companies", "mine.csv", text.as_bytes()).len(), 2);
}

#[test]
fn a_lone_title_of_a_workbook_is_no_header() {
    for title in ["公司", "客户名单"] {
        let rows = sheet_row("", &[title])
            + &sheet_row("", &["公司名称", "法人", "行业"])
            + &sheet_row("", &["示例一公司", "示例", "制造"]);
        assert_eq!(
            outcome_of("companies", "mine.xlsx", &Sheets::of(&rows).bytes()),
            ["created 示例一公司||"],
            "{title}"
        );
    }
}

#[test]
fn rows_that_end_at_their_last_filled_cell_are_whole() {
    let created = |names: &[&str], text: &str| {
        let rows = outcome_of("companies", "mine.csv", text.as_bytes());
        let expected: Vec<bool> = names.iter().map(|name| !name.starts_with('!')).collect();
        let found: Vec<bool> = rows.iter().map(|row| row.starts_with("created")).collect();
        assert_eq!(found, expected, "{rows:?}");
    };
    created(
        &["", "", "", "", "", ""],
        "公司名称,地址,备注\n示例一公司,甲路,好\n示例二公司,乙路,好\n示例三\n示例四厂\n示例五,丙路\n示例六\n",
    );
    created(
        &["", "", "", "", "", ""],
        "公司名称,地址,备注\n示例一,甲路,好\n示例二,乙路\n示例三\n示例四,丁路,好\n示例五,戊路\n示例六,己路,好\n",
    );
    // What goes on with a number is the rest of the row above.
    created(
        &["", "", "!", "!", "", "", ""],
        "公司名称,地址,备注\n示例一,甲路,好\n示例二,乙路\n示例三,丙路,好\n2楼\n示例五,戊路\n示例六\n示例七,庚路\n",
    );
    // What an organisation is called begins a row where all rows begin so.
    created(
        &["", "", "", "", ""],
        "公司名称,地址,省份,城市\n示例一公司,甲路,广东,深圳\n示例二公司,乙路\n示例三公司,丙路,北京\n示例四公司\n示例五公司,戊路,上海,上海\n",
    );
    created(&["", "!", "!", "!"], "公司名称,地址,备注\n示例一,甲路,好\n示例二,乙路,好\n示例三\n示例四,丁路,好\n");
}
