//! Text out of HTML, for cells: tags go, blocks become lines, entities become characters.

/// The text of a fragment of HTML. What holds no tag and no entity comes back as it is.
pub fn strip(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('<') { skip_tag(rest, &mut text) } else { take_entity(rest, &mut text) };
    }
    text.push_str(rest);
    tidy(&text)
}

/// Skips a tag, with all it holds when that is no text; a lone `<` stays.
fn skip_tag<'a>(rest: &'a str, text: &mut String) -> &'a str {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return comment.find("-->").map_or("", |end| &comment[end + 3..]);
    }
    let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!' || c == '?');
    let Some(end) = rest.find('>').filter(|_| is_tag) else {
        text.push('<');
        return &rest[1..];
    };
    let inside = &rest[1..end];
    let is_end = inside.starts_with('/');
    let name: String = inside
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let after = &rest[end + 1..];
    match name.as_str() {
        "script" | "style" if !is_end => {
            let close = format!("</{name}");
            // ASCII lower case keeps every byte where it was.
            let found = after.to_ascii_lowercase().find(&close);
            return found.and_then(|at| after[at..].find('>').map(|end| &after[at + end + 1..])).unwrap_or("");
        }
        "br" | "p" | "div" | "tr" | "li" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            text.push('\n');
        }
        "td" | "th" if !is_end => text.push(' '),
        _ => {}
    }
    after
}

fn take_entity<'a>(rest: &'a str, text: &mut String) -> &'a str {
    // The longest name that matters is short; a lone & stays.
    let end = rest.bytes().take(12).position(|byte| byte == b';');
    let character = end.and_then(|end| match &rest[1..end] {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "hellip" => Some('…'),
        "mdash" => Some('—'),
        "middot" => Some('·'),
        "ldquo" => Some('“'),
        "rdquo" => Some('”'),
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    });
    match (character, end) {
        (Some(character), Some(end)) => {
            text.push(character);
            &rest[end + 1..]
        }
        _ => {
            text.push('&');
            &rest[1..]
        }
    }
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
}
