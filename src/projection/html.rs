//! Text out of HTML, for cells, without losing a word: only what is a known element is a tag and goes, blocks become lines,
//! links and pictures keep their address, ordered lists their numbers, entities become characters.

/// Elements of HTML within a line. What stands in angle brackets and is no element is text: `<张三>`, `<somebody@example.com>`.
const INLINE: &str = "\
    a abbr acronym area audio b base bdi bdo big body button canvas caption cite code col colgroup data datalist \
    del dfn dialog dir em embed font head hgroup html i iframe img input ins kbd label legend link map mark menu \
    meta meter nobr noscript object optgroup output param picture progress q rp rt ruby s samp script select \
    small source span strike strong style sub sup svg tbody td template textarea tfoot th thead time title track \
    tt u var video wbr";

/// Elements of HTML that begin and end a line.
const BLOCKS: &str = "\
    address article aside blockquote br center dd details div dl dt fieldset figcaption figure footer form h1 h2 \
    h3 h4 h5 h6 header hr li main nav ol option p pre section summary table tr ul";

/// Attributes that have no value. Other words in a tag are those of a person: `a <b and c> d`.
const FLAGS: &[&str] = &[
    "allowfullscreen",
    "async",
    "autoplay",
    "checked",
    "compact",
    "controls",
    "defer",
    "disabled",
    "hidden",
    "loop",
    "multiple",
    "muted",
    "nohref",
    "noshade",
    "nowrap",
    "open",
    "readonly",
    "required",
    "reversed",
    "selected",
];

fn is_among(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|one| one == name)
}

/// The text of a fragment of HTML. What holds no tag and no entity comes back as it is.
pub fn strip(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    let text = String::with_capacity(html.len());
    let mut stripper = Stripper { text, lists: Vec::new(), links: Vec::new(), drawings: 0 };
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        stripper.text.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('<') { stripper.take_tag(rest) } else { take_entity(rest, &mut stripper.text) };
    }
    stripper.text.push_str(rest);
    while !stripper.links.is_empty() {
        stripper.end_link();
    }
    tidy(&stripper.text)
}

/// What a text is made of, and what is open where it ends so far.
struct Stripper {
    text: String,
    /// The next number of each list that is open; none where its items have no numbers.
    lists: Vec<Option<i64>>,
    /// Where the text of each link that is open begins, and its address.
    links: Vec<(usize, String)>,
    /// Drawings that are open, which have elements of their own.
    drawings: usize,
}

/// A tag.
struct Tag<'a> {
    /// In small letters.
    name: String,
    is_end: bool,
    attributes: &'a str,
    after: &'a str,
}

