//! Files of text, each with what comes of it. The table is made by script and looked over by hand.

use super::*;

#[test]
fn a_comma_too_many_never_moves_a_value() {
    try_each(vec![
        ("customers", "semicolons.csv", "姓名;手机;公司编号;备注\n示例1;13100000001;20001;要红色;不要蓝色\n示例2;13100000002;20001;无\n".into(), &["refused ragged", "created 示例2||无"]),
        ("customers", "tabs.txt", encoded("姓名\t手机\t公司编号\t备注\n示例1\t13100000001\t20001\t要红色\t不要蓝色\n示例2\t13100000002\t20001\t无\n", "gbk"), &["refused ragged", "created 示例2||无"]),
        ("customers", "bars.csv", "姓名|手机|公司编号|备注\n示例1|13100000001|20001|要红色|不要蓝色\n".into(), &["refused ragged"]),
        ("customers", "first-column.csv", "姓名,手机,公司编号,备注\n示例,1,13100000001,20001,无\n示例2,13100000002,20001,无\n".into(), &["refused not_a_mobile", "created 示例2||无"]),
        ("customers", "blank-headings.csv", "姓名,手机,公司编号,备注,,\n示例1,13100000001,20001,要红色,不要蓝色,\n示例2,13100000002,20001,无,,\n".into(), &["refused ragged", "created 示例2||无"]),
        ("customers", "blank-tail.csv", "姓名,手机,公司编号,职位,备注,标签\n示例1,13100000001,20001,经理,无,老客户\n示例2,13100000002,20001,经理,要红色,不要蓝色,\n示例3,13100000003,20001,主管,无,老客户\n示例4,13100000004,20001,主管,,老客户\n示例5,13100000005,20001,主管,无,\n".into(), &["created 示例1||无", "held cells_shifted", "created 示例3||无", "created 示例4||", "created 示例5||无"]),
        ("companies", "blank-tail-companies.csv", "公司名称,地址,备注\n示例一公司,甲路,\n示例二公司,乙路,3楼,\n示例三公司,丙路,无\n".into(), &["created 示例一公司|甲路|", "held cells_shifted", "created 示例三公司|丙路|无"]),
        ("customers", "blank-tail-harmless.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n示例2,13100000002,20001,无,\n示例3,13100000003,20001,无\n".into(), &["created 示例1||无", "created 示例2||无", "created 示例3||无"]),
        ("customers", "short-harmless.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001\n示例2,13100000002,20001,无\n".into(), &["created 示例1||", "created 示例2||无"]),
        ("customers", "every-row-longer.csv", "姓名,手机,公司编号,备注,\n示例1,13100000001,20001,无,\n示例2,13100000002,20001,无,\n".into(), &["created 示例1||无", "created 示例2||无"]),
        ("customers", "backslash.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,要红色\\,不要蓝色\n示例2,13100000002,20001,无\n".into(), &["refused ragged", "created 示例2||无"]),
        ("companies", "companies.csv", encoded("公司名称,地址,备注\n示例一公司,乙路2号,3楼,无\n示例二公司,丙路,无\n", "gbk"), &["refused ragged", "created 示例二公司|丙路|无"]),
    ]);
}

