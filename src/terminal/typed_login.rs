//! How a command learns that its login was typed in the menu, and not set up for it.

/// A variable that the menu sets for its commands, so that they do not speak of variables that nobody set.
pub const TYPED_LOGIN: &str = "BW8_TYPED_LOGIN";
