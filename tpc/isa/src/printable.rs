// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Texts of others in messages for people.

use std::borrow::Cow;

/// The same text without anything that a terminal would obey, or that would show it in another order: such characters are written as
/// Rust's literals have them (`\u{1b}`). Ends of lines and tabs stay.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let plain = |c: char| matches!(c, '\t' | '\n' | '\'' | '"' | '\\') || c.escape_debug().len() == 1;
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut all = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if plain(c) {
            all.push(c);
        } else {
            all.extend(c.escape_debug());
        }
    }
    Cow::Owned(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        for (text, shown) in [
            ("a \"b\" 'c' \\ µ \n d", "a \"b\" 'c' \\ µ \n d"),
            ("\x1b[2J", r"\u{1b}[2J"),
            ("a\tb\r\0", "a\tb\\r\\0"),
            ("\u{9b}m\u{7f}\u{202e}", r"\u{9b}m\u{7f}\u{202e}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
