//! Which encoding a text file is in: a byte order mark, what the user says, strict UTF-8, or what its bytes weigh as
//! Chinese. A guess that could be wrong is not made.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes at the beginning of a file that are looked at.
const HEAD: usize = 128 << 10;
/// Bytes that are enough to tell letters of two bytes from Chinese characters.
const TELLING: usize = 40;
/// Characters that are weighed.
const WEIGHED: usize = 4_000;
/// How much more one reading has to weigh than every other, to be certain …
const CERTAIN: i32 = 24;
/// … and how much each of its characters has to weigh at least, in quarters of a point.
const LEAST: i32 = 2;

/// Characters that are common in names, addresses and the columns of lists, in both scripts.
const FREQUENT: &str = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏省县镇乡村街巷号楼室层栋单元幢座期苑园广场大厦中心贸易有限责任股份集团实业科技信息网络电子商务投资咨询服务工程建筑装饰材料机械设备制造食品医药化工汽车物流运输文化传媒教育培训餐饮酒店旅游环保能源电力销售经营部店厂赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏章云苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房丁邓洪包石崔吉龚程邢裴陆荣翁荀甄曲封储靳段侯武刘景詹龙叶黎薄白温庄柴阎习艾向古易廖欧曾关伟芳娜秀敏静丽强磊军洋勇艳杰娟涛超霞桂兰玉萍红娥玲芬燕彩春菊梅琳素珍贞莉凤洁琼勤雪荣爱妹香月莺媛艳瑞凡佳嘉琴雅兴峰浩宇轩子涵梓欣怡雨泽晨思彤博文诗涵俊杰鹏飞旭阳鑫磊婷婷示例客户姓名手机电话固定邮箱职位状态备注标签编号公司名称地址联系日期时间类型金额余额合同默认创建负责订单甲乙丙丁戊己庚辛广东江苏浙江山东河南四川湖北湖南河北福建安徽辽宁江西陕西山西黑龙江吉林云南贵州甘肃广西内蒙古新疆海南宁夏青海西藏上海北京天津重庆深圳杭州南京苏州武汉成都西安沈阳大连青岛厦门宁波無個們這來為時會後過裡對還發開見經頭動長現將與進實點種聲話兒問機給業間門東氣關內產車應書員報馬張難師數應親務邊戰許覺題統請愛讓認論術結義連遠隊帶變聯權領傳紅決運辦達區轉眾輕語滿寫識極黃臉錢黨設雙歷廣議單據導網際則專誰讀觀爭組視濟離雖壞縣鎮鄉號樓層棟園場廈貿責團實業資訊網絡電務詢築裝飾備製藥輸館遊環運銷營廠趙孫鄭馮陳衛蔣韓楊嚴謝鄒蘇韋鳳湯羅畢齊顧蕭談龐項藍閔賈婁顏鍾駱萬盧鄧龔陸榮儲劉詹龍葉溫莊閻歐偉麗軍艷傑濤蘭貞潔瓊勤雪愛鶯嘉興軒夢詩鵬陽範例戶電話郵備註標籤編號稱絡類額餘同創負訂臺灣臺北臺中高雄新竹桃園臺南基隆嘉義彰化屏東花蓮市區路段巷弄樓之股份有限";

/// What a file's encoding was found to be.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) encoding: &'static Encoding,
    /// Bytes of the marks before the text.
    pub(super) marks: usize,
    /// Whether it is what the user expects and need not be told.
    pub(super) is_plain: bool,
}