#[test]
fn a_quotation_mark_too_many_never_swallows_a_row() {
    try_each(vec![
        ("customers", "middle.csv", "姓名,职位,手机,公司编号,备注\n示例1,助理,13100000001,20001,无\n示例2,\"经理,13100000002,20001,无\n示例3,主管\",13100000003,20001,无\n示例4,助理,13100000004,20001,无\n".into(), &["created 示例1||无", "held rows_in_quotation", "created 示例4||无"]),
        ("customers", "first.csv", "备注,姓名,手机,公司编号\n无,示例1,13100000001,20001\n\"5寸,示例2,13100000002,20001\n27寸\",示例3,13100000003,20001\n无,示例4,13100000004,20001\n".into(), &["created 示例1||无", "held rows_in_quotation", "created 示例4||无"]),
        ("companies", "two-columns.csv", "公司名称,地址\n示例一公司,甲路\n示例二公司,\"乙路\n示例三公司,丙路\"\n示例四公司,丁路\n".into(), &["created 示例一公司|甲路|", "held rows_in_quotation", "created 示例四公司|丁路|"]),
        ("companies", "one-column.csv", "公司名称\n示例一公司\n\"示例二公司\n示例三公司\"\n示例四公司\n".into(), &["created 示例一公司||", "held line_breaks", "created 示例四公司||"]),
        ("customers", "semicolon.csv", encoded("姓名;手机;公司编号;备注\n示例2;13100000002;20001;\"5寸屏\n示例3;13100000003;20001;无\n示例4;13100000004;20001;27寸\"\n示例5;13100000005;20001;无\n", "gbk"), &["held rows_in_quotation", "created 示例5||无"]),
        ("customers", "never-closed.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n示例2,13100000002,20001,\"5寸屏\n示例3,13100000003,20001,无\n示例4,13100000004,20001,无\n".into(), &["line 3: a quotation mark is opened and never closed"]),
        ("customers", "end.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,\"他说\"好\"\"\n示例2,13100000002,20001,\"5\"\"屏\"\n".into(), &["refused text_behind_quotation", "created 示例2||5\"屏"]),
        ("customers", "name.csv", "姓名,手机,公司编号,备注\n\"示例\"甲\"\",13100000001,20001,无\n示例2,13100000002,20001,无\n".into(), &["refused text_behind_quotation", "created 示例2||无"]),
        ("customers", "doubled.csv", "姓名,手机,公司编号,备注\n\"\"示例甲\"\",13100000001,20001,无\n示例2,13100000002,20001,无\n".into(), &["refused text_behind_quotation", "created 示例2||无"]),
        ("customers", "backslash.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,\"他说\\\"好\\\"\"\n示例2,13100000002,20001,无\n".into(), &["refused text_behind_quotation", "created 示例2||无"]),
        ("customers", "sound-lines.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,\"第一行\n第二行，好\"\n示例2,13100000002,20001,27\"\n示例3,13100000003,20001,5\"屏\n".into(), &["created 示例1||第一行\n第二行，好", "created 示例2||27\"", "created 示例3||5\"屏"]),
        ("customers", "sound-crlf.csv", "姓名,手机,公司编号,备注\r\n示例1,13100000001,20001,\"两\r\n行\"\r\n示例2,13100000002,20001,无\r\n".into(), &["created 示例1||两\n行", "created 示例2||无"]),
    ]);
}

#[test]
fn marks_around_values_are_no_part_of_them() {
    try_each(vec![
        ("customers", "equals.csv", "姓名,手机,公司编号,QQ号,备注\n=\"示例1\",=\"13100000001\",=\"20001\",=\"0012345\",=\"00123\"\n示例2,13100000002,20001,\"=\"\"0012346\"\"\",\"=\"\"00124\"\"\"\n".into(), &["created 示例1|0012345|00123", "created 示例2|0012346|00124"]),
        ("customers", "equals-header.csv", "=\"姓名\",=\"手机\",=\"公司编号\"\n=\"示例1\",=\"13100000001\",=\"20001\"\n".into(), &["created 示例1||"]),
        ("customers", "apostrophes.csv", "姓名,手机,公司编号,QQ号,备注\n示例1,'13100000001,'20001,'0012345,'00123\n'示例2,13100000002,20001,,无\n".into(), &["created 示例1|0012345|00123", "held text_mark"]),
        ("customers", "backticks.csv", "姓名,手机,公司编号,QQ号,备注\n示例1,13100000001,20001,`0012345,无\n示例2,`13100000002,20001,,无\n示例3,13100000003,20001,,`说明\n".into(), &["held text_mark", "refused not_a_phone", "held text_mark"]),
        ("customers", "tab-in-front.csv", "姓名,手机,公司编号,QQ号,备注\n示例1,\t13100000001,\t20001,\t0012345,\t无\n".into(), &["created 示例1|0012345|无"]),
        ("customers", "tab-behind.csv", "姓名\t,手机\t,公司编号\t,QQ号\t,备注\t\n示例1\t,13100000001\t,20001\t,12345678\t,无\t\n".into(), &["created 示例1|12345678|无"]),
        ("customers", "tab-semicolon.csv", encoded("姓名\t;手机\t;公司编号\t;备注\t\n示例1\t;13100000001\t;20001\t;无\t\n", "gbk"), &["created 示例1||无"]),
        ("customers", "space-quotes.csv", "姓名, \"手机\", \"公司编号\", \"备注\"\n\"示例1\" , \"13100000001\", \"20001\"\t, \"无\"\n".into(), &["created 示例1||无"]),
        ("customers", "wide-space-quotes.csv", "姓名,手机,公司编号,备注\n\u{3000}\"示例1\",13100000001,20001,\u{3000}\"无\"\n\u{a0}\"示例2\"\u{a0},13100000002,20001,\"无\"\u{3000}\n".into(), &["created 示例1||无", "created 示例2||无"]),
        ("customers", "formulas.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,\"=VLOOKUP(A2,B:C,2,0)\"\n示例2,13100000002,20001,=A2&\"x\"\n示例3,13100000003,20001,\"=DISPIMG(\"\"ID_1\"\",1)\"\n示例4,13100000004,20001,=)\n示例5,13100000005,20001,'=1+1\n".into(), &["held formula_text", "held formula_text", "refused picture_in_cell", "created 示例4||'=)", "created 示例5||'=1+1"]),
        ("customers", "too-narrow.csv", "姓名,手机,公司编号,备注\n示例1,13100000001,20001,########\n示例2,13100000002,20001,#1\n".into(), &["refused cell_too_narrow", "created 示例2||#1"]),
    ]);
}

