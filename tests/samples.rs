//! The files in `samples/`, of invented data that refers to the records the sandbox begins with. They are made
//! here: `BW8_UPDATE=1 cargo test samples` writes them anew.

use std::path::Path;

use bw8::entity::{Catalog, Kind};
use bw8::format::{self, CellKind, Column, Input, Row, Value, WriteOptions};

/// One file: its rows by the fields of an entity, whose Chinese labels are its header.
struct Sample {
    file: &'static str,
    entity: &'static str,
    fields: &'static [&'static str],
    /// A field whose cells somebody typed into a column that was not formatted as text.
    number: Option<&'static str>,
    rows: &'static [&'static [&'static str]],
}

const LONG_NOTE: &str = "示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。示例备注：这段文字是从聊天记录里整段粘贴过来的，没有删减。";

const CUSTOMERS: &[&str] =
    &["name", "mobile", "fixnumber", "email", "position", "state", "QQ", "note", "companyId", "tableName"];

const SAMPLES: &[Sample] = &[
    Sample {
        file: "customers.xlsx",
        entity: "customers",
        fields: CUSTOMERS,
        number: None,
        rows: &[
            &[
                "示例 王一",
                "13000000901",
                "010-00000901",
                "sample901@example.com",
                "采购经理",
                "在职",
                "10000901",
                "示例备注",
                "20001",
                "示例标签",
            ],
            &["示例 李二", "13000000902", "", "sample902@example.com", "工程师", "在职", "", "", "20001", ""],
            &[
                "示例 张三",
                "13000000903",
                "",
                "sample903@example.com",
                "",
                "在职",
                "",
                "周一至周五联系",
                "20002",
                "示例标签,老客户",
            ],
            &["示例 赵四", "", "021-00000904", "sample904@example.com", "行政", "在职", "", "只有座机", "20003", ""],
            &["示例 钱五", "13000000905", "", "", "财务", "离职", "", "", "20003", ""],
            &["示例 孙六", "+86 13000000906", "", "sample906@example.com", "总经理", "在职", "", "", "20004", "老客户"],
            &[
                "示例 周七",
                "13000000907",
                "0755-00000907",
                "sample907@example.com",
                "",
                "",
                "10000907",
                "",
                "20005",
                "",
            ],
            &[
                "示例 吴八",
                "13000000908",
                "",
                "sample908@example.com",
                "运维",
                "在职",
                "",
                "第一行\n第二行",
                "20005",
                "",
            ],
            &["示例 郑九", "13000000909", "", "sample909@example.com", "客服", "在职", "", "", "20006", ""],
            &["示例 冯十", "13000000910", "", "sample910@example.com", "采购", "在职", "", "", "20007", "示例标签"],
        ],
    },
    Sample {
        file: "customers-with-mistakes.xlsx",
        entity: "customers",
        fields: CUSTOMERS,
        number: Some("QQ"),
        rows: &[
            &[
                "示例 陈甲",
                "13000000921",
                "",
                "sample921@example.com",
                "采购经理",
                "在职",
                "10000921",
                "",
                "20001",
                "示例标签",
            ],
            &["示例 褚乙", "", "", "sample922@example.com", "工程师", "在职", "", "手机和固定电话都没有", "20002", ""],
            &["示例 卫丙", "13000000923", "", "sample923.example.com", "", "在职", "", "邮箱缺少 @", "20002", ""],
            &[
                "示例 蒋丁",
                "13000000924",
                "",
                "sample924@example.com",
                "行政",
                "休假",
                "",
                "在职状态不在可选值中",
                "20003",
                "",
            ],
            &["示例 沈戊", "13000000925", "", "sample925@example.com", "财务", "在职", "", LONG_NOTE, "20003", ""],
            &[
                "示例 韩己",
                "13000000926",
                "",
                "sample926@example.com",
                "",
                "在职",
                "123456789012345678",
                "QQ号存成了数字，末尾几位已丢失",
                "20004",
                "",
            ],
            &[
                "示例 杨庚",
                "13000000921",
                "",
                "sample927@example.com",
                "",
                "在职",
                "",
                "手机与第 2 行重复",
                "20004",
                "",
            ],
            &[
                "示例 朱辛",
                "13000000928",
                "",
                "sample928@example.com",
                "",
                "在职",
                "",
                "公司编号多了一个字符",
                "20004#",
                "",
            ],
            &["示例 秦壬", "13000000929", "", "sample929@example.com", "客服", "在职", "", "", "20005", ""],
            &["示例 尤癸", "13000000930", "", "sample930@example.com", "采购", "在职", "", "", "20006", ""],
        ],
    },
    Sample {
        file: "companies.csv",
        entity: "companies",
        fields: &[
            "companyName",
            "servicestarttime",
            "serviceendtime",
            "userURL",
            "serveNote",
            "address",
            "userGroup",
            "tableName",
            "province",
            "city",
        ],
        number: None,
        rows: &[
            &[
                "示例新科技有限公司",
                "2026-01-01",
                "2026-12-31",
                "https://one.example.com",
                "示例备注",
                "示例路 1 号",
                "1",
                "示例标签",
                "广东",
                "深圳",
            ],
            &[
                "示例新贸易有限公司",
                "2026-02-01",
                "2027-01-31",
                "https://two.example.com",
                "",
                "示例路 2 号",
                "1",
                "",
                "上海",
                "上海",
            ],
            &[
                "示例新物流有限公司",
                "2026-03-01",
                "2027-02-28",
                "",
                "含逗号, 和\"引号\"的备注",
                "示例路 3 号",
                "",
                "示例标签,老客户",
                "北京",
                "北京",
            ],
        ],
    },
    Sample {
        file: "customer-groups.csv",
        entity: "customer-groups",
        fields: &["groupName", "type"],
        number: None,
        rows: &[&["示例新分组甲", "公司分组"], &["示例新分组乙", "公司分组"], &["示例新分组丙", "联系人分组"]],
    },
    Sample {
        file: "tickets.xlsx",
        entity: "tickets",
        fields: &[
            "subject",
            "descript",
            "custUserId",
            "servicerUserId",
            "servicerGroupId",
            "ticketType",
            "priorityLevel",
            "ticketStatus",
            "tagList",
            "ticketTemplateId",
        ],
        number: None,
        rows: &[
            &[
                "示例 打印机无法使用",
                "示例 从周一起无法打印",
                "50001",
                "7001",
                "301",
                "故障",
                "高",
                "新建",
                "示例标签",
                "4",
            ],
            &["示例 申请开通账号", "示例 新同事入职", "50002", "7002", "301", "任务", "普通", "处理中", "", "4"],
            &["示例 发票抬头修改", "示例 第一行\n第二行", "50003", "", "302", "事务", "低", "待回应", "", "5"],
            &[
                "示例 系统登录缓慢",
                "示例 每天上午出现",
                "50004",
                "7003",
                "303",
                "问题",
                "紧急",
                "已解决",
                "示例标签,网络",
                "6",
            ],
        ],
    },
    Sample {
        file: "tags.csv",
        entity: "tags",
        fields: &["entity", "id", "add", "remove", "set"],
        number: None,
        rows: &[
            &["联系人", "50001", "示例新标签", "", ""],
            &["联系人", "50002", "示例新标签,老客户", "", ""],
            &["公司", "20001", "", "", "示例新标签"],
            &["公司", "20002", "示例新标签", "示例旧标签", ""],
        ],
    },
    Sample {
        file: "bindings.csv",
        entity: "bindings",
        fields: &["cId", "openId", "account_source"],
        number: None,
        rows: &[
            &["50041", "ext-0901", "开放平台"],
            &["50042", "ext-0902", "开放平台"],
            &["50043", "ext-0903", "钉钉"],
            &["50044", "ext-0904", "企业微信"],
        ],
    },
];