/// Why no encoding was found.
#[derive(Debug)]
pub(super) enum NotFound {
    /// No text at all.
    NoText,
    /// These could be meant, the likeliest first.
    Unsure(Vec<&'static Encoding>),
}

/// The encoding that a name means, as people call it.
pub(super) fn named(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().to_ascii_lowercase();
    let label = match name.as_str() {
        "utf8" | "utf-8-sig" | "utf8-bom" | "65001" => "utf-8",
        "cp936" | "936" | "windows-936" | "ansi" | "gb" | "gb-2312" | "gb-18030" | "euc-cn" => "gb18030",
        "cp950" | "950" | "big-5" | "big5hkscs" => "big5",
        "utf16" | "utf16le" | "unicode" => "utf-16le",
        "utf16be" => "utf-16be",
        other => other,
    };
    match Encoding::for_label_no_replacement(label.as_bytes())? {
        encoding if encoding == encoding_rs::GBK => Some(GB18030),
        encoding => Some(encoding),
    }
}

/// How messages call an encoding.
pub(super) fn shown(encoding: &'static Encoding) -> String {
    encoding.name().to_ascii_uppercase()
}

/// The encoding that the marks at the beginning of a text say, and their length. Programs that add one to what has one
/// already make two of them.
pub(super) fn of_marks(head: &[u8]) -> Option<(&'static Encoding, usize)> {
    const MARKS: [(&[u8], &Encoding); 4] =
        [(b"\xEF\xBB\xBF", UTF_8), (b"\xFF\xFE", UTF_16LE), (b"\xFE\xFF", UTF_16BE), (b"\x84\x31\x95\x33", GB18030)];
    let (mark, encoding) = MARKS.into_iter().find(|(mark, _)| head.starts_with(mark))?;
    let mut marks = mark.len();
    while head[marks..].starts_with(mark) {
        marks += mark.len();
    }
    Some((encoding, marks))
}

/// A part of the file that says something of its encoding: its head, or what begins with the first byte that is no ASCII.
pub(super) fn read_sample(file: &mut File) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::with_capacity(HEAD);
    Read::by_ref(file).take(HEAD as u64).read_to_end(&mut head)?;
    if head.len() < HEAD || !head.is_ascii() {
        return Ok((head.clone(), head));
    }
    let mut block = vec![0; HEAD];
    let mut passed = head.len() as u64;
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok((head.clone(), head));
        }
        if let Some(first) = block[..read].iter().position(|byte| !byte.is_ascii()) {
            file.seek(SeekFrom::Start(passed + first as u64))?;
            let mut telling = Vec::with_capacity(HEAD);
            Read::by_ref(file).take(HEAD as u64).read_to_end(&mut telling)?;
            return Ok((head, telling));
        }
        passed += read as u64;
    }
}

/// The encoding of a text without marks, by its bytes. `fits` tells how many known headings a reading has.
pub(super) fn detect(sample: &[u8], fits: impl Fn(&'static Encoding) -> usize) -> Result<Found, NotFound> {
    let found = |encoding| Found { encoding, marks: 0, is_plain: encoding == UTF_8 };
    if sample.contains(&0) {
        return of_zeros(sample).map(found).ok_or(NotFound::NoText);
    }
    let frequent: HashSet<char> = FREQUENT.chars().collect();
    if is_utf8(sample) || (sample.is_ascii() && !may_be_units(sample, &frequent)) {
        return Ok(found(UTF_8));
    }
    let mut weights: Vec<(Weight, &'static Encoding)> =
        vec![(weigh_pairs(sample, GB18030, &frequent), GB18030), (weigh_pairs(sample, BIG5, &frequent), BIG5)];
    if sample.len().is_multiple_of(2) || sample.len() >= HEAD {
        weights.push((weigh_units(sample, UTF_16LE, &frequent), UTF_16LE));
        weights.push((weigh_units(sample, UTF_16BE, &frequent), UTF_16BE));
    }
    if std::str::from_utf8(sample).is_ok() {
        weights.push((weigh_utf8(sample), UTF_8));
    }
    weights.sort_by_key(|(weight, _)| std::cmp::Reverse(weight.total));
    let (best, encoding) = weights[0];
    let next = weights[1].0.total.max(0);
    if best.total >= LEAST * best.characters && best.total - next >= CERTAIN {
        return Ok(found(encoding));
    }
    let likely: Vec<&'static Encoding> =
        weights.iter().filter(|(weight, _)| weight.total > 0).map(|(_, encoding)| *encoding).collect();
    let mut fitting = likely.iter().filter(|encoding| fits(encoding) >= 2);
    match (fitting.next(), fitting.next()) {
        (Some(encoding), None) => Ok(found(encoding)),
        _ => Err(NotFound::Unsure(likely)),
    }
}

/// Whether a short text that is no UTF-8 reads better in GB18030 than in Big5, and as common characters.
pub(super) fn reads_as_gb18030(text: &[u8]) -> bool {
    let frequent: HashSet<char> = FREQUENT.chars().collect();
    let weigh = |encoding| weigh_pairs(text, encoding, &frequent).total;
    let total = weigh(GB18030);
    total > 0 && total > weigh(BIG5)
}

/// Whether a text is UTF-8 beyond doubt, up to a character that is cut at its end. Text that has Chinese characters in
/// UTF-8 is that, also when a byte further on contradicts: it is an error there.
fn is_utf8(sample: &[u8]) -> bool {
    let (valid, is_whole) = match std::str::from_utf8(sample) {
        Ok(text) => (text, true),
        Err(error) => {
            let valid = std::str::from_utf8(&sample[..error.valid_up_to()]).unwrap_or_default();
            (valid, error.error_len().is_none() && !valid.is_ascii())
        }
    };
    if valid.is_ascii() {
        return false;
    }
    let wide = valid.chars().filter(|c| *c >= '\u{800}').take(8).count();
    if wide > 0 {
        return is_whole || wide == 8;
    }
    // Letters of two bytes, such as é: in a Chinese encoding they would be one character between ASCII letters.
    // Few bytes prove nothing.
    is_whole
        && sample.len() >= TELLING
        && !valid.as_bytes().windows(4).any(|four| four.iter().all(|byte| !byte.is_ascii()))
}

/// Whether bytes that are ASCII may be the halves of Chinese characters: text has line breaks and no control characters.
fn may_be_units(sample: &[u8], frequent: &HashSet<char>) -> bool {
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0x1a);
    let has_breaks = sample.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    match (sample.iter().all(is_text), has_breaks) {
        (true, true) => return false,
        (false, false) => return true,
        _ => {}
    }
    let weights = [UTF_16LE, UTF_16BE].map(|encoding| weigh_units(sample, encoding, frequent));
    weights.iter().any(|weight| weight.total > 2 * POINTS[1] * weight.characters)
}

/// Zeros stand in text only where characters have two bytes: what reads better says their order.
fn of_zeros(sample: &[u8]) -> Option<&'static Encoding> {
    let frequent = FREQUENT.chars().collect();
    let weigh = |encoding| (weigh_units(sample, encoding, &frequent), encoding);
    let (little, big) = (weigh(UTF_16LE), weigh(UTF_16BE));
    let ((best, encoding), (other, _)) = if little.0.total > big.0.total { (little, big) } else { (big, little) };
    (best.total >= best.characters && best.total - other.total >= CERTAIN).then_some(encoding)
}