#[test]
fn the_header_is_found_and_titles_are_none() {
    try_each(vec![
        (
            "customers",
            "two-cells.csv",
            "客户名单\n导出日期,2026-01-05\n\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n".into(),
            &["created 示例1||无"],
        ),
        (
            "customers",
            "three-cells.csv",
            "导出时间：2026-01-05,操作人：示例,共3条\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n".into(),
            &["row 1 names no known column, row 2 does"],
        ),
        (
            "customers",
            "commas.csv",
            encoded("客户名单,,,\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n", "gbk"),
            &["created 示例1||无"],
        ),
        (
            "customers",
            "word-of-a-column.csv",
            "联系人\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n".into(),
            &["created 示例1||无"],
        ),
        (
            "companies",
            "companies.csv",
            "公司名称\n公司名称,地址,备注\n示例一公司,甲路,无\n".into(),
            &["created 示例一公司|甲路|无"],
        ),
        (
            "customers",
            "blank.csv",
            "\n\n,,,\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n".into(),
            &["created 示例1||无"],
        ),
        (
            "customers",
            "letters.csv",
            "A,B,C,D\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n".into(),
            &["row 1 names no known column, row 2 does"],
        ),
        (
            "customers",
            "dress.csv",
            "【姓名】,手机：,*公司编号,备注（选填）\n示例1,13100000001,20001,无\n".into(),
            &["created 示例1||无"],
        ),
        (
            "customers",
            "two-of-a-kind.csv",
            "姓名,手机,公司编号,备注,备注\n示例1,13100000001,20001,a,b\n".into(),
            &["error: column D '备注' and column E '备注' both mean Note"],
        ),
        (
            "customers",
            "sep.csv",
            "sep=;\n姓名;手机;公司编号;备注\n示例1;13100000001;20001;无\n".into(),
            &["created 示例1||无"],
        ),
        (
            "customers",
            "sep-wrong.csv",
            "sep=;\n姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n".into(),
            &["error: no column fits Customers"],
        ),
        (
            "customers",
            "full-width-commas.csv",
            "姓名，手机，公司编号，备注\n示例1，13100000001，20001，无\n".into(),
            &["all columns stand in one cell (row 1: \"姓名，手机，公司编号，备注\"), as \"，\" is not "],
        ),
        (
            "customers",
            "carets.csv",
            "姓名^手机^公司编号^备注\n示例1^13100000001^20001^无\n".into(),
            &["all columns stand in one cell (row 1: \"姓名^手机^公司编号^备注\"), as \"^\" is not "],
        ),
    ]);
}

#[test]
fn rows_around_a_table_wait_for_a_person() {
    try_each(vec![
        ("companies", "sum.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n总共,,300\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "average.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n平均值,,150\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "counted.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n合计 2 家公司,,300\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "amount.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n合计金额,,300\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "brackets.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n【合计】,,300\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "part.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n北区小计,,300\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "sigma.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\nΣ,,300\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "made-by.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n制表人：示例,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "checked.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n审核：,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "note.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n注：以上数据仅供参考,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "records.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n共3条记录,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held totals_row_by_words"]),
        ("companies", "page.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n第1页 共1页,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "blank-below.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n以下空白,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "line.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n-----,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "end.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n—— 完 ——,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "printed.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n打印日期:,2026-01-05,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "numbered.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n1、公司名称不能重复,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "section.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n一、华东区,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "english.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\nPage 1 of 3,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "three.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n制表人：示例,审核人：示例,日期：2026-01-05\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held remark_row"]),
        ("companies", "lone.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n华北,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held lone_cell"]),
        ("companies", "headings.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n公司名,公司地址,说明\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held headings_row"]),
        ("companies", "heading.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n公司名称,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "held headings_row"]),
        ("companies", "header-again.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n公司名称,地址,备注\nCompany name,Address,Note\n示例四公司,丁路,无\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "skipped header_repeated", "skipped header_repeated", "created 示例四公司|丁路|无"]),
        ("companies", "told-types.csv", "公司名称,地址,备注\n文本,文本,文本\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-lengths.csv", "公司名称,地址,备注\nvarchar(60),varchar(200),text\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-words.csv", "公司名称,地址,备注\n必输,非必输,非必输\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-stars.csv", "公司名称,地址,备注\n*,,\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-rules.csv", "公司名称,地址,备注\n请按营业执照填写,精确到门牌号,\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-speaking.csv", "公司名称,地址,备注\n公司的完整名称,公司所在地址,\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-numbers.csv", "公司名称,地址,备注\n1,2,3\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "told-example.csv", "公司名称,地址,备注\n例：某某公司,甲路,无\n示例一公司,甲路,无\n示例二公司,乙路,无\n".into(), &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"]),
        ("companies", "sound.csv", "公司名称,地址,备注\n合计科技有限公司,甲路,无\n注塑机械厂,乙路,\n共享单车公司,丙路,300\n第一商贸公司,丁路,无\n".into(), &["created 合计科技有限公司|甲路|无", "created 注塑机械厂|乙路|", "created 共享单车公司|丙路|300", "created 第一商贸公司|丁路|无"]),
    ]);
}