impl Stripper {
    /// Takes a tag, with all it holds when that is no text; what is none stays.
    fn take_tag<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some(after) = after_comment(rest) {
            return after;
        }
        let Some(tag) = Tag::of(rest, self.drawings > 0) else {
            self.text.push('<');
            return &rest[1..];
        };
        let Tag { name, is_end, attributes, after } = tag;
        match name.as_str() {
            "script" | "style" if !is_end => {
                let close = format!("</{name}");
                // ASCII lower case keeps every byte where it was.
                let found = after.to_ascii_lowercase().find(&close);
                return found.and_then(|at| after[at..].find('>').map(|end| &after[at + end + 1..])).unwrap_or("");
            }
            "a" if is_end => self.end_link(),
            "a" => {
                let address = attribute(attributes, "href").unwrap_or_default();
                self.links.push((self.text.len(), address));
            }
            "img" | "video" | "audio" | "iframe" | "embed" | "source" | "object" if !is_end => {
                self.push_picture(attributes, if name == "object" { "data" } else { "src" });
            }
            "svg" if is_end => self.drawings = self.drawings.saturating_sub(1),
            // One that never ends would take words of a person for its elements.
            "svg" => self.drawings += usize::from(after.to_ascii_lowercase().contains("</svg")),
            "ol" if !is_end => {
                let start = attribute(attributes, "start").and_then(|start| start.trim().parse().ok());
                self.lists.push(Some(start.unwrap_or(1)));
            }
            "ul" | "menu" | "dir" if !is_end => self.lists.push(None),
            "ol" | "ul" | "menu" | "dir" => drop(self.lists.pop()),
            "td" | "th" if !is_end => self.text.push(' '),
            _ => {}
        }
        if is_among(BLOCKS, &name) {
            self.text.push('\n');
        }
        if name == "li" && !is_end {
            self.push_number(attributes);
        }
        after
    }

    /// An item of an ordered list begins with its number.
    fn push_number(&mut self, attributes: &str) {
        let Some(Some(next)) = self.lists.last_mut() else { return };
        if let Some(value) = attribute(attributes, "value").and_then(|value| value.trim().parse().ok()) {
            *next = value;
        }
        self.text.push_str(&format!("{next}. "));
        *next = next.saturating_add(1);
    }

    /// The address of a link stands behind its text, where it says something else.
    fn end_link(&mut self) {
        let Some((begins, address)) = self.links.pop() else { return };
        let shown = self.text.get(begins..).unwrap_or_default().trim();
        let address = address.trim();
        let plain = |text: &str| {
            let text = ["mailto:", "tel:", "https://", "http://"]
                .iter()
                .fold(text, |text, scheme| text.strip_prefix(scheme).unwrap_or(text));
            text.trim_end_matches('/').to_owned()
        };
        let is_one =
            !address.is_empty() && !address.starts_with('#') && !address.to_lowercase().starts_with("javascript:");
        if !is_one || plain(shown) == plain(address) {
            return;
        }
        match shown.is_empty() {
            true => self.text.push_str(address),
            false => {
                self.text.truncate(self.text.trim_end_matches(' ').len());
                self.text.push_str(&format!(" ({address})"));
            }
        }
    }

    /// A picture is what it is called and its address; what is in the text itself has none.
    fn push_picture(&mut self, attributes: &str, address: &str) {
        let [label, address] = ["alt", address].map(|name| attribute(attributes, name).unwrap_or_default());
        let address = match address.trim().split_once(',') {
            Some((kind, _)) if kind.starts_with("data:") => kind,
            _ => address.trim(),
        };
        match (label.trim(), address) {
            ("", "") => {}
            ("", text) | (text, "") => self.text.push_str(&format!("[{text}]")),
            (label, address) => self.text.push_str(&format!("[{label} {address}]")),
        }
    }
}

impl<'a> Tag<'a> {
    /// The tag that a text begins with.
    fn of(rest: &'a str, is_drawn: bool) -> Option<Tag<'a>> {
        let inside = rest.strip_prefix('<')?;
        let (is_end, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        let length = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(inside.len());
        let name = inside[..length].to_ascii_lowercase();
        // Word processors have elements of their own, such as `o:p`.
        let is_known = is_drawn && name.starts_with(|c: char| c.is_ascii_alphabetic())
            || (is_among(INLINE, &name) || is_among(BLOCKS, &name))
            || matches!(name.split_once(':'), Some(("o" | "v" | "w" | "m" | "st1", local)) if !local.is_empty());
        let behind = &inside[length..];
        if !is_known || !behind.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>')) {
            return None;
        }
        let end = end_of_tag(behind)?;
        let attributes = &behind[..end];
        are_attributes(attributes).then_some(Tag { name, is_end, attributes, after: &behind[end + 1..] })
    }
}

/// What stands behind a comment, a document type or an instruction that a text begins with.
fn after_comment(rest: &str) -> Option<&str> {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return comment.find("-->").map(|end| &comment[end + 3..]);
    }
    let is_declaration = rest.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case("<!doctype"))
        || rest.starts_with("<?xml")
        || rest.starts_with("<![");
    is_declaration.then(|| rest.find('>').map(|end| &rest[end + 1..])).flatten()
}

/// Where the `>` of a tag is: none that stands in a value.
fn end_of_tag(attributes: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in attributes.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') if before == '=' => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    // A value that never ends holds what stands behind it; then the first one counts.
    attributes.find('>')
}

/// Whether what stands in a tag behind its name can be its attributes.
fn are_attributes(text: &str) -> bool {
    let text = text.trim().trim_end_matches('/');
    text.is_empty()
        || text.contains('=')
        || text.split_whitespace().all(|word| FLAGS.contains(&word.to_ascii_lowercase().as_str()))
}

