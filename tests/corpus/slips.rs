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