/// What a text weighs when it is read in an encoding.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    /// Quarters of a point.
    total: i32,
    characters: i32,
}

impl Weight {
    fn add(&mut self, points: i32) {
        self.total += points;
        self.characters += 1;
    }
}

/// A frequent character in quarters of a point; one that is common in its encoding; a mark; a rare one; a broken one.
const POINTS: [i32; 5] = [12, 4, 1, -8, -16];

/// A text of one and two bytes a character.
fn weigh_pairs(sample: &[u8], encoding: &'static Encoding, frequent: &HashSet<char>) -> Weight {
    let mut weight = Weight::default();
    let mut at = 0;
    while at + 1 < sample.len() && weight.characters < WEIGHED as i32 {
        if sample[at].is_ascii() {
            at += 1;
            continue;
        }
        let (lead, trail) = (sample[at], sample[at + 1]);
        let is_common = match encoding == BIG5 {
            true => (0xa4..=0xc6).contains(&lead),
            false => (0xb0..=0xd7).contains(&lead) && trail >= 0xa1,
        };
        let pair = encoding.decode_without_bom_handling_and_without_replacement(&sample[at..at + 2]);
        match pair.and_then(|text| text.chars().next()) {
            Some(c) if frequent.contains(&c) => weight.add(POINTS[0]),
            Some(_) if is_common => weight.add(POINTS[1]),
            Some('、'..='】' | '！'..='～' | '—' | '…' | '·' | '“' | '”') => weight.add(POINTS[2]),
            Some(_) => weight.add(POINTS[3]),
            None if trail.is_ascii_digit() && encoding == GB18030 => {
                weight.add(POINTS[3]);
                at += 2;
            }
            None => {
                weight.add(POINTS[4]);
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    weight
}

/// A text of two bytes a character.
fn weigh_units(sample: &[u8], encoding: &'static Encoding, frequent: &HashSet<char>) -> Weight {
    let mut weight = Weight::default();
    let unit = |two: &[u8]| match encoding == UTF_16LE {
        true => u16::from_le_bytes([two[0], two[1]]),
        false => u16::from_be_bytes([two[0], two[1]]),
    };
    for unit in sample.chunks_exact(2).map(unit).take(WEIGHED) {
        match char::from_u32(unit.into()) {
            Some(c) if frequent.contains(&c) => weight.add(POINTS[0]),
            Some(' '..='~' | '\t' | '\r' | '\n' | '\u{4e00}'..='\u{9fa5}') => weight.add(POINTS[1]),
            Some('\0') => weight.add(POINTS[4]),
            Some('、'..='】' | '！'..='～') => weight.add(POINTS[2]),
            Some(_) => weight.add(POINTS[3]),
            None => weight.add(POINTS[4]),
        }
    }
    weight
}

/// A text of letters that have two bytes in UTF-8.
fn weigh_utf8(sample: &[u8]) -> Weight {
    let mut weight = Weight::default();
    let text = std::str::from_utf8(sample).unwrap_or_default();
    text.chars().filter(|c| !c.is_ascii()).take(WEIGHED).for_each(|_| weight.add(POINTS[1]));
    weight
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗";
    const SURNAMES_TRADITIONAL: &str = "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅";
    const WORDS: [&str; 16] = [
        "贸易",
        "科技",
        "有限公司",
        "示例",
        "路",
        "号楼",
        "单元",
        "室",
        "广东省",
        "深圳市",
        "区",
        "老客户",
        "要红色",
        "采购",
        "设备",
        "集团",
    ];
    const WORDS_TRADITIONAL: [&str; 16] = [
        "貿易",
        "科技",
        "有限公司",
        "範例",
        "路",
        "號樓",
        "單元",
        "室",
        "臺北市",
        "高雄市",
        "區",
        "老客戶",
        "要紅色",
        "採購",
        "設備",
        "集團",
    ];

    /// A text of about so many Chinese characters, as lists have them.
    fn text(random: &mut fastrand::Rng, characters: usize, is_traditional: bool, of_level: Choose) -> String {
        let mut text = String::new();
        while text.chars().filter(|c| !c.is_ascii()).count() < characters {
            match random.u8(0..10) {
                0 => text.push_str(random.choice([",", "\n", "A座", "13000000000", ",,", " "]).unwrap_or(",")),
                1..=3 => {
                    let surnames = if is_traditional { SURNAMES_TRADITIONAL } else { SURNAMES };
                    text.extend(surnames.chars().nth(random.usize(0..20)));
                    text.push(of_level(random));
                    text.push(of_level(random));
                }
                4..=5 => text.push(of_level(random)),
                _ => text.push_str(random.choice(if is_traditional { WORDS_TRADITIONAL } else { WORDS }).unwrap_or("")),
            }
        }
        text
    }

    type Choose = fn(&mut fastrand::Rng) -> char;

    /// Any common character of GB 2312, however it is used in names.
    fn simplified(random: &mut fastrand::Rng) -> char {
        let pair = [random.u8(0xb0..=0xd6), random.u8(0xa1..=0xfe)];
        GB18030.decode_without_bom_handling(&pair).0.chars().next().unwrap_or('一')
    }

    /// Any common character of Big5.
    fn traditional(random: &mut fastrand::Rng) -> char {
        let pair = [random.u8(0xa4..=0xc5), random.u8(0xa1..=0xfe)];
        BIG5.decode_without_bom_handling(&pair).0.chars().next().unwrap_or('一')
    }

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        match encoding {
            encoding if encoding == UTF_16LE => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            encoding if encoding == UTF_16BE => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            encoding => encoding.encode(text).0.into_owned(),
        }
    }

    #[test]
    fn two_thousand_texts_are_never_taken_for_another_encoding() {
        let mut random = fastrand::Rng::with_seed(20_260_105);
        let (mut unsure, mut long) = (0, 0);
        for number in 0..2_000 {
            let encoding = [UTF_8, GB18030, BIG5, UTF_16LE, UTF_16BE][number % 5];
            let characters = random.usize(1..120);
            let is_traditional = encoding == BIG5 || (encoding != GB18030 && random.bool());
            let text =
                text(&mut random, characters, is_traditional, if is_traditional { traditional } else { simplified });
            long += usize::from(characters >= 20);
            match detect(&encoded(&text, encoding), |_| 0) {
                Ok(found) => assert_eq!(found.encoding, encoding, "{text}"),
                Err(_) => unsure += usize::from(characters >= 20),
            }
        }
        assert!(unsure * 20 <= long, "{unsure} of {long} texts of 20 characters and more are not certain");
    }

    #[test]
    fn short_texts_of_lists_are_recognised_or_left_open() {
        for text in ["姓名,手机,公司编号\n张三,13000000000,20001\n", "公司名称,地址\n", "联通", "客户", "é", "姓名"]
        {
            for encoding in [UTF_8, GB18030, UTF_16LE, UTF_16BE] {
                if let Ok(found) = detect(&encoded(text, encoding), |_| 0) {
                    assert_eq!(found.encoding, encoding, "{text}");
                }
            }
        }
        let certain = detect(&encoded("姓名,手机,公司编号\n", GB18030), |_| 0).unwrap();
        assert_eq!(certain.encoding, GB18030);
    }

    #[test]
    fn people_s_names_for_encodings_are_known() {
        for (name, encoding) in [
            ("GBK", GB18030),
            ("gb2312", GB18030),
            ("GB18030", GB18030),
            ("ansi", GB18030),
            ("Big5", BIG5),
            ("utf-8", UTF_8),
            ("UTF8", UTF_8),
            ("utf-16", UTF_16LE),
            ("utf-16be", UTF_16BE),
        ] {
            assert_eq!(named(name), Some(encoding), "{name}");
        }
        assert_eq!(named("klingon"), None);
    }
}