#[test]
fn a_torn_row_is_held_with_its_parts() {
    try_each(vec![
        (
            "companies",
            "last.csv",
            "公司名称,地址,备注\n示例一公司,甲路,好\n的\n示例二公司,乙路,无\n".into(),
            &["held torn_row", "held lone_cell", "held broken_line"],
        ),
        (
            "companies",
            "first.csv",
            "公司名称,地址,备注\n示例一\n公司,甲路,无\n示例二公司,乙路,无\n".into(),
            &["held lone_cell", "held broken_line", "created 示例二公司|乙路|无"],
        ),
        (
            "companies",
            "middle.csv",
            "公司名称,地址,备注\n示例一公司,甲路\n2楼,无\n示例二公司,乙路,无\n".into(),
            &["held torn_row", "held broken_line", "created 示例二公司|乙路|无"],
        ),
        (
            "companies",
            "end.csv",
            "公司名称,地址\n示例一公司,甲路\n示例二公司,乙路\n二楼\n".into(),
            &["created 示例一公司|甲路|", "held torn_row", "held broken_line"],
        ),
        (
            "companies",
            "semicolon.csv",
            encoded("公司名称;地址\n示例一公司;甲路\n2楼\n示例二公司;乙路\n", "gbk"),
            &["held torn_row", "held broken_line", "held broken_line"],
        ),
    ]);
}

#[test]
fn damaged_values_are_told_by_cell() {
    try_each(vec![
        ("customers", "codes.csv", "姓名,手机,公司编号,QQ号,备注\n示例0,13100000000,20001,1.23E+09,x\n示例1,13100000001,20001,12345678.0,x\n示例2,13100000002,20001,\"12,345,678\",x\n示例3,13100000003,20001,5-Mar,x\n示例4,13100000004,20001,2026-01-05,x\n示例5,13100000005,20001,2026/1/5 0:00,x\n示例6,13100000006,20001,3月5日,x\n示例7,13100000007,20001,１２３４５,x\n示例8,13100000008,20001,12345678/22345678,x\n".into(), &["refused digits_lost", "created 示例1|12345678|x", "held grouped_digits", "held became_date", "held became_date", "held became_date", "held became_date", "created 示例7|12345|x", "held several_codes"]),
        ("customers", "texts.csv", "姓名,手机,公司编号,QQ号,备注\n示例0,13100000000,20001,,1.10101E+17\n示例1,13100000001,20001,,证件6.2E+18\n示例2,13100000002,20001,,110101199001010000\n示例3,13100000003,20001,,Mar-26\n示例4,13100000004,20001,,????\n示例5,13100000005,20001,,示例\u{fffd}\n示例6,13100000006,20001,,锟斤拷\n示例7,13100000007,20001,,鐢ㄦ埛\n示例8,13100000008,20001,,浣犲ソ\n示例9,13100000009,20001,,ÄãºÃ\n示例10,13100000010,20001,,MÃ¼ller\n".into(), &["held scientific_in_text", "held scientific_in_text", "held rounded_in_text", "held became_date", "held question_marks", "refused characters_lost", "refused characters_lost", "held wrong_encoding", "held wrong_encoding", "held wrong_encoding", "held wrong_encoding"]),
        ("customers", "nothing.csv", "姓名,手机,公司编号,QQ号,备注\n示例0,13100000000,20001,N/A,x\n示例1,13100000001,20001,-,x\n示例2,13100000002,20001,无,x\n示例3,13100000003,20001,,NULL\n示例4,13100000004,20001,,(空)\n暂无,13100000005,20001,,无\n示例6,13100000006,20001,,#N/A\n".into(), &["held null_word", "held null_word", "held null_word", "held null_word", "held null_word", "held no_name", "refused formula_error"]),
        ("customers", "phones.csv", "姓名,手机,公司编号\n示例0,13100000001.0,20001\n示例1,1.31E+10,20001\n示例2,8613100000002,20001\n示例3,086-13100000003,20001\n示例4,13100000004(同微信),20001\n示例5,131****0005,20001\n示例6,1310000000,20001\n示例7,\"13,100,000,001\",20001\n示例8,13100000006-8001,20001\n示例9,１３１００００００７１,20001\n".into(), &["created 示例0||", "refused digits_lost", "created 示例2||", "created 示例3||", "refused not_a_phone", "refused not_a_phone", "refused not_a_mobile", "refused not_a_phone", "created 示例8||", "created 示例9||"]),
        ("customers", "landlines.csv", "姓名,固定电话,公司编号\n示例0,010-00000001,20001\n示例1,01000000002,20001\n示例2,1000000003,20001\n示例3,12345678901,20001\n示例4,131 0000 000,20001\n示例5,861310000001,20001\n示例6,400-000-0004,20001\n示例7,000,20001\n示例8,+852 5100 0000,20001\n".into(), &["created 示例0||", "created 示例1||", "held zero_lost", "refused not_a_mobile", "refused not_a_mobile", "refused not_a_mobile", "created 示例6||", "refused not_a_phone", "created 示例8||"]),
        ("customers", "ids.csv", "姓名,手机,公司编号\n示例0,13100000010,20001.0\n示例1,13100000011,0\n示例2,13100000012,２０００１\n示例3,13100000013,\"20,001\"\n示例4,13100000014,20001#\n示例5,13100000015,示例公司00002有限公司\n示例6,13100000016,20001/1\n".into(), &["created 示例0||", "refused zero_id", "created 示例2||", "refused several_ids", "refused not_an_id", "created 示例5||", "refused several_ids"]),
        ("customers", "lines.csv", "姓名,手机,公司编号,职位,备注\n\"示例\n一\",13100000001,20001,,无\n示例二,13100000002,20001,\"经理\n主管\",无\n示例三,13100000003,20001,经理,\"两\n行\"\n".into(), &["held line_breaks", "held line_breaks", "created 示例三||两\n行"]),
    ]);
}

