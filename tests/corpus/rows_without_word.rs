//! Rows that are no records although nothing of them is missing, and records that look like such rows. The table is made by
//! script and looked over by hand.

use super::*;

#[test]
fn a_reference_to_record_0_is_refused_wherever_it_stands() {
    try_each(vec![
        (
            "tickets",
            "contact.csv",
            "标题,描述,联系人编号\n雨,无,0\n雪,无,00000\n风,无,0.0\n".into(),
            &["refused zero_id", "refused zero_id", "refused zero_id"],
        ),
        (
            "tickets",
            "agents.csv",
            "标题,描述,联系人编号,受理客服编号,受理客服组编号,抄送客服编号\n雨,无,50001,0,,\n雪,无,50001,,0,\n风,无,50001,,,\"7001,0\"\n"
                .into(),
            &["refused zero_id", "refused zero_id", "refused zero_id"],
        ),
        (
            "companies",
            "group.csv",
            "公司名称,地址,客户分组编号\n示例一公司,甲路,0\n示例二公司,乙路,\n".into(),
            &["created 示例一公司|甲路|", "created 示例二公司|乙路|"],
        ),
    ]);
}

#[test]
fn a_lone_first_cell_of_two_waits_where_others_have_both() {
    let many: String = (1..31).map(|n| format!("示例{n}公司,路{n}号\n")).collect();
    let held: Vec<String> = outcome_of("companies", "one.csv", format!("公司名称,地址\n{many}2楼,\n").as_bytes());
    assert_eq!(held.last().map(String::as_str), Some("held lone_cell"));
    try_each(vec![
        (
            "companies",
            "lone.csv",
            "公司名称,地址\n示例一公司,甲路1号\n2楼,\n示例二公司,乙路2号\n示例三公司,丙路\n".into(),
            &[
                "created 示例一公司|甲路1号|",
                "held lone_cell",
                "created 示例二公司|乙路2号|",
                "created 示例三公司|丙路|",
            ],
        ),
        (
            "companies",
            "organisation.csv",
            "公司名称,地址\n示例一公司,甲路1号\n示例二公司,\n示例三公司,丙路\n示例四公司,丁路\n".into(),
            &[
                "created 示例一公司|甲路1号|",
                "created 示例二公司||",
                "created 示例三公司|丙路|",
                "created 示例四公司|丁路|",
            ],
        ),
        (
            "companies",
            "sparse.csv",
            "公司名称,备注\n示例甲,老客户\n示例乙,\n示例丙,\n示例丁,无\n示例戊,\n".into(),
            &[
                "created 示例甲||老客户",
                "created 示例乙||",
                "created 示例丙||",
                "created 示例丁||无",
                "created 示例戊||",
            ],
        ),
        (
            "companies",
            "two-rows.csv",
            "公司名称,地址\n示例甲,甲路1号\n示例乙,\n".into(),
            &["created 示例甲|甲路1号|", "created 示例乙||"],
        ),
    ]);
}

#[test]
fn totals_and_remarks_wait_whatever_stands_beside_them() {
    for line in [
        "合计：300,,2026-01-05",
        "合计（元）,,2026-01-05",
        "制表人：张三,,2026-01-05",
        "制表人：张三,100,",
        "制表人,张三,2026-01-05",
        "日期：2026-01-05,,x",
        "备注：见附件,,x",
        "其中：华东,100,",
        "上月结余,100,",
        "期末余额,100,无",
        "Prepared by: A,,x",
    ] {
        let text = format!("公司名称,服务费余额,备注\n示例甲,100,好\n示例乙,200,无\n{line}\n");
        let rows = outcome_of("companies", "footer.csv", text.as_bytes());
        let last = rows.last().unwrap();
        let is_told = ["totals_row_by_words", "remark_row"].iter().any(|code| last.ends_with(code));
        assert!(is_told && !last.starts_with("created"), "{line}: {rows:?}");
    }
    try_each(vec![
        (
            "companies",
            "names.csv",
            "公司名称,服务费余额,备注\n日期科技有限公司,100,x\n合计(北京)科技有限公司,200,无\n余额宝,300,\n备注文化有限公司,,见附件\n"
                .into(),
            &[
                "created 日期科技有限公司||x",
                "created 合计(北京)科技有限公司||无",
                "created 余额宝||",
                "created 备注文化有限公司||见附件",
            ],
        ),
        (
            "tickets",
            "titles.csv",
            "标题,描述,联系人编号\n日期：2026-01-05 停电,无,50001\n备注：见附件,无,50001\n上月余额,不对,50001\n".into(),
            &["created 日期：2026-01-05 停电||无", "created 备注：见附件||无", "created 上月余额||不对"],
        ),
    ]);
}