impl Sample {
    fn write(&self, path: &Path) {
        let entity = Catalog::embedded().get(self.entity).unwrap();
        let fields: Vec<_> = self.fields.iter().map(|name| entity.field(name).unwrap()).collect();
        let columns: Vec<Column> = fields
            .iter()
            .map(|field| Column {
                title: field.zh.clone(),
                is_text: field.kind != Kind::Date && self.number != Some(&*field.name),
                required: false,
            })
            .collect();
        let format = format::of_extension(path.extension().unwrap().to_str().unwrap()).unwrap();
        let options = WriteOptions { sheet: Some(&entity.zh), ..WriteOptions::new(&columns) };
        let mut writer = format.create(path, &options).unwrap();
        for row in self.rows {
            let cells = row.iter().zip(self.fields).map(|(text, name)| match self.number {
                Some(number) if number == *name => text.parse().map_or(Value::Empty, Value::Number),
                _ => Value::Text(text),
            });
            writer.write(&cells.collect::<Vec<_>>()).unwrap();
        }
        writer.finish().unwrap();
    }
}

type Table = Vec<(u64, Vec<(String, CellKind)>)>;

/// The name of the sheet, its header, and every cell: what a sample is, whatever the day it was made.
fn read(path: &Path) -> Option<(Option<String>, Vec<String>, Table)> {
    let input = Input { path: path.to_owned(), shown: path.display().to_string(), ..Input::default() };
    let mut reader = format::open(&input).ok()?;
    let (mut rows, mut row) = (Vec::new(), Row::default());
    while reader.read(&mut row).unwrap() {
        let cells = (0..row.cells.len()).map(|at| row.cell(at)).map(|cell| (cell.text.to_owned(), cell.kind));
        rows.push((row.number, cells.collect()));
    }
    Some((reader.sheet().name.clone(), reader.sheet().header.clone(), rows))
}

#[test]
fn the_committed_samples_are_the_ones_made_here() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let folder = tempfile::tempdir().unwrap();
    for sample in SAMPLES {
        let (made, kept) = (folder.path().join(sample.file), committed.join(sample.file));
        sample.write(&made);
        let is_kept = read(&kept).is_some_and(|table| Some(table) == read(&made));
        if !is_kept && std::env::var_os("BW8_UPDATE").is_some() {
            std::fs::create_dir_all(&committed).unwrap();
            std::fs::copy(&made, &kept).unwrap();
        }
        assert!(read(&kept) == read(&made), "samples/{}: BW8_UPDATE=1 cargo test samples", sample.file);
        assert_eq!(read(&made).unwrap().2.len(), sample.rows.len(), "{}", sample.file);
    }
}