#[test]
fn texts_of_every_encoding_are_read_or_left_open() {
    try_each(vec![
        (
            "customers",
            "gbk.csv",
            encoded("姓名,手机,公司编号,备注\n示例1,13100000001,20001,备注\n示例2,13100000002,20001,备注\n", "gbk"),
            &["created 示例1||备注", "created 示例2||备注"],
        ),
        (
            "customers",
            "gb18030.csv",
            encoded("姓名,手机,公司编号,备注\n示例1,13100000001,20001,备注\n示例2,13100000002,20001,备注\n", "gb18030"),
            &["created 示例1||备注", "created 示例2||备注"],
        ),
        (
            "customers",
            "utf-16.csv",
            encoded("姓名,手机,公司编号,备注\n示例1,13100000001,20001,备注\n示例2,13100000002,20001,备注\n", "utf-16"),
            &["created 示例1||备注", "created 示例2||备注"],
        ),
        (
            "customers",
            "utf-16-le.csv",
            encoded(
                "姓名,手机,公司编号,备注\n示例1,13100000001,20001,备注\n示例2,13100000002,20001,备注\n",
                "utf-16-le",
            ),
            &["created 示例1||备注", "created 示例2||备注"],
        ),
        (
            "customers",
            "utf-16-be.csv",
            encoded(
                "姓名,手机,公司编号,备注\n示例1,13100000001,20001,备注\n示例2,13100000002,20001,备注\n",
                "utf-16-be",
            ),
            &["created 示例1||备注", "created 示例2||备注"],
        ),
        (
            "customers",
            "utf-8-sig.csv",
            encoded(
                "姓名,手机,公司编号,备注\n示例1,13100000001,20001,备注\n示例2,13100000002,20001,备注\n",
                "utf-8-sig",
            ),
            &["created 示例1||备注", "created 示例2||备注"],
        ),
        (
            "customers",
            "big5.csv",
            encoded("姓名,Mobile,Company ID,Note\n範例,13100000001,20001,臺北市中山區\n", "big5"),
            &["created 範例||臺北市中山區"],
        ),
        (
            "customers",
            "contradicts.csv",
            vec![
                229, 167, 147, 229, 144, 141, 44, 230, 137, 139, 230, 156, 186, 44, 229, 133, 172, 229, 143, 184, 231,
                188, 150, 229, 143, 183, 44, 177, 184, 215, 162, 10, 231, 164, 186, 228, 190, 139, 49, 44, 49, 51, 49,
                48, 48, 48, 48, 48, 48, 48, 49, 44, 50, 48, 48, 48, 49, 44, 177, 184, 215, 162, 10, 231, 164, 186, 228,
                190, 139, 50, 44, 49, 51, 49, 48, 48, 48, 48, 48, 48, 48, 50, 44, 50, 48, 48, 48, 49, 44, 229, 164,
                135, 230, 179, 168, 10,
            ],
            &["line 1: the bytes are not text in UTF-8, as the rest of the file is"],
        ),
        (
            "customers",
            "western.csv",
            vec![
                78, 97, 109, 101, 44, 77, 111, 98, 105, 108, 101, 44, 67, 111, 109, 112, 97, 110, 121, 32, 73, 68, 44,
                78, 111, 116, 101, 10, 77, 252, 108, 108, 101, 114, 44, 49, 51, 49, 48, 48, 48, 48, 48, 48, 48, 49, 44,
                50, 48, 48, 48, 49, 44, 71, 114, 246, 223, 101, 10,
            ],
            &["is neither UTF-8 nor certainly another encoding"],
        ),
        (
            "customers",
            "two-in-one.csv",
            vec![
                208, 213, 195, 251, 44, 202, 214, 187, 250, 44, 185, 171, 203, 190, 177, 224, 186, 197, 44, 177, 184,
                215, 162, 10, 231, 164, 186, 228, 190, 139, 49, 44, 49, 51, 49, 48, 48, 48, 48, 48, 48, 48, 49, 44, 50,
                48, 48, 48, 49, 44, 229, 164, 135, 230, 179, 168, 228, 184, 128, 10,
            ],
            &["held wrong_encoding"],
        ),
    ]);
}

