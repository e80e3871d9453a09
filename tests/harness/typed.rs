//! A command line as a test writes it.

/// A line whose words are parted by blanks, or the words, where one of them holds a blank.
pub trait Typed {
    fn words(&self) -> Vec<String>;
}

impl Typed for str {
    fn words(&self) -> Vec<String> {
        self.split_whitespace().map(str::to_owned).collect()
    }
}

impl Typed for String {
    fn words(&self) -> Vec<String> {
        self.as_str().words()
    }
}

impl Typed for [&str] {
    fn words(&self) -> Vec<String> {
        self.iter().map(|word| (*word).to_owned()).collect()
    }
}

impl<const N: usize> Typed for [&str; N] {
    fn words(&self) -> Vec<String> {
        self.as_slice().words()
    }
}

impl Typed for Vec<&str> {
    fn words(&self) -> Vec<String> {
        self.as_slice().words()
    }
}

impl<T: Typed + ?Sized> Typed for &T {
    fn words(&self) -> Vec<String> {
        (**self).words()
    }
}
