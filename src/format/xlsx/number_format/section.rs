//! A section of a format's code, in parts.

/// What is shown for positive numbers, for negative ones, or for zero.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub tokens: Vec<Token>,
    /// Whether something in it is not understood.
    pub is_unknown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Literal(String),
    /// The number as it is.
    General,
    /// A digit: `0`, or one that is left out (`#`) or blank (`?`) where the number has none.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// A letter of a date or time, how often it stands there, and whether it may run over (`[h]`).
    Clock(char, usize, bool),
    /// The words for the halves of the day.
    Half(&'static str, &'static str),
}

impl Section {
    pub(super) fn of_code(code: &str) -> Section {
        let mut section = Section::default();
        let mut rest = code;
        while let Some(c) = rest.chars().next() {
            let taken = section.take(c, rest);
            rest = rest.get(taken..).unwrap_or_default();
        }
        section.tell_minutes_from_months();
        section
    }

    /// Takes the code of a section of texts, in which `@` is the text: that stands as [`Token::General`].
    pub(super) fn take_texts(&mut self, code: &str) {
        let mut rest = code;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                '@' => {
                    self.tokens.push(Token::General);
                    1
                }
                '"' | '\\' | '!' | '_' | '*' | '[' => self.take(c, rest),
                c => {
                    self.literal(c.encode_utf8(&mut [0; 4]));
                    c.len_utf8()
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Takes one token from the beginning of `rest`, which is `c`, and tells how many bytes it takes.
    fn take(&mut self, c: char, rest: &str) -> usize {
        let behind = &rest[c.len_utf8()..];
        let next = behind.chars().next();
        let repeated = || rest.chars().take_while(|other| other.eq_ignore_ascii_case(&c)).count();
        for (words, first, second) in [("AM/PM", "AM", "PM"), ("A/P", "A", "P"), ("上午/下午", "上午", "下午")]
        {
            if rest.get(..words.len()).is_some_and(|head| head.eq_ignore_ascii_case(words)) {
                self.tokens.push(Token::Half(first, second));
                return words.len();
            }
        }
        if rest.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("general")) {
            self.tokens.push(Token::General);
            return 7;
        }
        let token = match c {
            '"' => {
                let text = behind.split('"').next().unwrap_or_default();
                self.literal(text);
                return text.len() + 2;
            }
            '\\' | '!' => {
                self.literal(next.map(String::from).as_deref().unwrap_or_default());
                return c.len_utf8() + next.map_or(0, char::len_utf8);
            }
            // Room as wide as a character, and a character that fills the cell.
            '_' | '*' => return c.len_utf8() + next.map_or(0, char::len_utf8),
            '[' => {
                let inside = behind.split(']').next().unwrap_or_default();
                self.take_bracket(inside);
                return inside.len() + 2;
            }
            '@' if rest == "@" && self.tokens.is_empty() => return 1,
            '0' | '#' | '?' => Token::Digit(c),
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            'E' | 'e' if matches!(next, Some('+' | '-')) => {
                self.is_unknown = true;
                return 2;
            }
            'y' | 'Y' | 'e' | 'E' => Token::Clock('y', repeated(), false),
            'd' | 'D' | 'a' | 'A' => Token::Clock('d', repeated(), false),
            'm' | 'M' | 'h' | 'H' | 's' | 'S' => Token::Clock(c.to_ascii_lowercase(), repeated(), false),
            '/' if self.tokens.iter().any(|token| matches!(token, Token::Digit(_))) => {
                self.is_unknown = true;
                return 1;
            }
            'a'..='z' | 'A'..='Z' | '@' => {
                self.is_unknown = true;
                return 1;
            }
            c => {
                self.literal(c.encode_utf8(&mut [0; 4]));
                return c.len_utf8();
            }
        };
        let length = if let Token::Clock(_, count, _) = token { count } else { 1 };
        self.tokens.push(token);
        length
    }

    /// A colour, a currency, a span of time, or a condition.
    fn take_bracket(&mut self, inside: &str) {
        let lower = inside.to_ascii_lowercase();
        let first = lower.chars().next().unwrap_or_default();
        let is_colour = ["black", "blue", "cyan", "green", "magenta", "red", "white", "yellow", "color"];
        if let Some(currency) = inside.strip_prefix('$') {
            self.literal(currency.split('-').next().unwrap_or_default());
        } else if matches!(first, 'h' | 'm' | 's') && lower.chars().all(|c| c == first) {
            self.tokens.push(Token::Clock(first, lower.len(), true));
        } else if !is_colour.iter().any(|colour| lower.starts_with(colour))
            && !inside.starts_with(['黑', '蓝', '青', '绿', '红', '白', '黄'])
        {
            self.is_unknown = true;
        }
    }

    fn literal(&mut self, text: &str) {
        if let Some(Token::Literal(before)) = self.tokens.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            self.tokens.push(Token::Literal(text.to_owned()));
        }
    }

    /// `m` is a month unless it stands behind an hour or before a second.
    fn tell_minutes_from_months(&mut self) {
        let letters: Vec<(usize, char)> = self
            .tokens
            .iter()
            .enumerate()
            .filter_map(|(at, token)| if let Token::Clock(c, ..) = token { Some((at, *c)) } else { None })
            .collect();
        for (place, (at, c)) in letters.iter().enumerate().filter(|(_, (_, c))| *c == 'm') {
            let before = place.checked_sub(1).and_then(|before| letters.get(before)).map(|(_, c)| *c);
            let after = letters.get(place + 1).map(|(_, c)| *c);
            if before != Some('h')
                && after != Some('s')
                && let Token::Clock(letter, _, false) = &mut self.tokens[*at]
            {
                debug_assert_eq!(letter, c);
                *letter = 'o';
            }
        }
    }

    /// Whether nothing but the digits of a whole number is shown.
    pub(super) fn shows_integers(&self) -> bool {
        let zeros = self.tokens.iter().filter(|token| **token == Token::Digit('0')).count();
        !self.is_unknown && zeros == 1 && self.tokens.iter().all(|token| matches!(token, Token::Digit('0' | '#')))
    }
}