#[test]
fn a_row_of_headings_is_no_record_in_whatever_order_they_stand() {
    try_each(vec![
        (
            "companies",
            "other-order.csv",
            "公司名称,地址,备注\n示例一公司,甲路,无\n公司名称,备注,地址\n示例二公司,乙路,无\n".into(),
            &["created 示例一公司|甲路|无", "held other_headings", "held below_headings"],
        ),
        (
            "companies",
            "another-table.csv",
            "公司名称,地址,备注\n示例一公司,甲路,无\n,,\n公司名称,联系人,电话\n".into(),
            &["created 示例一公司|甲路|无", "held other_headings"],
        ),
        (
            "companies",
            "own-name.csv",
            "公司名称,地址\n示例一公司,甲路\n公司名称,乙路\n".into(),
            &["created 示例一公司|甲路|", "held headings_row"],
        ),
        (
            "customers",
            "of-contacts.csv",
            "姓名,手机,公司编号,备注\n示例1,13100000001,20001,无\n备注,手机,公司编号,姓名\n".into(),
            &["created 示例1||无", "refused other_headings"],
        ),
        (
            "companies",
            "words.csv",
            "公司名称,地址,备注\n地址管理公司,甲路,电话\n示例二公司,备注路,2 号\n".into(),
            &["created 地址管理公司|甲路|电话", "created 示例二公司|备注路|2 号"],
        ),
    ]);
}

#[test]
fn totals_are_known_with_what_is_counted_beside_them_and_nothing_is_called_so() {
    try_each(vec![
        ("companies", "counted.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n合计,2家公司,\n总计,共 2 家,完\n— 小计 —,,\n合計—,,\n".into(), &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "held totals_row_by_words", "held totals_row_by_words", "held totals_row_by_words", "held totals_row_by_words"]),
        ("companies", "called.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n总计,丙路 3 号,无\nTotal,丙路,x\n总计设计公司,丁路,无\n".into(), &["created 示例一公司|甲路|无", "held totals_row_by_words", "held totals_row_by_words", "created 总计设计公司|丁路|无"]),
        ("customers", "with-a-number.csv", "姓名,手机,公司编号\n示例1,13100000001,20001\n小计,13100000002,20001\n".into(), &["created 示例1||", "held totals_row_by_words"]),
    ]);
}

#[test]
fn lines_between_the_rows_of_a_printed_table_are_left_out() {
    try_each(vec![
        (
            "companies",
            "ruler.csv",
            "公司名称,地址,备注\n--------,----,----\n示例一公司,甲路,无\n=====,=====,=====\n".into(),
            &["skipped ruler_row", "created 示例一公司|甲路|无", "skipped ruler_row"],
        ),
        (
            "companies",
            "psql.csv",
            "公司名称|地址|备注\n--------|----|----\n示例一公司|甲路|无\n(1 行)\n".into(),
            &["skipped ruler_row", "created 示例一公司|甲路|无", "held remark_row"],
        ),
        ("companies", "dashes.csv", "公司名称,地址,备注\n示例一公司,-,--\n".into(), &["created 示例一公司|'-|'--"]),
    ]);
}

