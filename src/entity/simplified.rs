//! Words in traditional Chinese, as the headings and choices of this service know them in simplified.

/// Signs of headings and choices in traditional Chinese, each with the simplified one.
const TRADITIONAL: &str = "稱称機机電电話话碼码聯联絡络編编號号備备註注標标題题郵邮狀状態态優优級级類类簽签籤签單单創创時时間间開开責责負负組组賬账帳账務务連连網网頁页國国區区縣县業业戶户職职處处說说問问內内門门團团員员檔档來来對对數数據据價价錄录檢检關关閉闭繫系係系詳详細细費费餘余終终處处貼贴傳传動动緊紧應应決决離离導导產产專专銷销貨货購购買买賣卖訂订額额總总計计證证銀银種种樓楼層层鄉乡鎮镇臺台灣湾齡龄隊队師师廠厂評评歲岁語语圖图過过進进遠远請请諮咨詢询訴诉";

/// A text in simplified Chinese, in the words that are used with it; none where it is that.
pub fn simplified(text: &str) -> Option<String> {
    let signs: Vec<char> = TRADITIONAL.chars().collect();
    let plain = |c: char| signs.chunks_exact(2).find(|pair| pair[0] == c).map_or(c, |pair| pair[1]);
    let simple: String = text.chars().map(plain).collect();
    let simple = simple.replace("联络", "联系").replace("行动电话", "移动电话").replace("电邮", "电子邮件");
    (simple != text).then_some(simple)
}