/// The value of an attribute, its entities made characters.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        if length == 0 {
            return None;
        }
        let name = &rest[..length];
        rest = rest[length..].trim_start();
        let Some(value) = rest.strip_prefix('=').map(str::trim_start) else { continue };
        let (value, behind) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(htmlize::unescape_attribute(value).into_owned());
        }
        rest = behind;
    }
}

/// Takes an entity; a lone `&` stays.
fn take_entity<'a>(rest: &'a str, text: &mut String) -> &'a str {
    // The longest name has 32 letters.
    let end = rest.bytes().take(34).position(|byte| byte == b';');
    if let Some(end) = end {
        let entity = &rest[..=end];
        match htmlize::unescape(entity) {
            // Only its beginning is a name, as `&not` is of `&nothing;`.
            characters if characters.ends_with(';') && entity != "&semi;" => {}
            // What keeps words together on a line is a space in a cell.
            characters if characters == "\u{a0}" => {
                text.push(' ');
                return &rest[end + 1..];
            }
            characters => {
                text.push_str(&characters);
                return &rest[end + 1..];
            }
        }
    }
    text.push('&');
    &rest[1..]
}

/// Drops spaces at the ends of lines and all but one of the empty lines between others.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut is_blank = true;
    for line in text.lines().map(str::trim) {
        if line.is_empty() && is_blank {
            continue;
        }
        is_blank = line.is_empty();
        tidied.push_str(line);
        tidied.push('\n');
    }
    tidied.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_tags_go() {
        assert_eq!(strip("plain 文字"), "plain 文字");
        assert_eq!(
            strip("<p>从周一起<b>无法</b>打印</p><p>已&nbsp;重启 &amp; 检查</p>"),
            "从周一起无法打印\n\n已 重启 & 检查"
        );
        assert_eq!(strip("a<br>b<br/>c"), "a\nb\nc");
        assert_eq!(strip("<style>p{}</style>x<SCRIPT>alert(1)</SCRIPT>y<!-- no -->z"), "xyz");
        assert_eq!(strip("1 < 2 & 3 > 2"), "1 < 2 & 3 > 2");
        assert_eq!(strip("&#20013;&#x6587;&bogus;"), "中文&bogus;");
        assert_eq!(strip("<p>cut"), "cut");
        assert_eq!(strip("x<script>never ends"), "x");
    }

    #[test]
    fn only_known_elements_are_tags() {
        for text in
            ["<张三> 来电", "a <b and c> d", "<user@example.com>", "List<String>", "<1GB", "a<!-- b", "<a@example.com>"]
        {
            assert_eq!(strip(text), text);
        }
        assert_eq!(strip("<!DOCTYPE html><o:p>示例</o:p><td nowrap>一</td>"), "示例 一");
        assert_eq!(strip("<span title=\"a > b\">示例</span>"), "示例");
    }

    #[test]
    fn links_and_pictures_keep_their_address_and_lists_their_numbers() {
        assert_eq!(
            strip("见<a href=\"https://example.com/a?b=1&amp;c=2\">说明</a>。"),
            "见说明 (https://example.com/a?b=1&c=2)。"
        );
        assert_eq!(strip("<a href='https://example.com/'>example.com</a>"), "example.com");
        assert_eq!(
            strip("<a href='mailto:a@example.com'>a@example.com</a> <a href='#top'>顶部</a>"),
            "a@example.com 顶部"
        );
        assert_eq!(strip("<object data='a.pdf' type='application/pdf'>说明</object>"), "[a.pdf]说明");
        assert_eq!(strip("<svg width='1'><text x='0'>示例</text><circle r='1'/></svg><text>"), "示例<text>");
        assert_eq!(strip("<svg><b>示例 List<String> x"), "示例 List<String> x");
        assert_eq!(
            strip("<img src=\"https://example.com/1.png\" alt=\"截图\"><img src='x.png'>"),
            "[截图 https://example.com/1.png][x.png]"
        );
        assert_eq!(strip("<img src=\"data:image/png;base64,AAAA\">"), "[data:image/png;base64]");
        assert_eq!(
            strip("<ol><li>一</li><li>二<ul><li>甲</li></ul></li><li value=7>七</li></ol>"),
            "1. 一\n\n2. 二\n\n甲\n\n7. 七"
        );
        assert_eq!(strip("&copy;&yen;&alpha;&#x4e2d;&notanentity; AT&T"), "©¥α中&notanentity; AT&T");
    }
}