#[test]
fn a_lone_line_that_is_known_tears_no_rows_around_it() {
    try_each(vec![
        (
            "customers",
            "total.csv",
            "姓名,手机,公司编号\n示例1,13100000001,20001\n示例2,13100000002,20001\n合计：2人\n".into(),
            &["created 示例1||", "created 示例2||", "refused totals_row_by_words"],
        ),
        (
            "companies",
            "remark.csv",
            "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n导出时间：2026-01-05\n".into(),
            &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "held remark_row"],
        ),
        (
            "companies",
            "parts.csv",
            "公司名称,地址,服务费余额\n华东区\n示例一公司,甲路,1\n华南区\n示例二公司,乙路,2\n".into(),
            &["held broken_line", "created 示例一公司|甲路|", "held broken_line", "created 示例二公司|乙路|"],
        ),
        (
            "companies",
            "torn.csv",
            "公司名称,地址,备注\n示例一公司,甲路,先付\n后送\n示例二公司,乙路,无\n".into(),
            &["held torn_row", "held lone_cell", "held broken_line"],
        ),
    ]);
}

#[test]
fn text_that_lost_bytes_when_it_was_broken_is_told() {
    try_each(vec![
        ("companies", "question-marks.csv", "公司名称,备注\n示例一公司,鍖椾含绀轰緥绉戞妧鏈夐檺鍏?鍙?\n示例二公司,閲嶈?佸?㈡埛\n示例三公司,是否升级?请回复\n".into(), &["held wrong_encoding", "held wrong_encoding", "created 示例三公司||是否升级?请回复"]),
        ("companies", "fallen-out.csv", "公司名称,备注\n示例一公司,閲嶈佸㈡埛\n示例二公司,äº§å“è´¨é‡é—®é¢˜\n示例三公司,Café «né»\n".into(), &["held wrong_encoding", "held wrong_encoding", "created 示例三公司||Café «né»"]),
        ("customers", "heading.csv", "姓名,手机,公司编号,澶囨敞\n示例1,13100000001,20001,重要\n".into(), &["the heading of column D '澶囨敞' is broken", "备注", "drop = [4]"]),
        ("customers", "lost-heading.csv", "姓名,手机,公司编号,\u{fffd}\u{fffd}注\n示例1,13100000001,20001,重要\n".into(), &["the heading of column D"]),
        ("customers", "name-heading.csv", "濮撳悕,手机,公司编号\n示例1,13100000001,20001\n".into(), &["the heading of column A", "姓名"]),
    ]);
}

#[test]
fn errors_as_libreoffice_writes_them_are_refused() {
    try_each(vec![(
        "companies",
        "numbers.csv",
        "公司名称,备注\n示例一公司,Err:502\n示例二公司,#REF\n示例三公司,Err:5\n".into(),
        &["refused formula_error", "refused formula_error", "created 示例三公司||Err:5"],
    )]);
}

#[test]
fn the_example_of_the_template_with_one_cell_changed_waits() {
    try_each(vec![
        ("customers", "changed.csv", "姓名,手机,固定电话,邮箱,公司编号\n示例 张三,13000000000,010-00000000,example@example.com,20002\n示例1,13100000001,,,20001\n".into(), &["held example_changed", "created 示例1||"]),
    ]);
}

#[test]
fn what_is_required_is_told_in_any_row_and_in_other_words() {
    let table = |row: &str| format!("公司名称,地址,备注\n{row}\n示例一公司,甲路,无\n示例二公司,乙路,无\n").into_bytes();
    let waits = &["held instruction_row", "created 示例一公司|甲路|无", "created 示例二公司|乙路|无"][..];
    try_each(vec![
        ("companies", "late.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,乙路,无\n示例三公司,丙路,无\n示例四公司,丁路,无\n（必填，不超过50字）,（选填）,（选填）\n".into(),
            &["created 示例一公司|甲路|无", "created 示例二公司|乙路|无", "created 示例三公司|丙路|无", "created 示例四公司|丁路|无", "held instruction_row"]),
        ("companies", "traditional.csv", encoded("公司名稱,地址,備註\n必填,選填,選填\n示例一公司,甲路,無\n", "big5"), &["held instruction_row", "created 示例一公司|甲路|無"]),
        ("companies", "lines.csv", table("单行文本,单行文本,多行文本"), waits),
        ("companies", "letters.csv", table("Y,N,N"), waits),
        ("companies", "examples.csv", table("XX公司,XX路,XX"), waits),
        ("companies", "example.csv", table("(示例)某某科技有限公司,甲路,无"), waits),
        ("companies", "hands-off.csv", table("请勿修改此行,,"), waits),
    ]);
}

