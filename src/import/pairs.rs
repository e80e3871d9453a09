//! Names and their values, all of them in one text: every row that refers to others has a dozen, which are made, written down
//! and read again before the row is sent.

/// Names with a value each, in an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    text: String,
    /// Where in the text each name ends and where its value does, by turns.
    ends: Vec<usize>,
}

impl Pairs {
    /// Adds a name with its value behind all others.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        if self.ends.is_empty() {
            self.text.reserve(512);
            self.ends.reserve(32);
        }
        for part in [name, value] {
            self.text.push_str(part);
            self.ends.push(self.text.len());
        }
    }

    /// Names and values, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.as_chunks::<2>().0.iter().map(move |&[name_end, end]| {
            let pair = (&self.text[start..name_end], &self.text[name_end..end]);
            start = end;
            pair
        })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text that holds all of them, and where in it each name and each value ends.
    pub(super) fn parts(&self) -> (&str, &[usize]) {
        (&self.text, &self.ends)
    }

    /// What [`Pairs::parts`] told; none where these are no parts of that text.
    pub(super) fn of_parts(text: String, ends: Vec<usize>) -> Option<Pairs> {
        let is_sound = ends.len().is_multiple_of(2)
            && ends.is_sorted()
            && ends.iter().all(|end| text.is_char_boundary(*end))
            && ends.last().copied().unwrap_or_default() == text.len();
        is_sound.then_some(Pairs { text, ends })
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Pairs {
        let mut pairs = Pairs::default();
        all.into_iter().for_each(|(name, value)| pairs.push(name.as_ref(), value.as_ref()));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_come_back_in_their_order() {
        let all = [("name", "示例"), ("", ""), ("note", ""), ("name", "b")];
        let pairs: Pairs = all.into_iter().collect();
        assert_eq!(pairs.iter().collect::<Vec<_>>(), all);
        let (text, ends) = pairs.parts();
        assert_eq!(Pairs::of_parts(text.to_owned(), ends.to_vec()), Some(pairs));
        assert_eq!(Pairs::of_parts(String::new(), Vec::new()), Some(Pairs::default()));
    }

    #[test]
    fn what_is_no_part_of_the_text_is_refused() {
        for ends in [vec![1], vec![2, 1], vec![1, 3], vec![3, 9], vec![1, 2]] {
            assert_eq!(Pairs::of_parts("a示".to_owned(), ends.clone()), None, "{ends:?}");
        }
        assert!(Pairs::of_parts("a示".to_owned(), vec![1, 4]).is_some());
    }
}