#[test]
fn names_that_hold_a_heading_are_no_instructions() {
    try_each(vec![
        (
            "companies",
            "names.csv",
            "公司\n示例科技公司\n示例贸易公司\n示例公司\n".into(),
            &["created 示例科技公司||", "created 示例贸易公司||", "created 示例公司||"],
        ),
        (
            "companies",
            "unknown.csv",
            "公司名称,地址,备注\n示例一公司,地址不详,无备注\n".into(),
            &["created 示例一公司|地址不详|无备注"],
        ),
        (
            "companies",
            "name-alone.csv",
            "公司名称,地址,备注\n示例一有限公司,,\n示例二公司,乙路,无\n示例三公司,丙路,无\n示例四公司,丁路,无\n".into(),
            &[
                "created 示例一有限公司||",
                "created 示例二公司|乙路|无",
                "created 示例三公司|丙路|无",
                "created 示例四公司|丁路|无",
            ],
        ),
    ]);
}

#[test]
fn totals_in_other_words_wait() {
    let table =
        |row: &str| format!("公司名称,备注,服务费余额\n示例一公司,无,100\n示例二公司,无,200\n{row}\n").into_bytes();
    let waits = &["created 示例一公司||无", "created 示例二公司||无", "held totals_row_by_words"][..];
    try_each(
        ["总金额,,300", "合计/Total,,300", "合计 Total,,300", "记录总数,,2", "共导出2条,,300", "Total records: 2,,300"]
            .map(|row| ("companies", "totals.csv", table(row), waits))
            .into(),
    );
}

#[test]
fn what_is_hardly_a_name_an_account_or_a_web_address_waits() {
    let names = |name: &str| format!("公司名称,备注\n{name},无\n").into_bytes();
    let held = &["held not_a_name"][..];
    try_each(vec![
        ("companies", "zero.csv", names("0"), held),
        ("companies", "day.csv", names("2026/3/8"), held),
        ("companies", "truth.csv", names("TRUE"), held),
        ("companies", "number.csv", names("13000000001"), held),
        ("companies", "mail.csv", names("a@example.com"), held),
        ("companies", "digits.csv", names("360"), &["created 360||无"]),
        ("customers", "qq.csv", "姓名,手机,公司编号,备注,QQ号\n示例1,13100000001,20001,无,10001\n示例2,13100000002,20001,要红色,不要蓝色\n示例3,13100000003,20001,无,\n".into(),
            &["created 示例1|10001|无", "held not_an_account", "created 示例3||无"]),
        ("companies", "web.csv", "公司名称,网址,备注\n示例一公司,www.example.com,无\n示例二公司,3楼,www.example.org\n".into(), &["created 示例一公司||无", "held not_a_web_address"]),
        ("companies", "ditto.csv", "公司名称,地址,备注\n示例一公司,甲路,无\n示例二公司,同上,〃\n".into(), &["created 示例一公司|甲路|无", "held ditto"]),
        ("companies", "codes.csv", "公司名称,服务账号\n示例一公司,3/5/2026\n示例二公司,2026年3月\n示例三公司,10-12\n".into(), &["held became_date", "held became_date", "created 示例三公司||"]),
        ("companies", "errors.csv", "公司名称,备注\n示例一公司,#WERT!\n示例二公司,#N/D\n".into(), &["refused formula_error", "refused formula_error"]),
    ]);
}

#[test]
fn a_blank_cell_too_many_beside_a_web_address_is_only_said() {
    try_each(vec![("companies", "blank.csv", "公司名称,地址,网址,备注\n示例一公司,甲路,www.example.com,好\n示例二公司,乙路,www.example.org,已签,\n示例三公司,丙路,www.example.net,好\n".into(),
        &["created 示例一公司|甲路|好", "created 示例二公司|乙路|已签", "created 示例三公司|丙路|好"])]);
}

#[test]
fn lines_of_json_that_are_none_are_named_with_what_is_wrong() {
    let deep = format!("{{\"name\":{}{}}}\n", "[".repeat(200_000), "]".repeat(200_000));
    try_each(vec![
        ("customers", "deep.jsonl", deep.into(), &["deep.jsonl, line 1", "more than 100 objects and lists"]),
        ("customers", "cut.jsonl", "{\"name\":\"示例1\"}\n{\"name\":\n".into(), &["line 2", "ends too early"]),
        ("customers", "comma.jsonl", "{\"name\":\"示例1\" \"mobile\":1}\n".into(), &["line 1", "character 15"]),
        ("customers", "twice.jsonl", "{\"name\":\"示例1\",\"name\":\"示例2\"}\n".into(), &["name stands in it twice"]),
    ]);
}
